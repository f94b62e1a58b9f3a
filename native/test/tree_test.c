/* Owns: walks over real, small trees, and their end. It is a subreaper as a shepherd is, so ECHILD is the proof here too.
 * Never: a process that outlives it. */
#include "tree.h"

#include <poll.h>
#include <sys/prctl.h>

#include "play_host.h"
#include "tap.h"

/* Forks a child that calls `act`, and waits until `count` bytes say that everybody is in place. */
static pid_t plant(void (*act)(int ready), int count) {
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC)) abort();
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        close(ready[0]);
        act(ready[1]);
        for (;;) pause();
    }
    close(ready[1]);
    while (count-- && read(ready[0], &byte, 1) == 1) {}
    close(ready[0]);
    return pid;
}

static void tell(int ready) {
    if (write(ready, "x", 1) < 0) _exit(98);
}

static void act_alone(int ready) {
    tell(ready);
}

/* 1 + 3 + 3*3 processes, some in other sessions, all ignoring SIGTERM. */
static void act_bush(int ready) {
    signal(SIGTERM, SIG_IGN);
    for (int depth = 0, branch = 0; depth < 2 && branch < 3; branch++) {
        if (fork()) continue;
        if (branch == 1) setsid();
        depth++;
        branch = -1;
    }
    tell(ready);
}

/* The escapee's parent is gone: it is the test's own child now. */
static void act_escape(int ready) {
    int middle[2];
    char byte;
    if (pipe2(middle, O_CLOEXEC)) _exit(98);
    if (fork() == 0) {
        setsid();
        pid_t parent = getpid();
        if (fork()) _exit(0);
        close(middle[1]);
        if (read(middle[0], &byte, 1) != 0) _exit(98);
        while (getppid() == parent) poll(NULL, 0, 1); /* its descriptors are closed a moment before it is gone */
        prctl(PR_SET_NAME, "nasty) S 1 (name", 0, 0, 0);
        tell(ready);
        for (;;) pause();
    }
    close(middle[1]);
    tell(ready);
}

static void act_nested(int ready) {
    if (fork() == 0) {
        prctl(PR_SET_NAME, "nr-shepherd", 0, 0, 0);
        if (fork()) tell(ready);
        else tell(ready);
        for (;;) pause();
    }
    tell(ready);
}

static struct nr_met met[64];
static int met_count;

static void remember(void *arg, const struct nr_met *one) {
    (void)arg;
    if (met_count == 64) return;
    met[met_count] = *one;
    met[met_count++].pin = -1;
}

static int meet(bool full, bool spare_ours) {
    met_count = 0;
    return nr_walk(&(struct nr_walk){.visit = remember, .full = full, .spare_ours = spare_ours});
}

/* As the shepherd does it: kill, reap, until ECHILD. Returns the number of passes. */
static int end_tree(struct nr_tree *tree, bool full) {
    for (int passes = 1;; passes++) {
        nr_tree_kill(tree, full);
        pid_t pid;
        siginfo_t info;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0) return passes;
        while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
            if (pid == tree->leader) tree->reaped = true;
        if (pid < 0 && errno == ECHILD) return passes;
    }
}

static void test_bush(bool full) {
    struct nr_tree tree = {.leader = plant(act_bush, 13), .pidfd = -1, .grouped = true};
    is(meet(full, false), 13, "%s: everybody is met", full ? "full" : "lists");
    bool listed_first = met[0].proc.pid == tree.leader && met[0].own && !met[1].own;
    ok(listed_first && met[1].parent == tree.leader, "the leader first, as our own child");
    is(nr_tree_signal(&tree, NR_REACH_TREE, 0, false), 0, "a signal reaches it");
    is(nr_tree_signal(&tree, NR_REACH_TREE, SIGTERM, true), 0, "SIGTERM reaches it, and is ignored");
    is(meet(full, false), 13, "everybody is still there");
    ok(end_tree(&tree, full) > 0, "and is killed until ECHILD");
    is(meet(full, false), 0, "nobody is met");
}

