/* Owns: a shepherd's life between jobs: waiting for a hire, telling the fork server, leaving.
 * Never: a job. */
#ifndef NR_IDLE_H
#define NR_IDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a shepherd has from its fork server, unchanged from job to job. */
struct nr_shepherd {
    pid_t server;
    int slot;    /* its place in the fork server's table */
    int hire;    /* -1 once the fork server is gone: a hire waiting there must find its end, and be sent again elsewhere */
    int notice;  /* -1 likewise; poll() says POLLERR when the fork server is gone */
    int sigchld;
    int null;    /* /dev/null, for reading and writing */
    pid_t host;
    char *record; /* where the fork server finds the cgroup of our job, should we die; NULL: nowhere */
    bool untold;          /* the fork server takes us for idle: the notice pipe was full */
    int32_t kill_timeout; /* of the job, in ms, for that notice */
};

/* One record on the notice pipe, written at once or not at all. */
struct nr_notice {
    pid_t pid;
    int32_t slot;
    int32_t busy;
    int32_t kill_timeout;
};

/* How a shepherd exits whose host has not heard GONE: by it the fork server knows that nothing is left all the same, and says so. */
#define NR_UNHEARD 3

/* The life of a freshly forked shepherd. It exits with 0 or NR_UNHEARD only if nothing is left below it. */
_Noreturn void nr_idle(struct nr_shepherd *shepherd);
/* There is room in the notice pipe again. */
void nr_idle_tell_again(struct nr_shepherd *shepherd);
/* The fork server is gone: lets go of what was shared with it. */
void nr_idle_orphaned(struct nr_shepherd *shepherd);

#endif
