/* Owns: nr_read() and nr_write().
 * Never: waits, or decides what an error means for a stream. */
#include "bytes.h"

#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

ssize_t nr_read(int fd, void *to, size_t length) {
    ssize_t got;
    do got = read(fd, to, length);
    while (got < 0 && errno == EINTR);
    if (got >= 0) return got;
    int error = errno;
    /* Nobody has the terminal side of a pty open any more. */
    if (error == EIO && isatty(fd)) return 0;
    return -error;
}

ssize_t nr_read_terminal(int fd, void *to, size_t length) {
    size_t got = 0;
    ssize_t n = 1;
    while (got < length && (n = nr_read(fd, (char *)to + got, length - got)) > 0) got += (size_t)n;
    /* What ended it is met again at the next call. */
    return got > 0 ? (ssize_t)got : n;
}

/* A host may have set SIGPIPE back to its deadly default. write(2) raises it in this thread, so this thread can take it away again;
 * one that was pending before is not ours. */
ssize_t nr_write(int fd, const void *from, size_t length) {
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigemptyset(&pending);
    sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t put;
    do put = write(fd, from, NR_SHORT("host-write", length));
    while (put < 0 && errno == EINTR);
    int error = put < 0 ? errno : 0;
    if (error == EPIPE && !was_pending) {
        const struct timespec now = {0, 0};
        while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR) {
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) return -error;
    /* No pipe, socket or terminal takes nothing of something; whatever did would be asked for ever. */
    return put == 0 && length > 0 ? -EIO : put;
}

size_t nr_readable(int fd) {
    int there = 0;
    return ioctl(fd, FIONREAD, &there) == 0 && there > 0 ? (size_t)there : 0;
}
