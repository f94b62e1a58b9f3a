/* Owns: Reader: one question, one answer: bytes now, or parked until it is worth asking again.
 * Never: reads without being asked. */
#include <errno.h>
#include <poll.h>

#include "heap.h"
#include "intake.h"

static const struct nr_fd_kind kind = {nr_object_wake, nr_object_abandon, nr_object_free};

static napi_value construct(napi_env env, napi_callback_info info) {
    return nr_object_construct(env, info, &kind);
}

/* What a read has brought. The end closes the descriptor; -EAGAIN means parked; after finish() there is no -EAGAIN. */
static ssize_t settle(struct nr_object *it, ssize_t got) {
    if (got > 0) return got;
    if (got == -EAGAIN && it->finished) {
        it->held_outside = true;
        got = 0;
    }
    if (got == 0) nr_object_close(it);
    if (got != -EAGAIN) return got;
    int error = nr_object_park(it, NR_READABLE);
    return error < 0 ? error : -EAGAIN;
}

static napi_value answer(napi_env env, ssize_t got, napi_value end) {
    if (got == -EAGAIN) return NULL;
    return got == 0 ? end : nr_number(env, (double)got);
}

/* It has the exact size: the caller keeps it for ever, and a mostly empty block would stay alive with it. */
static napi_value chunk_of(napi_env env, struct nr_object *it, size_t length, bool in_relay) {
    napi_value buffer;
    void *data;
    nr_heap_note(length);
    if (!in_relay) return napi_create_buffer_copy(env, length, it->addon->scratch, NULL, &buffer) == napi_ok ? buffer : nr_failed(env);
    if (napi_create_buffer(env, length, &data, &buffer) != napi_ok) {
        nr_relay_drop(it->relay);
        return nr_failed(env);
    }
    int error = nr_relay_give(it->relay, data, length);
    return error < 0 ? nr_number(env, error) : buffer;
}

static napi_value read_chunk(napi_env env, struct nr_object *it, size_t max) {
    bool in_relay;
    ssize_t got = settle(it, nr_intake_take(it, max, &in_relay));
    return got > 0 ? chunk_of(env, it, (size_t)got, in_relay) : answer(env, got, nr_null(env));
}

static napi_value read_method(napi_env env, napi_callback_info info) {
    napi_value argument;
    size_t max;
    struct nr_object *it = nr_object_of(env, info, 1, &argument);
    if (!it || !nr_get_size(env, argument, &max)) return NULL;
    if (it->fd.fd < 0) return nr_null(env);
    if (max == 0) return nr_number(env, -EINVAL);
    return read_chunk(env, it, max);
}

static napi_value read_into_method(napi_env env, napi_callback_info info) {
    napi_value argument;
    unsigned char *data;
    size_t length;
    struct nr_object *it = nr_object_of(env, info, 1, &argument);
    if (!it || !nr_get_bytes(env, argument, &data, &length)) return NULL;
    if (it->fd.fd < 0) return nr_number(env, 0);
    if (length == 0) return nr_number(env, -EINVAL);
    return answer(env, settle(it, nr_intake_read(it, data, length)), nr_number(env, 0));
}

/* Nothing is left to be read: the descriptor need not wait for somebody who asks, or for the collector of garbage. */
static void close_if_empty(struct nr_object *it) {
    struct pollfd look = {it->fd.fd, POLLIN, 0};
    if (poll(&look, 1, 0) < 0 || (look.revents & POLLIN)) return;
    it->held_outside = !(look.revents & (POLLHUP | POLLERR));
    nr_object_close(it);
}

static napi_value finish_method(napi_env env, napi_callback_info info) {
    struct nr_object *it = nr_object_of(env, info, 0, NULL);
    if (!it) return NULL;
    it->finished = true;
    if (it->fd.wanted) nr_object_wake(&it->fd);
    if (it->fd.fd >= 0) close_if_empty(it);
    return NULL;
}

bool nr_export_reader(napi_env env, napi_value exports) {
    static const napi_property_descriptor members[] = {
        NR_METHOD("read", read_method),
        NR_METHOD("readInto", read_into_method),
        NR_METHOD("unpark", nr_object_unpark_method),
        NR_METHOD("finish", finish_method),
        NR_GETTER("heldOutside", nr_object_held_outside_getter),
        NR_COUNTERS,
        NR_LIFE_METHODS,
    };
    return nr_export_class(env, exports, "Reader", construct, sizeof members / sizeof *members, members);
}
