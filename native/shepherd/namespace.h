/* Owns: a pid namespace around one job: its first process, what it tells us of the child, what we tell it.
 * Never: a decision: it reaps, passes signals on and dies with its shepherd. */
#ifndef NR_NAMESPACE_H
#define NR_NAMESPACE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "child.h"

struct nr_namespace {
    pid_t init; /* our own child, first in the namespace; whoever kills it kills all. 0: there is none */
    int link;   /* the conversation with it; -1: none. Its end is init's */
};

#define NR_NO_NAMESPACE {.init = 0, .link = -1}

/* Makes the namespace, its init and in it the child, which is on its way to exec then: its pid as we see it. 0: it failed, and plan->errors
 * has the reason; -1 with errno: there can be no namespace. In both cases nobody is left. Root needs no user namespace for it. */
pid_t nr_namespace_split(struct nr_plan *plan, struct nr_namespace *space);
/* Ends everybody and waits for it. */
void nr_namespace_end(struct nr_namespace *space);

/* What has happened to the child since the last call: true with *info as waitid() fills it. Its exit is only told: the numbers stay its own
 * until nr_namespace_reap(). When init is gone, and with it everybody, that is told as an exit by SIGKILL, and `gone` is set. */
bool nr_namespace_look(struct nr_namespace *space, siginfo_t *info, bool *gone);
/* Lets the child's numbers go. true: somebody else is still in there; false: init leaves too. */
bool nr_namespace_reap(struct nr_namespace *space, struct rusage *usage);
/* To everybody in it but init, at once; then SIGCONT if `wake`. 0, or errno. */
int nr_namespace_signal(const struct nr_namespace *space, int signal, bool wake);

#endif
