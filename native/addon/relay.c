/* Owns: the pipe of relay.h.
 * Never: waits. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fault.h"

/* Less is not worth the second call. */
#define WORTH_IT (64u << 10)
/* On older kernels (seen on 6.1, not on 6.18) a write that fails with EFAULT leaves a buffer of no bytes in the pipe. Moved here, with nothing after
 * it, it takes a place of 16 or more until the next bytes are given. */
#define MOST_IN_VAIN 8

static void close_ends(struct nr_relay *it) {
    if (it->open) {
        nr_capacity_release(&it->capacity);
        close(it->in);
        close(it->out);
    }
    *it = (struct nr_relay){.users = it->users};
}

static bool open_ends(struct nr_relay *it) {
    int ends[2];
    if (NR_CALL("host-relay", pipe2(ends, O_CLOEXEC | O_NONBLOCK)) < 0) return false;
    it->open = true;
    it->out = ends[0];
    it->in = ends[1];
    if (nr_capacity_grow(&it->capacity, it->in) >= WORTH_IT) return true;
    close_ends(it);
    return false;
}

struct nr_relay *nr_relay_join(struct nr_relay *it) {
    if (!it->open && !open_ends(it)) return NULL;
    it->users++;
    return it;
}

void nr_relay_leave(struct nr_relay **mine) {
    struct nr_relay *it = *mine;
    *mine = NULL;
    if (it && --it->users == 0) close_ends(it);
}

/* Without a new one everybody reads directly. */
void nr_relay_drop(struct nr_relay *it) {
    close_ends(it);
    open_ends(it);
}

ssize_t nr_relay_take(struct nr_relay *it, int fd, size_t most) {
    ssize_t taken;
    if (!it->open) return -ENOSYS;
    do taken = NR_CALL("host-splice", splice(fd, NULL, it->in, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
    while (taken < 0 && errno == EINTR);
    int error = taken < 0 ? errno : 0;
    if (taken > 0)
        it->in_vain = 0;
    else if (++it->in_vain >= MOST_IN_VAIN)
        nr_relay_drop(it);
    return error ? -error : taken;
}

int nr_relay_give(struct nr_relay *it, void *to, size_t taken) {
    size_t given = 0;
    while (given < taken) {
        ssize_t got = NR_CALL("host-give", read(it->out, (char *)to + given, taken - given));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            int error = errno == EAGAIN ? EIO : errno; /* it was there */
            nr_relay_drop(it);
            return -error;
        }
        /* 0 is a packet of no bytes: the other end is open. */
        given += (size_t)got;
    }
    return 0;
}
