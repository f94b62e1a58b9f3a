/* Owns: one job's own cgroup, from its making to its removal: ending, freezing and counting everybody in it.
 * Never: any cgroup but that one, and what the job made within it. */
#include "leaf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_file.h"
#include "platform.h"
#include "trace.h"

#define TRIES 16
#define DEEPEST 8
#define MS INT64_C(1000000)
/* Those who are killed in a stale one need a moment to go; what is not gone then is met by the next one who looks. */
#define STALE_TRIES 100
/* An empty cgroup says so some 15 ms after its last process has been reaped. */
#define PATIENCE (1000 * MS)

/* ---- the name ---- */

static bool is_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool nr_leaf_is_name(const char *name) {
    if (strlen(name) != NR_LEAF_NAME - 1 || strncmp(name, "nr-", 3) != 0) return false;
    for (name += 3; *name; name++)
        if (!is_digit(*name)) return false;
    return true;
}

static void new_name(char *name) {
    uint8_t bytes[8];
    if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes) {
        /* Early in a boot; two of one name are refused by mkdir, and tried again. */
        uint64_t now = (uint64_t)nr_now() * 0x9e3779b97f4a7c15u + (uint64_t)getpid();
        memcpy(bytes, &now, sizeof bytes);
    }
    memcpy(name, "nr-", 3);
    for (int i = 0; i < 16; i++) name[3 + i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 * 4) & 15];
    name[NR_LEAF_NAME - 1] = 0;
}

static const char *name_of(const struct nr_leaf *leaf) {
    const char *slash = strrchr(leaf->path, '/');
    return slash ? slash + 1 : leaf->path;
}

/* ---- making ---- */

/* Whoever sweeps holds the lock alone; it takes a directory that nobody has locked yet for a dead host's. */
static int open_locked(int parent, const char *name) {
    struct stat info;
    int dir = nr_cgroup_child(parent, name);
    if (dir < 0) return -1;
    if (flock(dir, LOCK_SH | LOCK_NB) == 0 && fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0) return dir;
    close(dir);
    errno = EAGAIN;
    return -1;
}

/* A letter for the depth, then the path. The letter last: the fork server takes nothing for a record that is not whole. */
static void put_record(const struct nr_leaf *leaf) {
    if (!leaf->record) return;
    memcpy(leaf->record + 1, leaf->path, strlen(leaf->path) + 1);
    __atomic_store_n(leaf->record, (char)('a' + leaf->depth), __ATOMIC_RELEASE);
}

static void drop_record(const struct nr_leaf *leaf) {
    if (leaf->record) __atomic_store_n(leaf->record, 0, __ATOMIC_RELEASE);
}

