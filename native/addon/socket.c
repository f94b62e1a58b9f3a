/* Owns: Socket: a stream socket that may bring descriptors, with a queue for what cannot be sent yet.
 * Never: what the bytes mean. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "object.h"

/* Reads per turn of the event loop. */
#define READS_PER_TURN 16
/* One is what the protocol sends; the others are closed instead of being lost open. */
#define MOST_RECEIVED 8

/* Bytes that the kernel had no room for. */
struct piece {
    struct piece *next;
    size_t sent, length;
    unsigned char data[];
};

struct socket {
    struct nr_object base;
    struct piece *first, **last;
    int gone;     /* -errno of a send: nobody is there */
    bool ended;   /* onData has heard of the end */
    bool reading; /* onData is on the stack */
    int reads_left;
};

static void drop_queue(struct socket *it) {
    while (it->first) {
        struct piece *piece = it->first;
        it->first = piece->next;
        free(piece);
    }
    it->last = &it->first;
}

/* Not now, or no memory now: the loop asks again as long as the socket is ready. */
static bool is_transient(int error) {
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

/* How many bytes the kernel took; 0: none now; -errno: nobody is there. */
static ssize_t send_some(int fd, const void *data, size_t length) {
    ssize_t sent;
    do sent = NR_CALL("host-send", send(fd, data, NR_SHORT("host-send", length), MSG_DONTWAIT | MSG_NOSIGNAL));
    while (sent < 0 && errno == EINTR);
    if (sent >= 0) return sent;
    int error = errno;
    if (is_transient(error)) return 0;
    /* Both ends shall hear of it: half a message, and an open socket, would be waited on for ever. */
    if (error != EPIPE && error != ECONNRESET) shutdown(fd, SHUT_RDWR);
    return -error;
}

static void flush(struct socket *it) {
    while (it->first) {
        struct piece *piece = it->first;
        ssize_t sent = send_some(it->base.fd.fd, piece->data + piece->sent, piece->length - piece->sent);
        if (sent < 0) {
            it->gone = (int)sent;
            drop_queue(it);
            return;
        }
        piece->sent += (size_t)sent;
        if (piece->sent < piece->length) return;
        it->first = piece->next;
        if (!it->first) it->last = &it->first;
        free(piece);
    }
}

/* The first descriptor that came with a message, or -1; the others are closed. */
static int first_descriptor(struct msghdr *message) {
    int first = -1;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (first < 0)
                first = fd;
            else
                close(fd);
        }
    }
    return first;
}

