/* Owns: a JavaScript object that owns one descriptor: what Reader, Writer, Collector and Socket have in common.
 * Never: the data of any of them. */
#ifndef NR_OBJECT_H
#define NR_OBJECT_H

#include <stdint.h>

#include "addon.h"
#include "capacity.h"

/* Lies at the start of each kind's own struct. The callback is a property of the JavaScript object: as long as nothing is awaited the
 * collector may take both, and that closes the descriptor. While something is awaited the object is rooted. */
struct nr_object {
    struct nr_fd fd;
    struct nr_addon *addon;
    napi_ref self;
    napi_async_context async; /* callbacks run in the async context in which the object was made */
    bool terminal; /* it is one: see nr_read_terminal() */
    bool rooted;
    int calls; /* callbacks now on the stack */
    bool finished, held_outside;
    bool direct;            /* it is never read through the relay (intake.c) */
    struct nr_relay *relay; /* what it is read through; NULL: directly */
    struct nr_capacity capacity;
    size_t last; /* what the last read brought */
    uint64_t bytes, count;
};

/* For a constructor: takes over `fd` and makes `it` the inside of `self`. false: an exception is pending, `it` and `fd` are gone. */
bool nr_object_make(struct nr_object *it, napi_env env, napi_value self, int fd, napi_value callback, const struct nr_fd_kind *kind);
/* Arguments and `this` of a constructor or method. For a method also what is inside; NULL: an exception is pending. */
bool nr_object_new(napi_env env, napi_callback_info info, size_t count, napi_value *arguments, napi_value *self);
/* The constructor of a kind that is nothing but an nr_object. */
napi_value nr_object_construct(napi_env env, napi_callback_info info, const struct nr_fd_kind *kind);
void *nr_object_of(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);

/* For a constructor: waits for data from the beginning. false: an exception is pending, and it is closed. */
bool nr_object_start(struct nr_object *it);

void nr_object_root(struct nr_object *it);
void nr_object_unroot(struct nr_object *it);
/* Calls back from the event loop or from inside a method. What the callback throws becomes an uncaught exception of the environment.
 * false: JavaScript cannot run any more and nothing was called. Needs an open handle scope. */
bool nr_object_call(struct nr_object *it, size_t count, const napi_value *arguments);
/* Idempotent. */
void nr_object_close(struct nr_object *it);

/* A question that waits: nr_object_park() keeps the object until `events` or nr_object_unpark(); nr_object_wake() calls back, once, and is the
 * nr_fd_kind.ready of who only ever waits for a question's sake. */
int nr_object_park(struct nr_object *it, int events);
void nr_object_unpark(struct nr_object *it);
void nr_object_wake(struct nr_fd *fd);

/* nr_fd_kind.abandon and .free, for kinds without memory of their own. */
void nr_object_abandon(struct nr_fd *fd);
void nr_object_free(struct nr_fd *fd);

/* Methods and getters that are the same for all. */
napi_value nr_object_ref_method(napi_env env, napi_callback_info info);
napi_value nr_object_unref_method(napi_env env, napi_callback_info info);
napi_value nr_object_unpark_method(napi_env env, napi_callback_info info);
napi_value nr_object_close_method(napi_env env, napi_callback_info info);
napi_value nr_object_bytes_getter(napi_env env, napi_callback_info info);
napi_value nr_object_count_getter(napi_env env, napi_callback_info info);
napi_value nr_object_held_outside_getter(napi_env env, napi_callback_info info);

#define NR_METHOD(name, function) {name, NULL, function, NULL, NULL, NULL, napi_default, NULL}
#define NR_GETTER(name, function) {name, NULL, NULL, function, NULL, NULL, napi_default, NULL}
#define NR_LIFE_METHODS NR_METHOD("ref", nr_object_ref_method), NR_METHOD("unref", nr_object_unref_method), NR_METHOD("close", nr_object_close_method)
#define NR_COUNTERS NR_GETTER("bytes", nr_object_bytes_getter), NR_GETTER("count", nr_object_count_getter)

bool nr_export_class(napi_env env, napi_value exports, const char *name, napi_callback constructor, size_t count,
                     const napi_property_descriptor *members);

#endif
