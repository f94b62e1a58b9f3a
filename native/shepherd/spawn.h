/* Owns: the birth of a child: exactly one process that runs the program, or a stage and an errno.
 * Never: what happens to it afterwards. */
#ifndef NR_SPAWN_H
#define NR_SPAWN_H

#include <sys/types.h>

#include "namespace.h"
#include "request.h"

struct nr_birth {
    pid_t pid;            /* when it worked */
    struct nr_namespace space; /* what it is in, if its request says so */
    enum nr_stage stage;  /* when it did not */
    int error;
};

/* Starts `request`. `sources`: the received descriptors rows refer to; `null`: /dev/null, open for reading and writing; `cgroup`: a
 * cgroup.procs to join by, or -1. 0, or -1 with stage and error set; then no process is left. All signals must be blocked. The child dies
 * with the calling thread. */
int nr_spawn(struct nr_request *request, const int *sources, int null, int cgroup, struct nr_birth *birth);

/* The birth is over: gives back what it needed. Many wait long with it. */
void nr_spawn_forget(void);

#endif
