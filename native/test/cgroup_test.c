/* Owns: cgroups in a real tree: the place, the path rule, leaves and their locks, ending with and without cgroup.kill, the sweep.
 * Never: a cgroup outside of a folder of its own; anything where this user may not make one. */
#include "cgroup.h"

#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "cgroup_file.h"
#include "platform.h"
#include "play_host.h"
#include "tap.h"

static char folder[64];
static char record[NR_LEAF_RECORD];
static struct nr_leaf leaf;

static int enter(const char *path, struct nr_cgroup_wish wish) {
    wish.path = path;
    wish.asked = true;
    leaf = (struct nr_leaf)NR_NO_LEAF;
    return nr_cgroup_enter(&wish, getpid(), record, &leaf);
}

static int enter_plain(const char *path) {
    return enter(path, (struct nr_cgroup_wish){.isolation = NR_ISOLATION_CGROUP});
}

static bool is_there(const char *path) {
    struct stat info;
    char place[NR_LEAF_PATH];
    bool proven, there;
    int dir = nr_cgroup_place(place, &proven);
    there = fstatat(dir, path, &info, AT_SYMLINK_NOFOLLOW) == 0;
    close(dir);
    return there;
}

/* Somebody in the leaf who takes no hint; a whole group of them. */
static pid_t settle(int count) {
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC)) abort();
    pid_t pid = fork();
    if (pid == 0) {
        if (write(leaf.procs, "0", 1) < 0) _exit(97);
        nr_close_from(ready[1] + 1); /* as exec would: the lock is its shepherd's */
        close(leaf.dir), close(leaf.parent), close(leaf.procs), close(leaf.events);
        signal(SIGTERM, SIG_IGN);
        alarm(60);
        for (int i = 1; i < count; i++)
            if (fork() == 0) {
                setsid();
                alarm(60);
                break;
            }
        if (write(ready[1], "x", 1) < 0) _exit(98);
        for (;;) pause();
    }
    close(ready[1]);
    while (count-- > 0 && read(ready[0], &byte, 1) == 1) {}
    close(ready[0]);
    return pid;
}

static bool all_reaped(void) {
    int64_t stop = play_now() + PATIENCE_MS;
    while (play_now() < stop) {
        pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);
        if (pid < 0) return errno == ECHILD;
        if (pid == 0) poll(NULL, 0, 1);
    }
    return false;
}

static void test_mount(void) {
    int temporary = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok(!nr_cgroup_is_one(temporary), "a folder of files is no cgroup");
    ok(mkdirat(temporary, folder, 0700) == 0 && nr_cgroup_child(temporary, folder) < 0 && errno == EXDEV, "and nothing in it is one");
    unlinkat(temporary, folder, AT_REMOVEDIR);
    close(temporary);
    int mount = nr_cgroup_mount();
    ok(nr_cgroup_is_one(mount), "the mount is one");
    close(mount);
}

static void test_names(void) {
    ok(nr_leaf_is_name("nr-0123456789abcdef"), "a name of ours");
    static const char *const others[] = {"", "nr-", "nr-host", "nr-0123456789abcde", "nr-0123456789abcdef0", "nr-0123456789ABCDEF", "xr-0123456789abcdef", "nr-0123456789abcdeg"};
    int refused = 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) refused += !nr_leaf_is_name(others[i]);
    is(refused, sizeof others / sizeof *others, "names of others");
}

static void test_paths(void) {
    static const char *const wrong[] = {"..", ".", "a/../b", "a//b", "a/", "/a"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", folder, wrong[i]);
        is(enter_plain(path), NR_STAGE_CGROUP_PATH, "refused: %s", wrong[i]);
    }
    ok(!is_there(folder), "and nothing is left of them");
    char deep[600], file[128];
    int length = snprintf(deep, sizeof deep, "%s/", folder);
    memset(deep + length, 'x', 300), deep[length + 300] = 0;
    is(enter_plain(deep), NR_STAGE_CGROUP_PATH, "a part of 300 characters");
    is(errno, EINVAL, "its errno");
    memset(deep + length + 150, '/', 1);
    is(enter_plain(deep), 0, "a path of 300 characters");
    ok(is_there(deep) && record[0] == 'd' && strcmp(record + 1, leaf.path) == 0, "is there, and written down");
    nr_leaf_remove(&leaf);
    ok(!is_there(folder) && !record[0], "removed, with what was empty above it");
    snprintf(file, sizeof file, "%s/cgroup.procs", folder);
    is(enter_plain(file), NR_STAGE_CGROUP_PATH, "a file of the kernel in the path");
}

static void test_limits(void) {
    struct nr_cgroup_wish wish = {.limits = {[NR_CGROUP_FILE_CPU_WEIGHT] = "nonsense"}};
    int stage = enter(folder, wish);
    is(stage, NR_STAGE_CGROUP_CPU_WEIGHT, "a limit that cannot be written is a stage of its own");
    ok(errno != 0 && !is_there(folder), "and leaves nothing (errno %d)", errno);
}

