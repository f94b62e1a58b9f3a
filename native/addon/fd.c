/* Owns: libuv: the only file that calls it. How readiness and closing work is in fd.h.
 * Never: JavaScript, or a byte of data. */
#include "fd.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uv_poll.h"

_Static_assert(sizeof(((struct nr_fd *)0)->poll) >= NR_UV_POLL_SIZE, "room for a uv_poll_t");
_Static_assert(NR_READABLE == NR_UV_READABLE && NR_WRITABLE == NR_UV_WRITABLE, "passed on as they are");

static struct nr_fd *of_handle(nr_uv_handle *handle) {
    return (struct nr_fd *)((char *)handle - offsetof(struct nr_fd, poll));
}

static void drop(struct nr_fd *it) {
    if (--it->holds == 0) it->kind->free(it);
}

void nr_fd_open(struct nr_fd *it, struct nr_loop *loop, int fd, const struct nr_fd_kind *kind) {
    it->fd = fd;
    it->wanted = it->armed = 0;
    it->referenced = true;
    it->polled = false;
    it->holds = 1;
    it->loop = loop;
    it->kind = kind;
    it->next = loop->first;
    it->link = &loop->first;
    if (it->next) it->next->link = &it->next;
    loop->first = it;
    int yes = 1;
    ioctl(fd, FIONBIO, &yes);
}

static void keep_loop_alive(struct nr_fd *it) {
    if (!it->polled) return;
    if (it->referenced && it->wanted)
        uv_ref(it->poll);
    else
        uv_unref(it->poll);
}

static void on_event(nr_uv_handle *handle, int status, int events) {
    struct nr_fd *it = of_handle(handle);
    (void)events;
    /* After a failure libuv watches no longer. Nobody waiting: the stop that nr_fd_want(0) left to us. */
    if (status < 0 || !it->wanted) {
        uv_poll_stop(handle);
        it->armed = 0;
    }
    if (it->wanted) it->kind->ready(it);
}

int nr_fd_want(struct nr_fd *it, int events) {
    if (it->fd < 0) return events ? -EBADF : 0;
    if (events && !it->polled) {
        int error = uv_poll_init(it->loop->uv, it->poll, it->fd);
        if (error < 0) return error;
        it->polled = true;
        it->holds++;
    }
    it->wanted = events;
    keep_loop_alive(it);
    /* Stopping and starting again are two system calls. Who asks again soon, as a reader does, saves both: on_event() stops it otherwise. */
    if (!events || it->armed == events) return 0;
    int error = uv_poll_start(it->poll, events, on_event);
    it->armed = error < 0 ? 0 : events;
    if (error < 0) it->wanted = 0;
    return error;
}

void nr_fd_reference(struct nr_fd *it, bool referenced) {
    it->referenced = referenced;
    if (it->fd >= 0) keep_loop_alive(it);
}

static void tell_end(struct nr_loop *loop) {
    if (!loop->ended || loop->first || loop->closing) return;
    void (*ended)(struct nr_loop *) = loop->ended;
    loop->ended = NULL;
    ended(loop);
}

static void on_closed(nr_uv_handle *handle) {
    struct nr_fd *it = of_handle(handle);
    struct nr_loop *loop = it->loop;
    loop->closing--;
    drop(it);
    tell_end(loop);
}

void nr_fd_close(struct nr_fd *it) {
    if (it->fd < 0) return;
    *it->link = it->next;
    if (it->next) it->next->link = it->link;
    if (it->polled) {
        it->loop->closing++;
        uv_close(it->poll, on_closed);
    }
    /* uv_close() has taken it out of epoll; the number is free for reuse while the handle still waits for its callback. */
    close(it->fd);
    it->fd = -1;
    it->wanted = it->armed = 0;
}

void nr_fd_release(struct nr_fd *it) {
    drop(it);
}

void nr_loop_end(struct nr_loop *loop, void (*ended)(struct nr_loop *loop)) {
    loop->ended = ended;
    while (loop->first) loop->first->kind->abandon(loop->first);
    tell_end(loop);
}