static void test_reach(void) {
    struct nr_tree tree = {.leader = plant(act_escape, 2), .pidfd = -1, .grouped = true};
    tree.pidfd = nr_pidfd_open(tree.leader);
    int alive = meet(false, false);
    is(alive, 2, "leader and escapee");
    struct nr_met escapee = met[0].proc.pid == tree.leader ? met[1] : met[0];
    ok(escapee.own && !strcmp(escapee.proc.name, "nasty) S 1 (nam") && escapee.proc.group != tree.leader, "an orphan is our own child; its name can not fool us");
    is(nr_tree_signal(&tree, NR_REACH_GROUP, SIGKILL, false), 0, "SIGKILL to the group");
    siginfo_t info;
    waitid(P_PID, (id_t)tree.leader, &info, WEXITED | WNOWAIT);
    is(meet(false, false), 1, "spares who left it; a zombie is not met");
    waitpid(tree.leader, NULL, 0);
    tree.reaped = true;
    is(nr_tree_signal(&tree, NR_REACH_LEADER, 0, false), ESRCH, "a reaped leader is nobody");
    is(nr_tree_signal(&tree, NR_REACH_GROUP, 0, false), ESRCH, "so is its empty group");
    is(nr_tree_signal(&tree, NR_REACH_TREE, 0, false), 0, "but not the tree");
    nr_tree_signal_rest(&tree, SIGTERM, true);
    is(waitpid(escapee.proc.pid, NULL, 0), escapee.proc.pid, "the rest had SIGTERM");
    is(nr_tree_signal(&tree, NR_REACH_TREE, 0, false), ESRCH, "now nobody is left");
    if (tree.pidfd >= 0) close(tree.pidfd);
}

static void test_far(void) {
    struct nr_tree tree = {.leader = plant(act_bush, 13), .pidfd = -1, .grouped = true};
    meet(false, false);
    struct nr_met deep = met[met_count - 1];
    ok(!deep.own && nr_met_signal(&deep, 0, false) == 0, "a deep one is proven and reached");
    struct nr_met wrong = deep;
    wrong.proc.start--;
    is(nr_met_signal(&wrong, SIGKILL, false), ESRCH, "another start time: a stranger with that number is untouched");
    wrong = deep;
    wrong.parent = 1;
    is(nr_met_signal(&wrong, SIGKILL, false), ESRCH, "another parent: untouched");
    wrong = deep;
    wrong.parent_start--;
    is(nr_met_signal(&wrong, SIGKILL, false), wrong.parent_pinned ? 0 : ESRCH, "a parent that is not the one met: untouched");
    is(meet(false, false), 13, "all are still there");
    end_tree(&tree, false);
}

static void test_nested(void) {
    struct nr_tree tree = {.leader = plant(act_nested, 3), .pidfd = -1, .grouped = false};
    is(meet(false, true), 1, "a nested shepherd and what is below it are no leftovers");
    is(meet(false, false), 3, "but part of the tree");
    end_tree(&tree, false);
}

static void test_no_descriptors(void) {
    struct nr_tree tree = {.leader = plant(act_bush, 13), .pidfd = -1, .grouped = true};
    int fds[4096], count = 0;
    while (count < 4096 && (fds[count] = dup(0)) >= 0) count++;
    bool out_of_fds = count < 4096 && errno == EMFILE;
    int alive = meet(false, false);
    if (out_of_fds) ok(true, "no descriptor is left");
    else skip("no descriptor is left", "there is no limit here");
    is(alive, 13, "the reserve is enough to meet everybody");
    end_tree(&tree, false);
    while (count) close(fds[--count]);
}

int main(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    struct rlimit { unsigned long now, most; } limit = {256, 256};
    syscall(SYS_prlimit64, 0, 7 /* RLIMIT_NOFILE */, &limit, NULL);
    ok(nr_proc_init(), "there is a /proc");
    struct nr_tree alone = {.leader = plant(act_alone, 1), .pidfd = -1, .grouped = true};
    is(meet(false, false), 1, "a child alone");
    end_tree(&alone, false);
    test_bush(false);
    test_bush(true);
    test_reach();
    test_far();
    test_nested();
    test_no_descriptors();
    ok(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD, "no process is left");
    return tap_done();
}