static ssize_t receive(int fd, void *to, size_t length, int *received) {
    struct iovec target = {to, length};
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(MOST_RECEIVED * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &target, .msg_iovlen = 1};
    ssize_t got;
    do {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        got = NR_CALL("host-recv", recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    } while (got < 0 && errno == EINTR);
    *received = got >= 0 ? first_descriptor(&message) : -1;
    return got >= 0 ? got : -errno;
}

static bool inbox_of(struct socket *it, unsigned char **data, size_t *length) {
    napi_env env = it->base.addon->env;
    napi_value self, key, inbox;
    return napi_get_reference_value(env, it->base.self, &self) == napi_ok && self &&
           napi_get_reference_value(env, it->base.addon->inbox_key, &key) == napi_ok &&
           napi_get_property(env, self, key, &inbox) == napi_ok && nr_get_bytes(env, inbox, data, length) && *length > 0;
}

static bool tell(struct socket *it, ssize_t n, int received) {
    napi_env env = it->base.addon->env;
    napi_value arguments[] = {nr_number(env, (double)n), nr_number(env, received)};
    if (n <= 0) it->ended = true;
    nr_bare_add(&it->base.addon->bare, received);
    bool heard = nr_object_call(&it->base, 2, arguments);
    if (!heard && received >= 0) {
        nr_bare_take(&it->base.addon->bare, received);
        close(received);
    }
    return heard;
}

static void read_all(struct socket *it) {
    it->reading = true;
    for (it->reads_left = READS_PER_TURN; it->reads_left > 0 && it->base.fd.fd >= 0 && !it->ended; it->reads_left--) {
        unsigned char *inbox;
        size_t length;
        int received = -1;
        ssize_t got = inbox_of(it, &inbox, &length) ? receive(it->base.fd.fd, inbox, length, &received) : -EINVAL;
        if (got < 0 && is_transient((int)-got)) break;
        if (got > 0) it->base.count++, it->base.bytes += (uint64_t)got;
        if (!tell(it, got, received)) break;
    }
    it->reading = false;
}

/* Says what it waits for now. After the end there is nothing, and nothing keeps the object but its user. */
static void watch(struct socket *it) {
    if (it->base.fd.fd < 0) return;
    if (!it->ended && nr_fd_want(&it->base.fd, NR_READABLE | (it->first ? NR_WRITABLE : 0)) == 0) return;
    nr_fd_want(&it->base.fd, 0);
    drop_queue(it);
    nr_object_unroot(&it->base);
}

static void turn(struct socket *it) {
    napi_env env = it->base.addon->env;
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    flush(it);
    read_all(it);
    watch(it);
    napi_close_handle_scope(env, scope);
}

static void on_ready(struct nr_fd *fd) {
    turn((struct socket *)fd);
}

static void free_socket(struct nr_fd *fd) {
    drop_queue((struct socket *)fd);
    free(fd);
}

static const struct nr_fd_kind kind = {on_ready, nr_object_abandon, free_socket};

static napi_value construct(napi_env env, napi_callback_info info) {
    napi_value arguments[3], self, key;
    unsigned char *data;
    size_t length;
    int fd;
    if (!nr_object_new(env, info, 3, arguments, &self) || !nr_get_int(env, arguments[0], &fd)) return NULL;
    if (!nr_get_bytes(env, arguments[1], &data, &length)) return NULL;
    if (length == 0) return nr_refuse(env, "an inbox has room for something");
    if (napi_get_reference_value(env, nr_addon_of(env)->inbox_key, &key) != napi_ok) return nr_failed(env);
    const napi_property_descriptor inbox = {NULL, key, NULL, NULL, NULL, arguments[1], napi_default, NULL};
    if (napi_define_properties(env, self, 1, &inbox) != napi_ok) return nr_failed(env);
    struct socket *it = calloc(1, sizeof *it);
    if (!it) return nr_refuse(env, "out of memory");
    it->last = &it->first;
    if (!nr_object_make(&it->base, env, self, fd, arguments[2], &kind)) return NULL;
    return nr_object_start(&it->base) ? self : NULL;
}

static bool enqueue(struct socket *it, const unsigned char *data, size_t length) {
    struct piece *piece = malloc(sizeof *piece + length);
    if (!piece) return false;
    piece->next = NULL;
    piece->sent = 0;
    piece->length = length;
    memcpy(piece->data, data, length);
    *it->last = piece;
    it->last = &piece->next;
    return true;
}

static napi_value write_method(napi_env env, napi_callback_info info) {
    napi_value argument;
    unsigned char *data;
    size_t length;
    struct socket *it = nr_object_of(env, info, 1, &argument);
    if (!it || !nr_get_bytes(env, argument, &data, &length)) return NULL;
    if (it->base.fd.fd < 0 || it->gone || it->ended) return nr_number(env, it->gone ? it->gone : -EPIPE);
    ssize_t sent = it->first || length == 0 ? 0 : send_some(it->base.fd.fd, data, length);
    if (sent < 0) it->gone = (int)sent;
    if (sent < 0 || (size_t)sent == length) return nr_number(env, sent < 0 ? sent : 0);
    if (!enqueue(it, data + sent, length - (size_t)sent)) return nr_number(env, -ENOMEM);
    return nr_number(env, nr_fd_want(&it->base.fd, NR_READABLE | NR_WRITABLE));
}

/* From inside onData it only makes the reading that goes on around it longer. */
static napi_value drain_method(napi_env env, napi_callback_info info) {
    struct socket *it = nr_object_of(env, info, 0, NULL);
    if (!it || it->base.fd.fd < 0 || it->ended) return NULL;
    if (it->reading)
        it->reads_left = READS_PER_TURN;
    else
        turn(it);
    return NULL;
}

bool nr_export_socket(napi_env env, napi_value exports) {
    static const napi_property_descriptor members[] = {
        NR_METHOD("write", write_method),
        NR_METHOD("drain", drain_method),
        NR_LIFE_METHODS,
    };
    return nr_export_class(env, exports, "Socket", construct, sizeof members / sizeof *members, members);
}
