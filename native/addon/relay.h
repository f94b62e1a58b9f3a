/* Owns: a pipe of our own that takes a busy pipe's pages over, so that they are copied while its writer writes on.
 * Never: holds a byte between two calls; belongs to more than one thread.
 *
 * read(2) keeps the pipe locked while it copies (fs/pipe.c, Linux 6.18): the child and the host then wait for each other at every chunk.
 * splice(2) from pipe to pipe moves the pages themselves and is done at once. */
#ifndef NR_RELAY_H
#define NR_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "capacity.h"

/* All zero: there is none. */
struct nr_relay {
    unsigned users;
    bool open;
    int in, out;
    unsigned in_vain; /* questions in a row that brought nothing */
    struct nr_capacity capacity;
};

/* One more who reads through it; the first makes it. What to leave; NULL: there is no such pipe to be had. */
struct nr_relay *nr_relay_join(struct nr_relay *it);
/* The last closes it. Idempotent: `mine` is NULL afterwards. */
void nr_relay_leave(struct nr_relay **mine);

/* Takes over at most `most` bytes of what lies in the pipe `fd`: how many, 0 at its end, or -errno. What was taken must be given or dropped
 * before anything else is taken. -EAGAIN: nothing is there, or nothing can be moved: only a read tells. Others (-EINVAL, -ENOSYS, -EPERM): it is
 * to be read without us. */
ssize_t nr_relay_take(struct nr_relay *it, int fd, size_t most);
/* All `taken` bytes of it. 0, or -errno (-EFAULT: memory that cannot be written to): then they are lost, and nobody else's are touched. */
int nr_relay_give(struct nr_relay *it, void *to, size_t taken);
/* Whatever was taken goes. */
void nr_relay_drop(struct nr_relay *it);

#endif
