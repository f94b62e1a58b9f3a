/* Owns: Collector: drains one pipe on the event loop and keeps its first and its last bytes.
 * Never: calls into JavaScript before the end; holds the loop for more than one budget. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "intake.h"

/* Bytes per turn of the event loop, so that a flood leaves room for others. */
#define BUDGET (1u << 20)
/* More than a terminal has in its buffers, of which it names only the first. */
#define TERMINAL_HOLDS (256u << 10)
#define WORTH_READING_ON (16u << 10)
/* The largest page of any processor. */
#define MOST_PACKET (64u << 10)

enum { GOING_ON = 2, FULL = 1 }; /* beside 0, the end, and -errno */

struct collector {
    struct nr_object base;
    size_t most_head, most_tail;
    bool stop_when_full, over;
    struct nr_block head, tail; /* the tail is a ring once it has grown to most_tail */
    size_t head_length;
    uint64_t tail_total; /* bytes that went through the tail */
};

static size_t tail_length(const struct collector *it) {
    return it->tail_total < it->most_tail ? (size_t)it->tail_total : it->most_tail;
}

static bool full(const struct collector *it) {
    return it->head_length == it->most_head && it->tail_total >= it->most_tail;
}

/* Where the next bytes go, and how many fit there; 0: no more are kept. false: no memory. */
static bool find_room(struct collector *it, unsigned char **to, size_t *room) {
    *to = NULL;
    *room = 0;
    if (it->head_length < it->most_head) {
        struct nr_block *head = &it->head;
        if (it->head_length == head->capacity && !nr_block_grow(head, it->head_length, it->most_head)) return false;
        size_t end = head->capacity < it->most_head ? head->capacity : it->most_head;
        *to = head->data + it->head_length;
        nr_block_touch(head, it->head_length);
        *room = end - it->head_length;
        return true;
    }
    if (full(it) && (it->stop_when_full || it->most_tail == 0)) return true;
    struct nr_block *tail = &it->tail;
    size_t length = tail_length(it);
    if (length < it->most_tail && length == tail->capacity && !nr_block_grow(tail, length, it->most_tail)) return false;
    size_t at = (size_t)(it->tail_total % it->most_tail);
    size_t end = tail->capacity < it->most_tail ? tail->capacity : it->most_tail;
    *to = tail->data + at;
    nr_block_touch(tail, at);
    *room = end - at;
    return true;
}

static void account(struct collector *it, size_t got) {
    if (it->head_length < it->most_head)
        it->head_length += got;
    else
        it->tail_total += got;
}

/* Keeps what has a place. */
static int divide(struct collector *it, const unsigned char *from, size_t length) {
    while (length > 0) {
        unsigned char *to;
        size_t room;
        if (!find_room(it, &to, &room)) return -ENOMEM;
        if (room == 0) return it->stop_when_full ? FULL : GOING_ON;
        if (room > length) room = length;
        memcpy(to, from, room);
        account(it, room);
        from += room;
        length -= room;
    }
    return GOING_ON;
}

/* Where the end of what is wanted is the end of all, one byte more shows it: of a packet that does not fit, only that counts. */
static size_t beside_room(const struct collector *it) {
    if (!it->stop_when_full) return NR_SCRATCH;
    size_t wanted = it->most_head - it->head_length + it->most_tail - tail_length(it);
    return wanted < NR_SCRATCH ? wanted + 1 : NR_SCRATCH;
}

/* One read: how many bytes came in `*got`; GOING_ON, or how it ended. -EAGAIN is GOING_ON with nothing. A writer with O_DIRECT writes packets of up
 * to a page (pipe(2)), of which a read loses what it has no room for: without that room, it is read beside. */
static int take_in(struct collector *it, size_t most, size_t *got) {
    unsigned char *to, *scratch = it->base.addon->scratch;
    size_t room;
    *got = 0;
    if (!find_room(it, &to, &room)) return -ENOMEM;
    bool beside = room < (size_t)getpagesize();
    if (beside) room = beside_room(it);
    ssize_t n = nr_intake_read(&it->base, beside ? scratch : to, room < most ? room : most);
    if (n == -EAGAIN) return GOING_ON;
    if (n <= 0) return (int)n;
    *got = (size_t)n;
    if (beside) return divide(it, scratch, *got);
    account(it, *got);
    return GOING_ON;
}

/* A short read has caught up with the writer. To read on at once would follow it page by page; the next turn finds more. */
static int drain(struct collector *it, size_t budget) {
    size_t got = 0;
    int status = GOING_ON;
    while (budget >= MOST_PACKET && (status = take_in(it, budget, &got)) == GOING_ON && got >= WORTH_READING_ON) budget -= got;
    return status;
}

static void end(struct collector *it, int status) {
    it->over = true;
    nr_relay_leave(&it->base.relay);
    nr_fd_close(&it->base.fd);
    napi_value argument = nr_number(it->base.addon->env, status);
    nr_object_call(&it->base, 1, &argument);
    nr_object_close(&it->base);
}

static void on_ready(struct nr_fd *fd) {
    struct collector *it = (struct collector *)fd;
    napi_env env = it->base.addon->env;
    napi_handle_scope scope;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return;
    int status = drain(it, BUDGET);
    if (status == GOING_ON) status = nr_fd_want(fd, NR_READABLE) < 0 ? -EBADF : GOING_ON;
    if (status != GOING_ON) end(it, status);
    napi_close_handle_scope(env, scope);
}

