/* Owns: one job's own cgroup, from its making to its removal: ending, freezing and counting everybody in it.
 * Never: any cgroup but that one, and what the job made within it. */
#ifndef NR_LEAF_H
#define NR_LEAF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

/* A leaf's path below the mount, its NUL included. Longer ones are refused: the fork server keeps one for each shepherd. */
#define NR_LEAF_PATH 1024
#define NR_LEAF_NAME 20 /* nr- and 16 digits */
#define NR_LEAF_RECORD (1 + NR_LEAF_PATH)
#define NR_LEAF_DEEPEST 25

struct nr_leaf {
    int dir;    /* the leaf; a shared lock on it says that its job lives. -1: there is none */
    int parent; /* where it lies */
    int procs;  /* cgroup.procs, for the child to write 0 into; -1 after the birth */
    int events; /* cgroup.events: readable by poll() when `frozen` changes; -1: unknown to this kernel */
    int depth;  /* how many directories above it, below the place that was divided, may be removed when they are empty */
    bool closed; /* no process can be added any more (pids.max) */
    char path[NR_LEAF_PATH];
    char *record;
};

#define NR_NO_LEAF {.dir = -1, .parent = -1, .procs = -1, .events = -1}

/* The name of a leaf: that, and no other, may be swept. */
bool nr_leaf_is_name(const char *name);

/* Makes, opens and locks a new one in `parent`, whose path below the mount is `path`; takes `parent` over when it works. 0, or errno.
 * `record` (NR_LEAF_RECORD bytes, may be NULL): memory that outlives us, where the path is kept as long as the leaf may exist. */
int nr_leaf_make(struct nr_leaf *leaf, int parent, const char *path, int depth, char *record);

/* One attempt to end everybody in it, atomic against fork where the kernel has cgroup.kill (5.14), else one by one and frozen. true: the
 * kernel has seen to all of them, and there is no need to look. */
bool nr_leaf_kill(struct nr_leaf *leaf);
/* The second of these ways. */
void nr_leaf_kill_listed(int dir);
/* 0, or errno; ENOENT: this kernel cannot (before 5.2). Being frozen takes time: see nr_leaf_is_frozen(). */
int nr_leaf_freeze(const struct nr_leaf *leaf, bool freeze);
/* Reads cgroup.events anew, so that poll() waits for the next change. */
bool nr_leaf_is_frozen(const struct nr_leaf *leaf);

/* Nobody in it is alive. false also where that cannot be known. */
bool nr_leaf_is_empty(const struct nr_leaf *leaf);

/* false: this kernel or this place does not count that. */
bool nr_leaf_figure(const struct nr_leaf *leaf, enum nr_figure figure, uint64_t *value);
/* How many of it the kernel has killed for lack of memory. */
uint64_t nr_leaf_oom_kills(const struct nr_leaf *leaf);

/* Ends whoever is still in it, removes it with everything below it and with what is empty above it, and closes all. Waits a moment for
 * the kernel to let go; what is not gone then is left for the next one who sweeps. Fine on none, and twice. */
void nr_leaf_remove(struct nr_leaf *leaf);

/* Removes `depth` directories, from `path` (below the mount) upward, as long as they are empty. */
void nr_leaf_remove_empty(const char *path, int depth);

/* The same by its recorded path, for one whose shepherd is gone. true: it is gone. Never waits. */
bool nr_leaf_remove_recorded(const char *record);
/* Ends and removes every leaf in `parent` that is ours by name and owner and whose lock nobody holds any more. Waits 0.1 s for them at most.
 * How many are gone. */
int nr_leaf_sweep(int parent);
/* The same in `place`, and so many levels below it where they are our own user's; a level that is empty then goes too. */
int nr_leaf_sweep_below(int place, int levels);

#endif
