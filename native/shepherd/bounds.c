/* Owns: what a child may use and as whom it runs: limits, priority, ids.
 * Never: libc's own calls for ids, which would speak to threads that are the shepherd's; an allocation. */
#include "bounds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 32-bit machines have two of each, and the short name is the one with ids of 16 bits. */
#ifdef SYS_setresuid32
#define RAW_SETRESUID SYS_setresuid32
#define RAW_SETRESGID SYS_setresgid32
#define RAW_SETGROUPS SYS_setgroups32
#else
#define RAW_SETRESUID SYS_setresuid
#define RAW_SETRESGID SYS_setresgid
#define RAW_SETGROUPS SYS_setgroups
#endif

/* ---- priority ---- */

static int write_number(const char *file, int64_t value) {
    char text[24], *at = text + sizeof text;
    int64_t rest = value < 0 ? -value : value;
    do *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0) *--at = '-';
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t n = write(fd, at, (size_t)(text + sizeof text - at));
    int error = errno;
    close(fd);
    errno = error;
    return n < 0 ? -1 : 0;
}

int nr_bounds_priority(const struct nr_bounds *bounds) {
    /* For a process that shares memory the kernel changes the one and not the other, if that other waits for a vfork. */
    if (bounds->oom_score_adj != NR_NOT_GIVEN && write_number("/proc/self/oom_score_adj", bounds->oom_score_adj) < 0) return NR_STAGE_OOM_SCORE_ADJ;
    if (bounds->nice != NR_NOT_GIVEN && setpriority(PRIO_PROCESS, 0, (int)bounds->nice) < 0) return NR_STAGE_NICE;
    return 0;
}

/* ---- limits ---- */

static const int resources[NR_LIMIT_COUNT] = {
    [NR_LIMIT_NOFILE] = RLIMIT_NOFILE, [NR_LIMIT_NPROC] = RLIMIT_NPROC, [NR_LIMIT_CORE] = RLIMIT_CORE,
    [NR_LIMIT_FSIZE] = RLIMIT_FSIZE,   [NR_LIMIT_AS] = RLIMIT_AS,       [NR_LIMIT_CPU] = RLIMIT_CPU,
};

static rlim_t amount(uint64_t given) {
    return given >= (uint64_t)RLIM_INFINITY ? RLIM_INFINITY : (rlim_t)given;
}

/* A hard limit alone takes the soft one down with it. */
static int set_limit(int resource, const struct nr_limit_row *row) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) return -1;
    if (row->parts & 2) limit.rlim_max = amount(row->hard);
    if (row->parts & 1) limit.rlim_cur = amount(row->soft);
    else if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit);
}

int nr_bounds_limits(const struct nr_bounds *bounds) {
    for (int i = 0; i < NR_LIMIT_COUNT; i++)
        if (bounds->limits[i].parts && set_limit(resources[i], &bounds->limits[i]) < 0) return NR_STAGE_LIMIT_NOFILE + i;
    return 0;
}

/* ---- identity ---- */

static bool changes_uid(const struct nr_bounds *bounds) {
    uid_t real = 0, effective = 0, saved = 0;
    if (bounds->uid == NR_NOT_GIVEN) return false;
    getresuid(&real, &effective, &saved);
    return real != bounds->uid || effective != bounds->uid || saved != bounds->uid;
}

static bool changes_gid(const struct nr_bounds *bounds) {
    gid_t real = 0, effective = 0, saved = 0;
    if (bounds->gid == NR_NOT_GIVEN) return false;
    getresgid(&real, &effective, &saved);
    return real != bounds->gid || effective != bounds->gid || saved != bounds->gid;
}

static bool holds(const gid_t *list, int count, gid_t group) {
    for (int i = 0; i < count; i++)
        if (list[i] == group) return true;
    return false;
}

/* setgroups() needs a privilege even for what is so already. */
static bool has_groups(const gid_t *wanted, int count) {
    static gid_t now[NR_MOST_GROUPS];
    int have = getgroups(NR_MOST_GROUPS, now);
    if (have != count) return false;
    for (int i = 0; i < count; i++)
        if (!holds(now, have, wanted[i])) return false;
    return true;
}

int nr_bounds_identity(const struct nr_bounds *bounds) {
    bool uid = changes_uid(bounds), gid = changes_gid(bounds);
    /* The host's own groups are rights too: they go with its identity. */
    int count = bounds->group_count < 0 && (uid || gid) ? 0 : bounds->group_count;
    if (count >= 0 && !has_groups(bounds->groups, count) && syscall(RAW_SETGROUPS, (size_t)count, bounds->groups) < 0) return NR_STAGE_SETGROUPS;
    if (gid && syscall(RAW_SETRESGID, (gid_t)bounds->gid, (gid_t)bounds->gid, (gid_t)bounds->gid) < 0) return NR_STAGE_SETGID;
    if (uid && syscall(RAW_SETRESUID, (uid_t)bounds->uid, (uid_t)bounds->uid, (uid_t)bounds->uid) < 0) return NR_STAGE_SETUID;
    if (bounds->umask != NR_NOT_GIVEN) umask((mode_t)bounds->umask);
    return 0;
}

int nr_bounds_privileges(const struct nr_bounds *bounds) {
    return bounds->no_new_privs != NR_NOT_GIVEN && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? NR_STAGE_NO_NEW_PRIVS : 0;
}

int nr_bounds_changes_user(const struct nr_bounds *bounds) {
    return changes_uid(bounds) || changes_gid(bounds);
}
