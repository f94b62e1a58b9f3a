/* Owns: reaching every process of a tree: the child, its group, all descendants.
 * Never: when to do it; a wait for anybody; an allocation. */
#ifndef NR_TREE_H
#define NR_TREE_H

#include "namespace.h"
#include "platform.h"
#include "protocol.h"

/* One process met on a walk, with what proves that it belongs to us. */
struct nr_met {
    struct nr_proc proc;
    pid_t parent;
    uint64_t parent_start;
    bool parent_pinned; /* the parent is our own unreaped child: its number cannot pass to a stranger */
    bool own;           /* our own child: the number stays until we reap it */
    int pin;            /* during the visit: what proc was read through after the number was listed; -1 for our own, and afterwards */
};

struct nr_walk {
    void (*visit)(void *arg, const struct nr_met *met);
    void *arg;
    bool (*spared)(pid_t pid); /* neither visited nor descended into; may be NULL */
    bool spare_ours;           /* the same for shepherds and fork servers of a nested use */
    bool full;                 /* read all of /proc instead of the lists of children */
    pid_t through;             /* descended into, but not visited: the init of a namespace; 0: nobody */
};

/* Visits every living descendant; each one's children are listed before it is visited. Returns how many were visited. Nobody may
 * be reaped while it runs. Falls back to `full` by itself where the kernel has no lists. */
int nr_walk(const struct nr_walk *walk);

/* Sends `signal`, then SIGCONT if `wake`. A deeper process is reached by its pin; without one it is proven again first. 0, or errno. */
int nr_met_signal(const struct nr_met *met, int signal, bool wake);

/* A job's tree: every descendant of the calling process, and the child's group as a shortcut. */
struct nr_tree {
    pid_t leader;
    int pidfd;    /* of the leader, or -1 */
    bool reaped;  /* the leader's numbers may be a stranger's: kill(2) with them is forbidden */
    bool grouped; /* the leader has a group of its own */
    struct nr_namespace space; /* what all of it is in, or none */
};

/* 0 when anybody was reached, else errno (ESRCH: nobody is left). Reach GROUP of a leader without a group of its own is TREE. */
int nr_tree_signal(const struct nr_tree *tree, enum nr_reach reach, int signal, bool wake);
/* The group alone, by number or pidfd. 0, or errno: EINVAL when it has none, or there is no way to reach it as one. */
int nr_tree_signal_group(const struct nr_tree *tree, int signal, bool wake);
/* Everybody outside the leader's group, which was reached before. */
int nr_tree_signal_rest(const struct nr_tree *tree, int signal, bool wake);
/* SIGKILL to the group and to our own children: a call for each, whoever forks against us. Who is further away comes to us when they die.
 * true: that was everybody, as a namespace ends with its init. */
bool nr_tree_kill_near(const struct nr_tree *tree);
/* One pass of SIGKILL over everybody. Returns how many were alive; 0 does not prove that nobody is: then ask again with `full`. */
int nr_tree_kill(const struct nr_tree *tree, bool full);

#endif
