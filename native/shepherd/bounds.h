/* Owns: what a child may use and as whom it runs: limits, priority, ids.
 * Never: a call that is not safe in a process that shares the shepherd's memory. */
#ifndef NR_BOUNDS_H
#define NR_BOUNDS_H

#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

#define NR_LIMIT_COUNT 6
#define NR_MOST_GROUPS 65536 /* the kernel's own limit */
#define NR_HIGHEST_ID INT64_C(0xfffffffe)
#define NR_NOT_GIVEN INT64_MIN

struct nr_limit_row {
    int parts; /* 1: soft is given, 2: hard is given; 0: the row is not */
    uint64_t soft, hard;
};

struct nr_bounds {
    struct nr_limit_row limits[NR_LIMIT_COUNT];
    int64_t nice, umask, uid, gid, no_new_privs, oom_score_adj; /* NR_NOT_GIVEN */
    int group_count;                                            /* -1: not given */
    gid_t groups[NR_MOST_GROUPS];
};

/* The steps of a birth, in their order, each on the calling process itself. 0, or the stage that failed, with errno set. */
int nr_bounds_priority(const struct nr_bounds *bounds);
int nr_bounds_limits(const struct nr_bounds *bounds);
/* Groups, then group, then user: the other way round there is no right left to do it with. Whatever the death signal was is lost. */
int nr_bounds_identity(const struct nr_bounds *bounds);
int nr_bounds_privileges(const struct nr_bounds *bounds);

/* Who the child will be: whether that is somebody else than the caller. */
int nr_bounds_changes_user(const struct nr_bounds *bounds);

#endif
