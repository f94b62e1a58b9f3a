/* Owns: the rules of capacity.h, and the one number that all threads of the process share.
 * Never: a pipe that has not shown that it is busy. */
#include "capacity.h"

#include <fcntl.h>
#include <stdatomic.h>

/* Beyond this two processors only fight for the cache: 1 MiB was measured to be slower. */
#define LARGE (256u << 10)
/* A user without privileges has 64 MiB for the pipes of all processes. Past that every new pipe, of anybody, is born with 8 KiB. */
#define BUDGET (8u << 20)
/* Half a megabyte of a default pipe: a short burst is over before. */
#define BUSY 16
/* Half of a pipe that was born shrunk. Of a stream that never moves so much at once nobody asks the size. */
#define WORTH_A_LOOK (4u << 10)

/* The kernel counts by user, not by thread. This file stays loaded when a worker's addon goes (-z nodelete). */
static atomic_size_t spent;

static bool reserve(size_t bytes) {
    size_t before = atomic_load(&spent);
    do
        if (before + bytes > BUDGET) return false;
    while (!atomic_compare_exchange_weak(&spent, &before, before + bytes));
    return true;
}

/* 0: it is no pipe. */
static size_t size_of(int fd) {
    int size = fcntl(fd, F_GETPIPE_SZ);
    return size > 0 ? (size_t)size : 0;
}

size_t nr_capacity_grow(struct nr_capacity *it, int fd) {
    it->large = 0; /* whoever has some of the budget now may have given it back when this is asked again */
    it->size = size_of(fd);
    if (it->size < LARGE && !reserve(LARGE - it->size)) return it->size;
    it->fixed = true;
    if (it->size >= LARGE) return it->size;
    if (fcntl(fd, F_SETPIPE_SZ, (int)LARGE) < 0) {
        atomic_fetch_sub(&spent, LARGE - it->size);
        return it->size;
    }
    it->granted = LARGE - it->size;
    return LARGE;
}

void nr_capacity_note(struct nr_capacity *it, int fd, size_t moved) {
    if (it->fixed || moved < WORTH_A_LOOK) return;
    if (it->size == 0) it->size = size_of(fd);
    it->fixed = it->size == 0 || it->size >= LARGE;
    if (!it->fixed && moved >= it->size / 2 && ++it->large >= BUSY) nr_capacity_grow(it, fd);
}

void nr_capacity_release(struct nr_capacity *it) {
    if (it->granted) atomic_fetch_sub(&spent, it->granted);
    it->granted = 0;
    it->fixed = true;
}
