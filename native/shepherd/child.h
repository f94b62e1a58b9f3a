/* Owns: what the new process does to itself before exec.
 * Never: a call that is not safe while it shares the shepherd's memory. */
#ifndef NR_CHILD_H
#define NR_CHILD_H

#include <limits.h>
#include <sys/types.h>

#include "request.h"

/* Everything is decided before the split: the child only does it. */
struct nr_plan {
    struct nr_request *request;
    const char *path; /* where a bare name is looked for */
    pid_t shepherd;   /* its parent, as it sees it */
    int errors;       /* close-on-exec; takes one struct nr_child_error */
    int cgroup;       /* cgroup.procs to write 0 into, or -1 */
    int terminal;     /* what becomes the child's fd 0, or -1 */
    int sources[NR_MOST_FDS];
    char candidate[PATH_MAX];
    char rest[4096]; /* so that nothing else lies in its last page */
};

struct nr_child_error {
    int stage, error;
};

/* Reports and exits. */
_Noreturn void nr_child_fail(const struct nr_plan *plan, enum nr_stage stage, int error);
/* Becomes the program, or reports and exits. */
_Noreturn void nr_child(struct nr_plan *plan);

#endif
