/* Owns: the rules of intake.h.
 * Never: waits. */
#include "intake.h"

#include <errno.h>

#include "bytes.h"

/* A page. What comes in lines costs more to move than to copy. */
#define RELAY_FROM (4u << 10)
/* Most commands write less, and need no third pipe. */
#define RELAY_AFTER (256u << 10)

static void count(struct nr_object *it, ssize_t got) {
    if (got <= 0) return;
    it->last = (size_t)got;
    it->bytes += (size_t)got;
    it->count++;
    nr_capacity_note(&it->capacity, it->fd.fd, (size_t)got);
}

static bool is_busy(const struct nr_object *it) {
    return it->last >= RELAY_FROM && it->bytes >= RELAY_AFTER && it->capacity.size > 0;
}

/* false: it is to be read directly. */
static bool take(struct nr_object *it, size_t most, ssize_t *got) {
    if (it->direct || !is_busy(it)) return false;
    if (!it->relay) it->relay = nr_relay_join(&it->addon->relay);
    *got = it->relay ? nr_relay_take(it->relay, it->fd.fd, most) : -ENOSYS;
    if (*got >= 0) return true;
    if (*got == -EAGAIN) return false;
    it->direct = true;
    nr_relay_leave(&it->relay);
    return false;
}

static ssize_t read_direct(struct nr_object *it, void *to, size_t length) {
    return it->terminal ? nr_read_terminal(it->fd.fd, to, length) : nr_read(it->fd.fd, to, length);
}

ssize_t nr_intake_read(struct nr_object *it, void *to, size_t length) {
    ssize_t got;
    if (!take(it, length, &got)) {
        got = read_direct(it, to, length);
    } else if (got > 0) {
        int error = nr_relay_give(it->relay, to, (size_t)got);
        if (error < 0) return error;
    }
    count(it, got);
    return got;
}

ssize_t nr_intake_take(struct nr_object *it, size_t most, bool *in_relay) {
    ssize_t got;
    if (most > NR_SCRATCH) most = NR_SCRATCH;
    *in_relay = take(it, most, &got);
    if (!*in_relay) got = read_direct(it, it->addon->scratch, most);
    count(it, got);
    return got;
}
