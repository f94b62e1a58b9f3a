/* Owns: what `ps` shows as our command line.
 * Never: the name in /proc/PID/comm, which says what we are, not what we do. */
#ifndef NR_TITLE_H
#define NR_TITLE_H

#include <sys/types.h>

/* The area given to us by exec; titles are cut to its length. */
void nr_title_init(int argc, char **argv);
void nr_title_idle(void);
/* "net-runner: shepherd of <pid> (<file> <args>)" */
void nr_title_busy(pid_t child, const char *file, char *const *argv);

#endif
