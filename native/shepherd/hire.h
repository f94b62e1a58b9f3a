/* Owns: one message on the hire socket: receiving it whole, and judging who sent it.
 * Never: what the job is. */
#ifndef NR_HIRE_H
#define NR_HIRE_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol.h"

#define NR_HIRE_FDS 253 /* the kernel's own limit for one message */

struct nr_hire {
    struct nr_frame frame;
    int fds[NR_HIRE_FDS]; /* the first one is the job's control */
    int count;
    bool cut;     /* some descriptors did not fit into our table */
    bool trusted; /* sent by the host, with our own identity */
};

/* Remembers who we are and who may hire us. Once: shepherds never change identity. */
void nr_hire_init(pid_t host);
/* As recvmsg: 1 with *hire filled; 0 at the end of the socket; -1 with errno. `flags` as recvmsg's. */
int nr_hire_receive(int socket, int flags, struct nr_hire *hire);
/* Closes descriptors from the `first`-th on. */
void nr_hire_close(struct nr_hire *hire, int first);

#endif
