/* Owns: the fork server's table of shepherds: making them, knowing what each does, asking surplus ones to leave.
 * Never: a socket, a job, or the killing of anything but a shepherd. */
#ifndef NR_POOL_H
#define NR_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "idle.h"

#define NR_MOST_SHEPHERDS 32768

/* Counts, for whoever decides. */
struct nr_pool {
    int idle, busy;
    int used;                           /* slots from here on were never taken, or are free again */
    char rest[4096 - 3 * sizeof(int)]; /* of a page that nothing else lies in */
};
extern struct nr_pool nr_pool;

/* Once, before the first. */
void nr_pool_init(void);
/* Forks an idle shepherd from this template: 0, or errno. In the new process `prepare` is called once and it never returns. */
int nr_pool_fork(const struct nr_shepherd *template, void (*prepare)(void));
/* In a new shepherd: takes back the pages that the fork server will go on writing, each of which would be copied for it. */
void nr_pool_give_back(void);
/* A shepherd said what it does now. true when it was hired. */
bool nr_pool_notice(const struct nr_notice *notice);
bool nr_pool_lives(pid_t pid);
/* Ends and removes the cgroups that shepherds who are gone have left. Returns how many are still there. `forget`: they are somebody
 * else's from now on. */
int nr_pool_sweep_leaves(bool forget);
/* Forgets a shepherd that was reaped. false: it was none. */
bool nr_pool_forget(pid_t pid);
/* Asks all idle shepherds but `keep` to leave. They may miss it once. */
void nr_pool_shrink(int keep);
/* SIGCONT to every shepherd that is stopped. */
void nr_pool_wake(void);
/* SIGKILL to this one, if it is ours; `only_stopped`: and is stopped. */
void nr_pool_kill(pid_t pid, bool only_stopped);
/* SIGKILL to every shepherd that is still there its own killTimeout and `margin_ms` after `since`. Returns when the next one is due. */
int64_t nr_pool_kill_overdue(int64_t since, int64_t margin_ms);

#endif
