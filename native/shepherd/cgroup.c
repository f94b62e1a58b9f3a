/* Owns: finding, dividing and walking cgroups (v2): from what the host asked for to the job's own leaf.
 * Never: what happens in a leaf afterwards (leaf.c); a change of anything that is not below the place found. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cgroup_file.h"
#include "platform.h"
#include "trace.h"

#define CGROUP2_MAGIC 0x63677270
#define HOST_LEAF "nr-host"
#define TRIES 8
/* Of a user's paths below what was handed to us. */
#define LEVELS_SWEPT 4

/* ---- the mount ---- */

bool nr_cgroup_is_one(int fd) {
    struct statfs info;
    return fstatfs(fd, &info) == 0 && info.f_type == CGROUP2_MAGIC;
}

static int open_mount(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && nr_cgroup_is_one(fd)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* "none /where cgroup2 rw 0 0": the first one, wherever somebody has put it. */
static int listed_mount(void) {
    static char text[65536];
    int fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC), found = -1;
    if (fd < 0) return -1;
    size_t length = 0;
    ssize_t n;
    while (length < sizeof text - 1 && (n = read(fd, text + length, sizeof text - 1 - length)) > 0) length += (size_t)n;
    close(fd);
    text[length] = 0;
    for (char *rest = text, *line; found < 0 && (line = strsep(&rest, "\n"));) {
        strsep(&line, " ");
        char *where = strsep(&line, " "), *type = line ? strsep(&line, " ") : NULL;
        if (type && strcmp(type, "cgroup2") == 0 && !strchr(where, '\\')) found = open_mount(where);
    }
    return found;
}

int nr_cgroup_mount(void) {
    int fd = open_mount("/sys/fs/cgroup");
    if (fd < 0) fd = open_mount("/sys/fs/cgroup/unified");
    if (fd < 0) fd = listed_mount();
    if (fd < 0) errno = ENOENT;
    return fd;
}

/* ---- the place ---- */

/* Our own cgroup below the mount: "" is the mount itself. false: there is none, or it lies outside of what is mounted. */
static bool own_path(char *path) {
    char text[8192];
    int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n < 0 ? 0 : n] = 0;
    char *own = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
    if (!own) return false;
    own = strchr(own, '/') + 1;
    size_t length = strcspn(own, "\n");
    if (length >= NR_LEAF_PATH || strncmp(own, "..", 2) == 0) return false;
    memcpy(path, own, length);
    path[length] = 0;
    return true;
}

/* The host may sit in a cgroup of its own below the one that was handed over: moved there by us, or by systemd (DelegateSubgroup=). */
static bool cut_last(char *path) {
    char *slash = strrchr(path, '/');
    if (!*path) return false;
    if (slash) *slash = 0;
    else *path = 0;
    return true;
}

static bool is_marked(int dir) {
    char value[2] = "";
    return (fgetxattr(dir, "user.delegate", value, 1) == 1 && *value == '1') || (fgetxattr(dir, "trusted.delegate", value, 1) == 1 && *value == '1');
}

