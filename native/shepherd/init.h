/* Owns: the first process of a job's pid namespace, and the words between it and the shepherd.
 * Never: a policy; living on without its shepherd. */
#ifndef NR_INIT_H
#define NR_INIT_H

#include <stdint.h>
#include <sys/resource.h>

#include "child.h"

/* shepherd -> init, one message each. */
enum { NR_ORDER_GO = 1, NR_ORDER_SIGNAL, NR_ORDER_REAP };
struct nr_order {
    int32_t what, signal, wake;
};

/* init, or the child before its exec -> shepherd. The kernel adds the sender's pid as the shepherd sees it. */
enum { NR_WORD_BORN = 1, NR_WORD_EVENT, NR_WORD_REAPED };
struct nr_word {
    int32_t what;
    int32_t code, status; /* EVENT: as in siginfo_t */
    int32_t others;       /* REAPED: somebody else is left */
    struct rusage usage;  /* REAPED */
};

/* In the new process. */
_Noreturn void nr_init(struct nr_plan *plan, int link);

#endif
