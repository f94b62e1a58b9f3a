/* Owns: the bond between a JavaScript object and its descriptor: who keeps whom alive, and how a callback is made.
 * Never: what a read or write means. */
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void nr_object_root(struct nr_object *it) {
    if (it->rooted) return;
    it->rooted = napi_reference_ref(it->addon->env, it->self, NULL) == napi_ok;
}

void nr_object_unroot(struct nr_object *it) {
    if (!it->rooted) return;
    it->rooted = false;
    napi_reference_unref(it->addon->env, it->self, NULL);
}

static void let_go(struct nr_object *it) {
    nr_object_unroot(it);
    /* The context of a callback that is on the stack is in use until it returns. */
    if (it->async && it->calls == 0) {
        napi_async_destroy(it->addon->env, it->async);
        it->async = NULL;
    }
}

void nr_object_close(struct nr_object *it) {
    nr_relay_leave(&it->relay);
    nr_capacity_release(&it->capacity);
    nr_fd_close(&it->fd);
    let_go(it);
}

void nr_object_abandon(struct nr_fd *fd) {
    nr_object_close((struct nr_object *)fd);
}

void nr_object_free(struct nr_fd *fd) {
    free(fd);
}

static void on_collected(napi_env env, void *data, void *hint) {
    (void)hint;
    struct nr_object *it = data;
    it->rooted = false; /* it could not have been collected otherwise; at the environment's end the reference is past use */
    nr_object_close(it);
    napi_delete_reference(env, it->self);
    nr_fd_release(&it->fd);
}

static bool attach(struct nr_object *it, napi_env env, napi_value self, napi_value callback) {
    napi_value key, name;
    if (napi_get_reference_value(env, it->addon->callback_key, &key) != napi_ok) return false;
    const napi_property_descriptor property = {NULL, key, NULL, NULL, NULL, callback, napi_default, NULL};
    return napi_define_properties(env, self, 1, &property) == napi_ok &&
           napi_create_string_latin1(env, "net-runner", NAPI_AUTO_LENGTH, &name) == napi_ok &&
           napi_async_init(env, NULL, name, &it->async) == napi_ok;
}

bool nr_object_make(struct nr_object *it, napi_env env, napi_value self, int fd, napi_value callback, const struct nr_fd_kind *kind) {
    it->addon = nr_addon_of(env);
    if (!attach(it, env, self, callback) || napi_wrap(env, self, it, on_collected, NULL, &it->self) != napi_ok) {
        nr_failed(env);
        if (it->async) napi_async_destroy(env, it->async);
        nr_bare_take(&it->addon->bare, fd);
        close(fd);
        free(it);
        return false;
    }
    nr_bare_take(&it->addon->bare, fd);
    nr_fd_open(&it->fd, &it->addon->loop, fd, kind);
    it->terminal = isatty(fd) == 1;
    return true;
}

bool nr_object_new(napi_env env, napi_callback_info info, size_t count, napi_value *arguments, napi_value *self) {
    napi_value target = NULL;
    napi_valuetype type;
    int fd;
    size_t given = count;
    if (napi_get_new_target(env, info, &target) != napi_ok || !target) return nr_refuse(env, "use `new`"), false;
    if (napi_get_cb_info(env, info, &given, arguments, self, NULL) != napi_ok) return nr_failed(env), false;
    if (!nr_get_int(env, arguments[0], &fd)) return false;
    if (fd < 0) return nr_refuse(env, "a descriptor is needed here"), false;
    if (napi_typeof(env, arguments[count - 1], &type) != napi_ok || type != napi_function)
        return nr_refuse(env, "a function is needed here"), false;
    return true;
}

void *nr_object_of(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
    napi_value self;
    void *it = NULL;
    if (napi_get_cb_info(env, info, &count, arguments, &self, NULL) == napi_ok && napi_unwrap(env, self, &it) == napi_ok) return it;
    return nr_failed(env);
}

napi_value nr_object_construct(napi_env env, napi_callback_info info, const struct nr_fd_kind *kind) {
    napi_value arguments[2], self;
    int fd;
    if (!nr_object_new(env, info, 2, arguments, &self) || !nr_get_int(env, arguments[0], &fd)) return NULL;
    struct nr_object *it = calloc(1, sizeof *it);
    if (!it) return nr_refuse(env, "out of memory");
    return nr_object_make(it, env, self, fd, arguments[1], kind) ? self : NULL;
}

bool nr_object_start(struct nr_object *it) {
    int error = nr_object_park(it, NR_READABLE);
    if (error == 0) return true;
    char message[64];
    snprintf(message, sizeof message, "this descriptor cannot be waited for (errno %d)", -error);
    nr_object_close(it);
    nr_refuse(it->addon->env, message);
    return false;
}

static void report(napi_env env) {
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

bool nr_object_call(struct nr_object *it, size_t count, const napi_value *arguments) {
    napi_env env = it->addon->env;
    napi_value self = NULL, key, callback;
    if (!it->async || napi_get_reference_value(env, it->self, &self) != napi_ok || !self) return false;
    if (napi_get_reference_value(env, it->addon->callback_key, &key) != napi_ok) return false;
    if (napi_get_property(env, self, key, &callback) != napi_ok) return false;
    it->calls++;
    napi_status status = napi_make_callback(env, it->async, self, callback, count, arguments, NULL);
    it->calls--;
    if (status == napi_pending_exception) report(env);
    if (it->fd.fd < 0) let_go(it);
    return status == napi_ok || status == napi_pending_exception;
}

int nr_object_park(struct nr_object *it, int events) {
    int error = nr_fd_want(&it->fd, events);
    if (error == 0) nr_object_root(it);
    return error;
}

void nr_object_unpark(struct nr_object *it) {
    nr_fd_want(&it->fd, 0);
    nr_object_unroot(it);
}

void nr_object_wake(struct nr_fd *fd) {
    struct nr_object *it = (struct nr_object *)fd;
    napi_handle_scope scope;
    if (napi_open_handle_scope(it->addon->env, &scope) != napi_ok) return;
    nr_fd_want(fd, 0);
    /* Still rooted: the call has to find the object. */
    nr_object_call(it, 0, NULL);
    if (!fd->wanted) nr_object_unroot(it);
    napi_close_handle_scope(it->addon->env, scope);
}

napi_value nr_object_ref_method(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    if (it) nr_fd_reference(&it->fd, true);
    return NULL;
}

napi_value nr_object_unref_method(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    if (it) nr_fd_reference(&it->fd, false);
    return NULL;
}

napi_value nr_object_unpark_method(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    if (it) nr_object_unpark(it);
    return NULL;
}

napi_value nr_object_close_method(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    if (it) nr_object_close(it);
    return NULL;
}

napi_value nr_object_bytes_getter(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    return it ? nr_number(env, (double)it->bytes) : NULL;
}

napi_value nr_object_count_getter(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    return it ? nr_number(env, (double)it->count) : NULL;
}

napi_value nr_object_held_outside_getter(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    return it ? nr_boolean(env, it->held_outside) : NULL;
}

bool nr_export_class(napi_env env, napi_value exports, const char *name, napi_callback constructor, size_t count,
                     const napi_property_descriptor *members) {
    napi_value class;
    return napi_define_class(env, name, NAPI_AUTO_LENGTH, constructor, NULL, count, members, &class) == napi_ok &&
           napi_set_named_property(env, exports, name, class) == napi_ok;
}
