/* Owns: the pipe of relay.h.
 * Never: waits. */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fault.h"

/* Less is not worth the second call. */
#define WORTH_IT (64u << 10)

bool nr_relay_join(struct nr_relay *it) {
    if (it->users == 0) {
        int ends[2];
        if (NR_CALL("host-relay", pipe2(ends, O_CLOEXEC | O_NONBLOCK)) < 0) return false;
        it->out = ends[0];
        it->in = ends[1];
        if (nr_capacity_grow(&it->capacity, it->in) < WORTH_IT) {
            it->users = 1;
            return nr_relay_leave(it), false;
        }
    }
    it->users++;
    return true;
}

void nr_relay_leave(struct nr_relay *it) {
    if (--it->users > 0) return;
    nr_capacity_release(&it->capacity);
    close(it->in);
    close(it->out);
    *it = (struct nr_relay){0};
}

ssize_t nr_relay_take(struct nr_relay *it, int fd, size_t most) {
    ssize_t taken;
    do taken = NR_CALL("host-splice", splice(fd, NULL, it->in, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
    while (taken < 0 && errno == EINTR);
    return taken < 0 ? -errno : taken;
}

int nr_relay_give(struct nr_relay *it, void *to, size_t taken) {
    size_t given = 0;
    while (given < taken) {
        ssize_t got = read(it->out, (char *)to + given, taken - given);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return -EIO;
        given += (size_t)got;
    }
    return 0;
}

void nr_relay_drop(struct nr_relay *it, size_t taken) {
    char some[4096];
    while (taken > 0) {
        size_t most = taken < sizeof some ? taken : sizeof some;
        if (nr_relay_give(it, some, most) < 0) return;
        taken -= most;
    }
}
