/* Owns: ending whatever a killed shepherd left to the fork server, until nothing of it is there.
 * Never: a living shepherd, or anything below one. */
#ifndef NR_SWEEP_H
#define NR_SWEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

/* Called for each shepherd whose tree was swept. NR_PROOF_NONE: it takes longer, and goes on. */
typedef void nr_swept(pid_t shepherd, int killed, enum nr_proof proof);

/* A shepherd died without having proven its tree empty; 0: a stranger was reaped, so there may be more. */
void nr_sweep_begin(pid_t shepherd);
/* A process that was no shepherd is reaped. */
void nr_sweep_count(bool killed);
bool nr_sweep_going_on(void);
/* When the next pass is due; NR_NEVER: no sweep. */
int64_t nr_sweep_due(void);
/* One pass. Everybody who has ended must be reaped first, and nobody meanwhile. */
void nr_sweep_pass(nr_swept *swept);

#endif