static void free_collector(struct nr_fd *fd) {
    struct collector *it = (struct collector *)fd;
    nr_block_free(&it->head);
    nr_block_free(&it->tail);
    free(it);
}

static const struct nr_fd_kind kind = {on_ready, nr_object_abandon, free_collector};

static napi_value construct(napi_env env, napi_callback_info info) {
    napi_value arguments[5], self;
    size_t head, tail;
    int fd;
    bool stop_when_full;
    if (!nr_object_new(env, info, 5, arguments, &self) || !nr_get_int(env, arguments[0], &fd)) return NULL;
    if (!nr_get_size(env, arguments[1], &head) || !nr_get_size(env, arguments[2], &tail)) return NULL;
    if (napi_get_value_bool(env, arguments[3], &stop_when_full) != napi_ok) return nr_refuse(env, "a boolean is needed here");
    struct collector *it = calloc(1, sizeof *it);
    if (!it) return nr_refuse(env, "out of memory");
    it->most_head = head;
    it->most_tail = tail;
    it->stop_when_full = stop_when_full;
    if (!nr_object_make(&it->base, env, self, fd, arguments[4], &kind)) return NULL;
    return nr_object_start(&it->base) ? self : NULL;
}

/* The tail in the order in which it came: the older part, then the newer one. */
static napi_status copy_tail(napi_env env, const struct collector *it, napi_value *buffer) {
    size_t length = tail_length(it), at = it->tail_total > it->most_tail ? (size_t)(it->tail_total % it->most_tail) : 0;
    if (at == 0) return napi_create_buffer_copy(env, length, length > 0 ? (const void *)it->tail.data : "", NULL, buffer);
    void *data;
    napi_status status = napi_create_buffer(env, length, &data, buffer);
    if (status != napi_ok) return status;
    memcpy(data, it->tail.data + at, length - at);
    memcpy((unsigned char *)data + length - at, it->tail.data, at);
    return napi_ok;
}

static napi_value both(napi_env env, napi_value head, napi_value tail) {
    napi_value result;
    if (napi_create_object(env, &result) != napi_ok || napi_set_named_property(env, result, "head", head) != napi_ok ||
        napi_set_named_property(env, result, "tail", tail) != napi_ok)
        return nr_failed(env);
    return result;
}

static napi_value peek_method(napi_env env, napi_callback_info info) {
    struct collector *it = nr_object_of(env, info, 0, NULL);
    napi_value head, tail;
    if (!it) return NULL;
    const void *data = it->head_length > 0 ? (const void *)it->head.data : "";
    if (napi_create_buffer_copy(env, it->head_length, data, NULL, &head) != napi_ok) return nr_failed(env);
    return copy_tail(env, it, &tail) == napi_ok ? both(env, head, tail) : nr_failed(env);
}

static napi_value take_method(napi_env env, napi_callback_info info) {
    struct collector *it = nr_object_of(env, info, 0, NULL);
    napi_value head, tail;
    if (!it) return NULL;
    bool straight = it->tail_total <= it->most_tail;
    if (!straight && copy_tail(env, it, &tail) != napi_ok) return nr_failed(env);
    if (straight && nr_block_to_buffer(env, &it->tail, tail_length(it), &tail) != napi_ok) return nr_failed(env);
    if (nr_block_to_buffer(env, &it->head, it->head_length, &head) != napi_ok) return nr_failed(env);
    nr_block_free(&it->tail);
    it->head_length = 0;
    it->tail_total = 0;
    return both(env, head, tail);
}

static napi_value kept_getter(napi_env env, napi_callback_info info) {
    struct collector *it = nr_object_of(env, info, 0, NULL);
    return it ? nr_number(env, (double)(it->head_length + tail_length(it))) : NULL;
}

/* What lies in the pipe now was written by the tree, what comes later was not: only so much is read, whoever else goes on writing. */
static int read_the_rest(struct collector *it) {
    size_t left = it->base.terminal ? TERMINAL_HOLDS : nr_readable(it->base.fd.fd), got = 0;
    int status = GOING_ON;
    while (left > 0 && (status = take_in(it, left, &got)) == GOING_ON && got > 0) left -= got;
    if (status == GOING_ON) status = take_in(it, 1, &got);
    if (status == GOING_ON) it->base.held_outside = true;
    return status == GOING_ON ? 0 : status;
}

static napi_value finish_method(napi_env env, napi_callback_info info) {
    struct collector *it = nr_object_of(env, info, 0, NULL);
    if (!it || it->base.fd.fd < 0 || it->over) return NULL;
    int status = read_the_rest(it);
    end(it, status);
    return NULL;
}

bool nr_export_collector(napi_env env, napi_value exports) {
    static const napi_property_descriptor members[] = {
        NR_GETTER("kept", kept_getter),
        NR_METHOD("peek", peek_method),
        NR_METHOD("take", take_method),
        NR_METHOD("finish", finish_method),
        NR_GETTER("heldOutside", nr_object_held_outside_getter),
        NR_COUNTERS,
        NR_LIFE_METHODS,
    };
    return nr_export_class(env, exports, "Collector", construct, sizeof members / sizeof *members, members);
}
