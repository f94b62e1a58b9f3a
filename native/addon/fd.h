/* Owns: one descriptor on the event loop: waiting until it is ready, and closing it in the one order that is safe.
 * Never: reads or writes it; knows JavaScript. */
#ifndef NR_FD_H
#define NR_FD_H

#include <stdbool.h>
#include <stddef.h>

struct uv_loop_s;
struct nr_fd;

enum { NR_READABLE = 1, NR_WRITABLE = 2 };

/* What the owner of an nr_fd does when asked. */
struct nr_fd_kind {
    /* Something that was wanted is ready, or the poll failed: try the call, its errno says what is the matter. Says anew what it wants. */
    void (*ready)(struct nr_fd *fd);
    /* The environment ends: must call nr_fd_close(). JavaScript cannot run any more. */
    void (*abandon)(struct nr_fd *fd);
    /* Nobody holds it: neither its owner nor the event loop. */
    void (*free)(struct nr_fd *fd);
};

/* The descriptors of one environment. */
struct nr_loop {
    struct uv_loop_s *uv;
    struct nr_fd *first;
    size_t closing; /* close callbacks still to come */
    void (*ended)(struct nr_loop *loop);
};

struct nr_fd {
    int fd; /* -1 when closed */
    int wanted;
    int armed;       /* what libuv watches; may outlive `wanted` until the next event */
    bool referenced; /* keeps the event loop alive while something is wanted */
    bool polled;     /* the libuv handle exists */
    int holds;
    struct nr_loop *loop;
    const struct nr_fd_kind *kind;
    struct nr_fd *next, **link;
    _Alignas(16) unsigned char poll[320];
};

/* Takes over `fd` and makes it non-blocking. Costs the event loop nothing until something is wanted. */
void nr_fd_open(struct nr_fd *it, struct nr_loop *loop, int fd, const struct nr_fd_kind *kind);
/* Waits for `events` (NR_READABLE | NR_WRITABLE); 0: for nothing any more. 0 or -errno. */
int nr_fd_want(struct nr_fd *it, int events);
void nr_fd_reference(struct nr_fd *it, bool referenced);
/* Closes the descriptor now. Idempotent. The memory stays until free(). */
void nr_fd_close(struct nr_fd *it);
/* The owner lets go of it, once, after nr_fd_close(). */
void nr_fd_release(struct nr_fd *it);

/* Abandons everything that is open, and calls `ended` after the last close callback: maybe before this returns. */
void nr_loop_end(struct nr_loop *loop, void (*ended)(struct nr_loop *loop));

#endif
