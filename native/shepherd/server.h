/* Owns: the fork server: always an idle shepherd ready, and nothing left of a killed one.
 * Never: a byte of a request, so that no request can harm another job. */
#ifndef NR_SERVER_H
#define NR_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

/* The descriptors a fork server starts with. */
enum {
    NR_FD_HIRE = 3,   /* the far end of the hire socket (SOCK_SEQPACKET) */
    NR_FD_SERVER = 4, /* the far end of the server socket (SOCK_STREAM) */
    NR_FD_HOST = 5    /* a pidfd of the host; not open where the kernel has none */
};

/* Runs until the host is gone, or wants no more, and nothing is left below. `detached`: it serves one job, which may outlive the host. */
_Noreturn void nr_server(pid_t host, bool detached);

#endif