int nr_leaf_make(struct nr_leaf *leaf, int parent, const char *path, int depth, char *record) {
    size_t length = strlen(path);
    leaf->depth = depth < NR_LEAF_DEEPEST ? depth : NR_LEAF_DEEPEST;
    leaf->record = record;
    if (length + 1 + NR_LEAF_NAME > NR_LEAF_PATH) return ENAMETOOLONG;
    memcpy(leaf->path, path, length);
    if (length) leaf->path[length++] = '/';
    char *name = leaf->path + length;
    int error = EAGAIN;
    for (int i = 0; i < TRIES; i++) {
        new_name(name);
        put_record(leaf); /* before it exists: whoever dies now leaves no stranger */
        if (mkdirat(parent, name, 0755) < 0) error = errno;
        else if ((leaf->dir = open_locked(parent, name)) >= 0) break;
        else error = errno;
        if (error != EEXIST && error != EAGAIN && error != ENOENT) break;
        /* ENOENT may mean that the parent was removed, as empty: then there is no use in trying here again. */
        if (error == ENOENT && i > 1) break;
    }
    if (leaf->dir < 0) {
        drop_record(leaf);
        return error;
    }
    leaf->parent = parent;
    leaf->closed = false;
    leaf->procs = openat(leaf->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    error = leaf->procs < 0 ? errno : 0;
    leaf->events = openat(leaf->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (error) nr_leaf_remove(leaf);
    return error;
}

/* ---- ending ---- */

static bool still_in(int dir, pid_t pid) {
    char text[8192];
    long n = nr_cgroup_read(dir, "cgroup.procs", text, sizeof text);
    pid_t listed = 0;
    for (long i = 0; i < n; i++) {
        if (text[i] != '\n') {
            listed = listed * 10 + (text[i] - '0');
            continue;
        }
        if (listed == pid) return true;
        listed = 0;
    }
    return false;
}

/* Without cgroup.kill: nobody can fork while frozen, and a number in the list is not free as long as its process is there. It could be
 * another's only if somebody else killed and reaped it in between, so it is pinned and looked for once more. */
void nr_leaf_kill_listed(int dir) {
    char text[8192];
    nr_cgroup_write(dir, "cgroup.freeze", "1");
    long n = nr_cgroup_read(dir, "cgroup.procs", text, sizeof text);
    pid_t pid = 0;
    for (long i = 0; i < n; i++) {
        if (text[i] != '\n') {
            pid = pid * 10 + (text[i] - '0');
            continue;
        }
        int pin = nr_proc_pin(pid);
        /* Where a pin cannot be signalled (an old kernel, a filter), a number of somebody frozen is as good for a few microseconds. */
        if (pin >= 0 && still_in(dir, pid) && nr_pidfd_signal(pin, SIGKILL) < 0 && errno != ESRCH) kill(pid, SIGKILL);
        nr_proc_unpin(pin);
        pid = 0;
    }
    nr_cgroup_write(dir, "cgroup.freeze", "0");
}

static bool kill_in(int dir) {
    int error = nr_cgroup_write(dir, "cgroup.kill", "1");
    if (error == ENOENT || error == EOPNOTSUPP) nr_leaf_kill_listed(dir);
    return error == 0;
}

bool nr_leaf_kill(struct nr_leaf *leaf) {
    if (leaf->dir < 0) return false;
    if (!leaf->closed) {
        leaf->closed = true;
        nr_cgroup_write(leaf->dir, "pids.max", "0");
    }
    return kill_in(leaf->dir);
}

/* ---- freezing ---- */

int nr_leaf_freeze(const struct nr_leaf *leaf, bool freeze) {
    return nr_cgroup_write(leaf->dir, "cgroup.freeze", freeze ? "1" : "0");
}

static bool events_say(const struct nr_leaf *leaf, const char *what) {
    char text[256];
    ssize_t n = pread(leaf->events, text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = 0;
    return strstr(text, what) != NULL;
}

bool nr_leaf_is_frozen(const struct nr_leaf *leaf) {
    return events_say(leaf, "frozen 1");
}

bool nr_leaf_is_empty(const struct nr_leaf *leaf) {
    return events_say(leaf, "populated 0");
}

/* ---- counting ---- */

static uint64_t lines(int dir, const char *file) {
    char text[16384];
    long n = nr_cgroup_read(dir, file, text, sizeof text);
    uint64_t count = 0;
    for (long i = 0; i < n; i++) count += text[i] == '\n';
    return count;
}

bool nr_leaf_figure(const struct nr_leaf *leaf, enum nr_figure figure, uint64_t *value) {
    int dir = leaf->dir;
    switch (figure) {
    case NR_FIGURE_USER_US:
        return nr_cgroup_number(dir, "cpu.stat", "user_usec", value);
    case NR_FIGURE_SYSTEM_US:
        return nr_cgroup_number(dir, "cpu.stat", "system_usec", value);
    case NR_FIGURE_MEMORY:
        return nr_cgroup_number(dir, "memory.current", NULL, value);
    case NR_FIGURE_MEMORY_PEAK:
        return nr_cgroup_number(dir, "memory.peak", NULL, value);
    case NR_FIGURE_PROCESSES:
        if (nr_cgroup_number(dir, "pids.current", NULL, value)) return true;
        *value = lines(dir, "cgroup.procs");
        return true;
    case NR_FIGURE_IO_READ:
        return nr_cgroup_sum(dir, "io.stat", " rbytes=", value);
    case NR_FIGURE_IO_WRITTEN:
        return nr_cgroup_sum(dir, "io.stat", " wbytes=", value);
    default:
        return false;
    }
}

uint64_t nr_leaf_oom_kills(const struct nr_leaf *leaf) {
    uint64_t kills = 0;
    return leaf->dir >= 0 && nr_cgroup_number(leaf->dir, "memory.events", "oom_kill", &kills) ? kills : 0;
}

/* ---- removal ---- */

static void remove_below(int dir, int depth);

static void remove_one(void *arg, int dir, const char *name) {
    int depth = *(int *)arg;
    int child = depth < DEEPEST ? nr_cgroup_child(dir, name) : -1;
    if (child >= 0) {
        remove_below(child, depth + 1);
        close(child);
    }
    unlinkat(dir, name, AT_REMOVEDIR);
}

/* What the job has made in its own cgroup goes with it. */
static void remove_below(int dir, int depth) {
    nr_cgroup_each(dir, remove_one, &depth);
}

/* 0, or why it is still there. */
static int try_remove(int parent, int dir, const char *name) {
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
    if (dir >= 0) {
        kill_in(dir);
        remove_below(dir, 0);
    }
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

void nr_leaf_remove_empty(const char *path, int depth) {
    char left[NR_LEAF_PATH];
    strcpy(left, path);
    int mount = depth > 0 ? nr_cgroup_mount() : -1;
    if (mount < 0) return;
    while (depth-- > 0 && unlinkat(mount, left, AT_REMOVEDIR) == 0) {
        char *slash = strrchr(left, '/');
        if (!slash) break;
        *slash = 0;
    }
    close(mount);
}

static void remove_above(const char *leaf, int depth) {
    char above[NR_LEAF_PATH];
    strcpy(above, leaf);
    char *slash = strrchr(above, '/');
    if (!slash) return;
    *slash = 0;
    nr_leaf_remove_empty(above, depth);
}

static void close_all(struct nr_leaf *leaf) {
    int *const all[] = {&leaf->dir, &leaf->parent, &leaf->procs, &leaf->events};
    for (int i = 0; i < 4; i++) {
        if (*all[i] >= 0) close(*all[i]);
        *all[i] = -1;
    }
}

void nr_leaf_remove(struct nr_leaf *leaf) {
    if (leaf->dir < 0) return;
    int error;
    int64_t stop = nr_now() + PATIENCE;
    while ((error = try_remove(leaf->parent, leaf->dir, name_of(leaf))) && nr_now() < stop) poll(NULL, 0, 1);
    if (error) NR_TRACE("cgroup %s stays: %d", leaf->path, error);
    if (!error) remove_above(leaf->path, leaf->depth);
    drop_record(leaf);
    close_all(leaf);
}

/* ---- those of others, who are gone ---- */

bool nr_leaf_remove_recorded(const char *record) {
    char path[NR_LEAF_PATH];
    int depth = __atomic_load_n(record, __ATOMIC_ACQUIRE) - 'a';
    if (depth < 0 || depth > NR_LEAF_DEEPEST) return true;
    strncpy(path, record + 1, sizeof path - 1);
    path[sizeof path - 1] = 0;
    char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!nr_leaf_is_name(name)) return true;
    int mount = nr_cgroup_mount();
    if (mount < 0) return true;
    if (slash) *slash = 0;
    int parent = slash ? openat(mount, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : fcntl(mount, F_DUPFD_CLOEXEC, 0);
    close(mount);
    if (parent < 0 || !nr_cgroup_is_one(parent)) {
        if (parent >= 0) close(parent);
        return true;
    }
    int dir = nr_cgroup_child(parent, name);
    int error = try_remove(parent, dir, name);
    if (dir >= 0) close(dir);
    close(parent);
    if (error) return false;
    if (slash) *slash = '/';
    remove_above(path, depth);
    return true;
}

struct sweeping {
    int left;    /* stale ones that are not gone yet */
    int removed;
    int levels;  /* still to go down */
};

static void sweep_one(void *arg, int parent, const char *name) {
    struct sweeping *sweeping = arg;
    struct stat info;
    if (!nr_leaf_is_name(name)) return;
    int dir = nr_cgroup_child(parent, name);
    if (dir < 0) return;
    if (fstat(dir, &info) == 0 && info.st_uid == geteuid() && flock(dir, LOCK_EX | LOCK_NB) == 0) {
        NR_TRACE("stale cgroup %s", name);
        if (try_remove(parent, dir, name)) sweeping->left++;
        else sweeping->removed++;
    }
    close(dir);
}

int nr_leaf_sweep(int parent) {
    struct sweeping sweeping = {.left = 1};
    for (int tries = 0; sweeping.left > 0 && tries < STALE_TRIES; tries++) {
        sweeping.left = 0;
        nr_cgroup_each(parent, sweep_one, &sweeping);
        if (sweeping.left > 0) poll(NULL, 0, 1);
    }
    return sweeping.removed;
}

/* A level that a user's path has made: ours by owner, and empty once the last stale one in it is gone. */
static void sweep_level(void *arg, int parent, const char *name) {
    struct sweeping *above = arg;
    struct stat info;
    if (strncmp(name, "nr-", 3) == 0) return;
    int dir = nr_cgroup_child(parent, name);
    if (dir < 0) return;
    int removed = fstat(dir, &info) == 0 && info.st_uid == geteuid() ? nr_leaf_sweep_below(dir, above->levels) : 0;
    close(dir);
    if (removed > 0) unlinkat(parent, name, AT_REMOVEDIR);
    above->removed += removed;
}

int nr_leaf_sweep_below(int place, int levels) {
    struct sweeping sweeping = {.removed = nr_leaf_sweep(place), .levels = levels - 1};
    if (levels > 0) nr_cgroup_each(place, sweep_level, &sweeping);
    return sweeping.removed;
}
