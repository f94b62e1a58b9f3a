/* Owns: finding, dividing and walking cgroups (v2): from what the host asked for to the job's own leaf.
 * Never: what happens in a leaf afterwards (leaf.h); a change of anything that is not below the place found. */
#ifndef NR_CGROUP_H
#define NR_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "leaf.h"
#include "protocol.h"

/* What a request says about it. Strings point into the request. */
struct nr_cgroup_wish {
    enum nr_isolation isolation;
    const char *path; /* relative; NULL: none, the leaf lies in the place itself */
    const char *limits[NR_CGROUP_FILE_COUNT]; /* what to write into each file; NULL: nothing */
    bool asked;       /* for a cgroup by name: it must be one, unless `optional` */
    bool optional, move_host;
};

/* Opens the directory of the mounted cgroup2 tree; -1 and ENOENT when there is none. What is mounted there is looked at: on hybrid hosts
 * /sys/fs/cgroup itself takes plain files, and limits nobody. */
int nr_cgroup_mount(void);
/* true when the descriptor is a directory of a cgroup2 tree. */
bool nr_cgroup_is_one(int fd);

/* The place that we may divide, and its path below the mount ("" or "a/b") in `path` (NR_LEAF_PATH). `proven`: it was handed to us, by an
 * attribute, by its owner or by a namespace, and not only left to root. -1 with errno: ENOENT no mount, EPERM not ours, or what open said. */
int nr_cgroup_place(char *path, bool *proven);

/* Once, in the fork server: what its shepherds share. Without it no place is swept as a whole. */
void nr_cgroup_init(void);
/* Creates what is missing, writes limits, makes and locks the leaf. 0, or the stage that failed with errno set; then nothing of the job's is
 * left. `record`: memory that outlives us, where the leaf's path is kept as long as it may exist; may be NULL. */
int nr_cgroup_enter(const struct nr_cgroup_wish *wish, pid_t host, char *record, struct nr_leaf *leaf);

#endif
