/* Owns: how an object's descriptor is read: a terminal, any other, or a busy pipe through the relay.
 * Never: waits; decides what an error means for a stream. */
#ifndef NR_INTAKE_H
#define NR_INTAKE_H

#include "object.h"

/* How many bytes, 0 at the end, or -errno; -EAGAIN: nothing is there. Counts what it brings. */
ssize_t nr_intake_read(struct nr_object *it, void *to, size_t length);
/* The same for bytes whose number is to be known before they get their place: at most NR_SCRATCH. They lie in the relay, and are to be given or
 * dropped at once, or in the scratch. */
ssize_t nr_intake_take(struct nr_object *it, size_t most, bool *in_relay);
#endif
