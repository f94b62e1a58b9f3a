/* Owns: one read or write on a descriptor, without the kernel's oddities: EINTR, a terminal's EIO, SIGPIPE.
 * Never: waits. */
#ifndef NR_BYTES_H
#define NR_BYTES_H

#include <stddef.h>
#include <sys/types.h>

/* How many bytes; 0: the end; -EAGAIN: nothing there now; another -errno. `length` is not 0. */
ssize_t nr_read(int fd, void *to, size_t length);
/* The same again and again, until nothing is there or `length` is full: a terminal hands out 4 KiB at a time, and fills up again meanwhile. */
ssize_t nr_read_terminal(int fd, void *to, size_t length);
/* How many bytes the kernel took, never 0; -EAGAIN: no room now; another -errno. No SIGPIPE is raised or left pending. */
ssize_t nr_write(int fd, const void *from, size_t length);
/* How many bytes lie there to be read; 0 when that is unknown. */
size_t nr_readable(int fd);

#endif