static void test_ending(void) {
    for (int way = 0; way < 2; way++) {
        const char *name = way ? "without cgroup.kill" : "with cgroup.kill";
        is(enter_plain(folder), 0, "a leaf (%s)", name);
        settle(5);
        uint64_t processes = 0;
        ok(nr_leaf_figure(&leaf, NR_FIGURE_PROCESSES, &processes) && processes == 5, "five in it");
        for (int i = 0; i < 100 && processes > 0; i++) {
            if (way) nr_leaf_kill_listed(leaf.dir);
            else nr_leaf_kill(&leaf);
            poll(NULL, 0, 1);
            while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {}
            nr_leaf_figure(&leaf, NR_FIGURE_PROCESSES, &processes);
        }
        ok(all_reaped(), "all of them are ended");
        nr_leaf_remove(&leaf);
        ok(!is_there(folder), "and it is removed");
    }
}

static void test_freezing(void) {
    is(enter_plain(folder), 0, "a leaf");
    settle(2);
    is(nr_leaf_freeze(&leaf, true), 0, "frozen");
    struct pollfd wait = {leaf.events, POLLPRI, 0};
    while (!nr_leaf_is_frozen(&leaf))
        if (poll(&wait, 1, PATIENCE_MS) <= 0) break;
    ok(nr_leaf_is_frozen(&leaf), "and the kernel says so");
    nr_leaf_remove(&leaf);
    ok(all_reaped() && !is_there(folder), "the frozen are ended and removed all the same");
}

static void test_nested(void) {
    is(enter_plain(folder), 0, "a leaf");
    ok(mkdirat(leaf.dir, "a", 0755) == 0 && mkdirat(leaf.dir, "a/b", 0755) == 0, "in which a job has made others");
    nr_leaf_remove(&leaf);
    ok(!is_there(folder), "which go with it");
}

/* What a shepherd leaves that dies at once: the lock goes with the descriptors, and whoever is in there stays. */
static void abandon(void) {
    close(leaf.dir), close(leaf.parent), close(leaf.procs), close(leaf.events);
    leaf = (struct nr_leaf)NR_NO_LEAF;
}

static void test_sweep(void) {
    char held[NR_LEAF_PATH], kept[96];
    is(enter_plain(folder), 0, "a leaf with a lock");
    strcpy(held, leaf.path);
    struct nr_leaf living = leaf;
    is(enter_plain(folder), 0, "and one");
    settle(3);
    char stale[NR_LEAF_PATH];
    strcpy(stale, leaf.path);
    int parent = fcntl(leaf.parent, F_DUPFD_CLOEXEC, 0);
    abandon();
    snprintf(kept, sizeof kept, "%s/nr-somebody-else", folder);
    mkdirat(parent, "nr-somebody-else", 0755);
    nr_leaf_sweep(parent);
    ok(all_reaped(), "whose shepherd is gone: everybody in it is ended");
    nr_leaf_sweep(parent);
    int mount = nr_cgroup_mount();
    struct stat info;
    ok(fstatat(mount, stale, &info, 0) < 0, "it is removed");
    ok(fstatat(mount, held, &info, 0) == 0, "the one with a lock is not");
    ok(is_there(kept), "nor is one with another name");
    unlinkat(parent, "nr-somebody-else", AT_REMOVEDIR);
    close(parent);
    close(mount);
    leaf = living;
    nr_leaf_remove(&leaf);
    ok(!is_there(folder), "and all is removed in the end");
}

static void test_sweep_below(void) {
    char deep[96], held[NR_LEAF_PATH], stale[NR_LEAF_PATH];
    snprintf(deep, sizeof deep, "%s/a/b", folder);
    is(enter_plain(folder), 0, "a leaf with a lock");
    strcpy(held, leaf.path);
    struct nr_leaf living = leaf;
    is(enter_plain(deep), 0, "and one in another path below");
    settle(2);
    strcpy(stale, leaf.path);
    abandon();
    is(nr_leaf_sweep_below(living.parent, 1), 0, "too deep for one level");
    ok(is_there(stale), "so it stays");
    int removed = nr_leaf_sweep_below(living.parent, 2);
    ok(all_reaped(), "whoever was in it is ended");
    removed += nr_leaf_sweep_below(living.parent, 2);
    is(removed, 1, "it is gone, and only it");
    ok(!is_there(stale) && !is_there(deep), "with the path that was made for it");
    ok(is_there(held), "the one with a lock is there");
    leaf = living;
    nr_leaf_remove(&leaf);
    ok(!is_there(folder), "and all is removed in the end");
}

static void test_record(void) {
    is(enter_plain(folder), 0, "a leaf");
    settle(2);
    char kept[NR_LEAF_RECORD];
    memcpy(kept, record, sizeof kept);
    abandon();
    bool gone = false;
    for (int i = 0; i < 2000 && !gone; i++) {
        gone = nr_leaf_remove_recorded(kept);
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {}
        if (!gone) poll(NULL, 0, 1);
    }
    ok(gone && all_reaped() && !is_there(folder), "ended and removed by its record, with what was empty above it");
    ok(nr_leaf_remove_recorded(kept), "and once more, when it is not there");
    static const char *const wrong[] = {"", "a", "b../..", "zxx", "a/nr-host", "anr-host"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) ok(nr_leaf_remove_recorded(wrong[i]), "no record: '%s'", wrong[i]);
}

int main(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    nr_proc_init();
    snprintf(folder, sizeof folder, "net-runner-ctest-%d", (int)getpid());
    test_names();
    if (enter_plain(folder)) {
        skip("cgroups", "this user may not make a cgroup (v2) here");
        return tap_done();
    }
    nr_leaf_remove(&leaf);
    test_mount();
    test_paths();
    test_limits();
    test_ending();
    test_freezing();
    test_nested();
    test_sweep();
    test_sweep_below();
    test_record();
    return tap_done();
}
