/* Owns: Writer: what the kernel takes now, and parked until there is room for the rest.
 * Never: keeps a byte. */
#include <errno.h>

#include "bytes.h"
#include "object.h"

static const struct nr_fd_kind kind = {nr_object_wake, nr_object_abandon, nr_object_free};

static napi_value construct(napi_env env, napi_callback_info info) {
    return nr_object_construct(env, info, &kind);
}

/* How many of `length` bytes went; fewer: parked. */
static ssize_t put(struct nr_object *it, const unsigned char *from, size_t length) {
    if (length == 0) return 0;
    ssize_t took = nr_write(it->fd.fd, from, length);
    if (took > 0) {
        it->bytes += (uint64_t)took;
        it->count++;
        nr_capacity_note(&it->capacity, it->fd.fd, (size_t)took);
    }
    if (took < 0 && took != -EAGAIN) return took;
    if (took < 0) took = 0;
    if ((size_t)took == length) return took;
    int error = nr_object_park(it, NR_WRITABLE);
    return error < 0 ? error : took;
}

static napi_value write_method(napi_env env, napi_callback_info info) {
    napi_value arguments[2];
    unsigned char *data;
    size_t length, offset;
    struct nr_object *it = nr_object_of(env, info, 2, arguments);
    if (!it || !nr_get_bytes(env, arguments[0], &data, &length) || !nr_get_size(env, arguments[1], &offset)) return NULL;
    if (it->fd.fd < 0) return nr_number(env, -EBADF);
    if (offset > length) offset = length;
    return nr_number(env, (double)put(it, data + offset, length - offset));
}

bool nr_export_writer(napi_env env, napi_value exports) {
    static const napi_property_descriptor members[] = {
        NR_METHOD("write", write_method),
        NR_METHOD("unpark", nr_object_unpark_method),
        NR_COUNTERS,
        NR_LIFE_METHODS,
    };
    return nr_export_class(env, exports, "Writer", construct, sizeof members / sizeof *members, members);
}
