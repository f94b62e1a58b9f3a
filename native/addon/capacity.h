/* Owns: how much a busy stream's pipe may hold, and the relay: what shows that it is busy, and the budget of the process for all of them.
 * Never: reads or writes. */
#ifndef NR_CAPACITY_H
#define NR_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>

/* Of one descriptor. All zero: nothing is known yet. */
struct nr_capacity {
    size_t size;    /* what the pipe holds, in bytes */
    size_t granted; /* what it was given of the budget */
    int large;      /* calls so far that moved at least half of a pipe */
    bool fixed;     /* it is no pipe, or it has grown, or the kernel said no */
};

/* One call has read or written `moved` bytes. A pipe that is half full (or half empty, for a writer) again and again is made larger. */
void nr_capacity_note(struct nr_capacity *it, int fd, size_t moved);
/* Makes it large at once, if the budget allows. What it holds then; 0: it is no pipe. */
size_t nr_capacity_grow(struct nr_capacity *it, int fd);
/* The descriptor is about to be closed: what it was given goes back. Idempotent. */
void nr_capacity_release(struct nr_capacity *it);

#endif
