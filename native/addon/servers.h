/* Owns: the fork servers of one environment that are not reaped yet.
 * Never: a signal to one. */
#ifndef NR_SERVERS_H
#define NR_SERVERS_H

#include <stdbool.h>
#include <sys/types.h>

struct nr_servers {
    pid_t *pids;
    int count, room;
};

/* false: no memory, and the process will be a zombie when it ends before it is asked for. */
bool nr_servers_add(struct nr_servers *servers, pid_t pid);
/* Reaps `pid` if it has ended. true: it is reaped, or was no child of ours. */
bool nr_servers_reap(struct nr_servers *servers, pid_t pid);
/* The environment ends, its servers end a little later, once their jobs are gone: a thread of its own waits for each, so that none is a
 * zombie for as long as the process lives. */
void nr_servers_leave(struct nr_servers *servers);

#endif