static int open_below(int mount, const char *path) {
    return openat(mount, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool marked(int mount, const char *path) {
    int dir = open_below(mount, path);
    bool yes = dir >= 0 && is_marked(dir);
    if (dir >= 0) close(dir);
    return yes;
}

static bool owned(int mount, const char *path) {
    struct stat info;
    return fstatat(mount, *path ? path : ".", &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_uid == geteuid();
}

/* Leaves the place's path in `path`. 0, or errno. */
static int choose(int mount, char *path, bool *proven) {
    char above[NR_LEAF_PATH];
    bool known = own_path(path);
    *proven = known;
    if (known) {
        size_t length = strlen(path);
        if (length >= strlen(HOST_LEAF) && strcmp(path + length - strlen(HOST_LEAF), HOST_LEAF) == 0) cut_last(path);
        if (marked(mount, path)) return 0;
        strcpy(above, path);
        if (cut_last(above) && *above && marked(mount, above)) {
            strcpy(path, above);
            return 0;
        }
        if (owned(mount, path) && (geteuid() != 0 || !*path)) return 0;
    }
    /* Root may, though nobody said that it should. */
    *proven = false;
    *path = 0;
    return geteuid() == 0 ? 0 : EPERM;
}

int nr_cgroup_place(char *path, bool *proven) {
    int mount = nr_cgroup_mount();
    if (mount < 0) return -1;
    int error = choose(mount, path, proven), place = error ? -1 : open_below(mount, path);
    if (!error && place < 0) error = errno;
    close(mount);
    errno = error;
    return place;
}

/* ---- controllers ---- */

static const char *const files[NR_CGROUP_FILE_COUNT] = {
#define X(name, number, file) [number] = file,
    NR_CGROUP_FILES(X)
#undef X
};

static const char *const controllers[] = {"+memory", "+pids", "+cpu", "+io"};

static bool belongs(const char *file, const char *controller) {
    size_t length = strlen(controller + 1);
    return strncmp(file, controller + 1, length) == 0 && file[length] == '.';
}

static bool needs(const struct nr_cgroup_wish *wish, const char *controller) {
    for (int i = 0; i < NR_CGROUP_FILE_COUNT; i++)
        if (wish->limits[i] && belongs(files[i], controller)) return true;
    return false;
}

/* ---- moving the host ---- */

/* Up the parents, as long as each is older than its child. */
static bool is_below(pid_t pid, pid_t host) {
    struct nr_proc proc;
    for (int i = 0; i < 64 && pid > 1; i++) {
        if (pid == host) return true;
        if (!nr_proc_read(pid, &proc)) return false;
        pid = proc.ppid;
    }
    return false;
}

/* Nobody may sit in a cgroup that is divided: the host and everything below it goes to a leaf of its own. Whoever else is there stays, and
 * is the reason of the EBUSY that follows. */
static void move_host(int place, pid_t host) {
    if (mkdirat(place, HOST_LEAF, 0755) < 0 && errno != EEXIST) return;
    int leaf = nr_cgroup_child(place, HOST_LEAF);
    if (leaf < 0) return;
    static char text[65536];
    nr_cgroup_read(place, "cgroup.procs", text, sizeof text);
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) && *line;) {
        pid_t pid = 0;
        for (const char *digit = line; *digit >= '0' && *digit <= '9'; digit++) pid = pid * 10 + (*digit - '0');
        if (is_below(pid, host)) nr_cgroup_write(leaf, "cgroup.procs", line);
    }
    close(leaf);
}

static int divide(int dir, const char *controller, const struct nr_cgroup_wish *wish, pid_t host) {
    int error = nr_cgroup_write(dir, "cgroup.subtree_control", controller);
    if (error != EBUSY || !wish->move_host) return error;
    /* Those who were forked meanwhile are met the second time. */
    for (int i = 0; error == EBUSY && i < 2; i++) {
        move_host(dir, host);
        error = nr_cgroup_write(dir, "cgroup.subtree_control", controller);
    }
    return error;
}

/* ---- walking ---- */

struct walk {
    const struct nr_cgroup_wish *wish;
    pid_t host;
    int dir, depth;
    int refused[sizeof controllers / sizeof *controllers]; /* errno of the first level that could not be divided */
    char path[NR_LEAF_PATH];
};

/* What limits need must be on in every level above; in the levels we make ourselves whatever can be counted is counted. */
static void pass_controllers(struct walk *walk, bool own) {
    for (unsigned i = 0; i < sizeof controllers / sizeof *controllers; i++) {
        bool needed = needs(walk->wish, controllers[i]);
        if (!needed && !own) continue;
        int error = divide(walk->dir, controllers[i], walk->wish, walk->host);
        if (error && needed && !walk->refused[i]) walk->refused[i] = error;
    }
}

static int step(struct walk *walk, const char *name, size_t length) {
    char part[256];
    size_t at = strlen(walk->path);
    if (length == 0 || length >= sizeof part || (length <= 2 && strncmp(name, "..", length) == 0)) return EINVAL;
    if (at + 1 + length >= sizeof walk->path) return ENAMETOOLONG;
    memcpy(part, name, length);
    part[length] = 0;
    if (mkdirat(walk->dir, part, 0755) < 0 && errno != EEXIST) return errno;
    int next = nr_cgroup_child(walk->dir, part);
    if (next < 0) return errno;
    close(walk->dir);
    walk->dir = next;
    walk->depth++;
    if (at) walk->path[at++] = '/';
    memcpy(walk->path + at, part, length + 1);
    return 0;
}

/* To the user's own path, which is a parent of the jobs in it. */
static int descend(struct walk *walk) {
    for (const char *at = walk->wish->path; at; at++) {
        size_t length = strcspn(at, "/");
        int error = step(walk, at, length);
        if (error) return error;
        at += length;
        if (!*at) return 0;
        pass_controllers(walk, true);
    }
    return 0;
}

/* Line by line, each by itself: of several devices the kernel takes one at a time. */
static int write_lines(int dir, const char *file, const char *text) {
    char line[512];
    for (;;) {
        size_t length = strcspn(text, "\n");
        if (length >= sizeof line) return EINVAL;
        memcpy(line, text, length);
        line[length] = 0;
        int error = nr_cgroup_write(dir, file, line);
        if (error || !text[length]) return error;
        text += length + 1;
    }
}

static int write_limits(const struct walk *walk, int dir) {
    for (int i = 0; i < NR_CGROUP_FILE_COUNT; i++) {
        if (!walk->wish->limits[i]) continue;
        int error = write_lines(dir, files[i], walk->wish->limits[i]);
        /* The file is not there because a level above could not be divided: that is the reason to give. */
        for (unsigned c = 0; error == ENOENT && c < sizeof controllers / sizeof *controllers; c++)
            if (belongs(files[i], controllers[c]) && walk->refused[c]) error = walk->refused[c];
        if (!error) continue;
        errno = error;
        return NR_STAGE_CGROUP_MEMORY_MAX + i;
    }
    return 0;
}

/* Once for each path that this shepherd comes by: a lookup for every job would cost more than the stale ones do. */
static void sweep_once(const struct walk *walk) {
    static char swept[NR_LEAF_PATH];
    static bool any;
    if (any && strcmp(swept, walk->path) == 0) return;
    any = true;
    strcpy(swept, walk->path);
    nr_leaf_sweep(walk->dir);
}

/* Of all shepherds of a fork server: were each to look at everything, a thousand jobs would look a million times. NULL: no memory for that. */
static atomic_bool *place_swept;

void nr_cgroup_init(void) {
    void *memory = mmap(NULL, sizeof *place_swept, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    place_swept = memory == MAP_FAILED ? NULL : memory;
}

/* All of what was handed to us, when the first shepherd comes there: a dead host's jobs may have lain in other paths than ours. For root on the
 * mount that would be everybody's: there only the path of the job itself is looked at. */
static void sweep_place_once(int place) {
    if (place_swept && !atomic_exchange(place_swept, true)) nr_leaf_sweep_below(place, LEVELS_SWEPT);
}

static int fail(struct walk *walk, int stage, int error) {
    if (walk->dir >= 0) close(walk->dir);
    walk->dir = -1;
    /* What was made on the way here is in nobody's way, unless somebody else is in it by now. */
    nr_leaf_remove_empty(walk->path, walk->depth);
    errno = error;
    return stage;
}

/* EAGAIN: a level was removed as empty by a job that ended meanwhile. */
static int try_enter(struct walk *walk, char *record, struct nr_leaf *leaf) {
    const struct nr_cgroup_wish *wish = walk->wish;
    bool own = wish->path != NULL;
    pass_controllers(walk, false);
    int error = descend(walk);
    if (error) return fail(walk, NR_STAGE_CGROUP_PATH, error == ENOENT || error == ENODEV ? EAGAIN : error);
    if (own) {
        int stage = write_limits(walk, walk->dir);
        if (stage) return fail(walk, stage, errno == ENODEV ? EAGAIN : errno);
        pass_controllers(walk, true);
    }
    sweep_once(walk);
    error = nr_leaf_make(leaf, walk->dir, walk->path, walk->depth, record);
    if (error) return fail(walk, NR_STAGE_CGROUP_LEAF, error == ENOENT || error == ENODEV ? EAGAIN : error);
    int stage = own ? 0 : write_limits(walk, leaf->dir);
    if (!stage) return 0;
    error = errno;
    nr_leaf_remove(leaf);
    errno = error;
    return stage;
}

int nr_cgroup_enter(const struct nr_cgroup_wish *wish, pid_t host, char *record, struct nr_leaf *leaf) {
    static struct walk walk;
    bool proven = false;
    int stage = 0;
    for (int i = 0; i < TRIES; i++) {
        memset(&walk, 0, sizeof walk);
        walk.wish = wish;
        walk.host = host;
        walk.dir = nr_cgroup_place(walk.path, &proven);
        if (walk.dir < 0) return NR_STAGE_CGROUP_FIND;
        if (proven) sweep_place_once(walk.dir);
        /* 'auto' divides only what was handed to us. */
        if (!wish->asked && wish->isolation == NR_ISOLATION_AUTO && !proven) return fail(&walk, NR_STAGE_CGROUP_FIND, EPERM);
        stage = try_enter(&walk, record, leaf);
        if (!stage || errno != EAGAIN) break;
    }
    return stage;
}
