/* Owns: the walk over all descendants, and signalling them safely.
 * Never: when to do it; a wait for anybody; an allocation. */
#include "tree.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

/* Trees larger than this are met in slices: the next pass meets those who were left out. */
#define ROOM 16384

struct entry {
    pid_t pid, parent;
    uint64_t parent_start;
    bool parent_pinned;
};

static struct entry queue[ROOM];
static pid_t listed[ROOM];
static int queued;

static void enqueue(int count, const struct nr_proc *parent, bool pinned) {
    for (int i = 0; i < count && queued < ROOM; i++) queue[queued++] = (struct entry){listed[i], parent->pid, parent->start, pinned};
}

/* Is its parent still the one it was listed under? A parent that is our own child cannot have been replaced. */
static bool parent_stands(const struct nr_met *met) {
    struct nr_proc parent;
    return met->parent_pinned || (nr_proc_read(met->parent, &parent) && parent.start == met->parent_start);
}

/* Who is this, and is it below us? The parent is asked last: it lives, so whoever had it for a parent before is its child. */
static bool identify(const struct entry *entry, pid_t self, struct nr_met *met) {
    *met = (struct nr_met){.parent = entry->parent, .parent_start = entry->parent_start, .parent_pinned = entry->parent_pinned, .pin = -1};
    if (entry->parent != self) met->pin = nr_proc_pin(entry->pid);
    bool read = met->pin >= 0 ? nr_proc_read_pinned(met->pin, entry->pid, &met->proc) : nr_proc_read(entry->pid, &met->proc);
    if (!read) {
        /* Hidden from us (hidepid) or unreadable, but our own child all the same. */
        met->proc = (struct nr_proc){.pid = entry->pid, .state = '?', .threads = 1};
        return met->own = entry->parent == self;
    }
    met->own = met->proc.ppid == self;
    return met->own || (met->proc.ppid == entry->parent && parent_stands(met));
}

static bool wanted(const struct nr_walk *walk, const struct entry *entry, pid_t self, struct nr_met *met) {
    if (!identify(entry, self, met) || !nr_proc_alive(&met->proc)) return false;
    return !(walk->spare_ours && nr_proc_ours(&met->proc));
}

static bool meet(const struct nr_walk *walk, const struct entry *entry, pid_t self, bool descend) {
    struct nr_met met;
    if (walk->spared && walk->spared(entry->pid)) return false;
    bool visited = wanted(walk, entry, self, &met);
    if (visited && descend) {
        int count = nr_proc_children(met.pin, &met.proc, listed, ROOM);
        enqueue(count, &met.proc, met.own);
    }
    visited = visited && entry->pid != walk->through;
    if (visited) walk->visit(walk->arg, &met);
    nr_proc_unpin(met.pin);
    return visited;
}

/* Each listed process was below us at the time of the reading; its parent is read again to prove it. */
static int walk_full(const struct nr_walk *walk, pid_t self) {
    int count = nr_proc_below(self, walk->spared, listed, ROOM), met = 0;
    for (int i = 0; i < count; i++) {
        struct nr_proc proc, parent = {.pid = self};
        if (!nr_proc_read(listed[i], &proc)) continue;
        if (proc.ppid != self && !nr_proc_read(proc.ppid, &parent)) continue;
        struct entry entry = {listed[i], parent.pid, parent.start, parent.ppid == self};
        met += meet(walk, &entry, self, false);
    }
    return met;
}

int nr_walk(const struct nr_walk *walk) {
    pid_t self = getpid();
    int count = walk->full ? -1 : nr_proc_own_children(listed, ROOM), met = 0;
    if (count < 0) return walk_full(walk, self);
    struct nr_proc us = {.pid = self};
    queued = 0;
    enqueue(count, &us, true);
    for (int head = 0; head < queued; head++) met += meet(walk, &queue[head], self, true);
    return met;
}

/* ---- signals ---- */

/* Is it still the one we met, and still below us? */
static bool proven(const struct nr_met *met, pid_t self) {
    struct nr_proc now;
    if (!nr_proc_read(met->proc.pid, &now) || now.start != met->proc.start) return false;
    return now.ppid == self || (now.ppid == met->parent && parent_stands(met));
}

/* Without a pin (an old kernel, a filter, or no descriptor left) the gap between proof and kill is a few microseconds. */
static int send_far(const struct nr_met *met, int signal, bool wake) {
    if (met->pin >= 0 && nr_pidfd_signal(met->pin, signal) == 0) {
        if (wake) nr_pidfd_signal(met->pin, SIGCONT);
        return 0;
    }
    if (met->pin >= 0 && errno == ESRCH) return ESRCH;
    if (!proven(met, getpid())) return ESRCH;
    int error = kill(met->proc.pid, signal) < 0 ? errno : 0;
    if (wake) kill(met->proc.pid, SIGCONT);
    return error;
}

int nr_met_signal(const struct nr_met *met, int signal, bool wake) {
    if (!met->own) return send_far(met, signal, wake);
    int error = kill(met->proc.pid, signal) < 0 ? errno : 0;
    if (wake) kill(met->proc.pid, SIGCONT);
    return error;
}

int nr_tree_signal_group(const struct nr_tree *tree, int signal, bool wake) {
    if (!tree->grouped) return EINVAL;
    int result = tree->reaped ? nr_pidfd_signal_group(tree->pidfd, signal) : kill(-tree->leader, signal);
    if (result < 0) return errno;
    if (wake && tree->reaped) nr_pidfd_signal_group(tree->pidfd, SIGCONT);
    if (wake && !tree->reaped) kill(-tree->leader, SIGCONT);
    return 0;
}

struct sending {
    int signal, reached, error;
    bool wake;
    pid_t only_group, but_group;
};

static void send_one(void *arg, const struct nr_met *met) {
    struct sending *sending = arg;
    if (sending->but_group && met->proc.group == sending->but_group) return;
    if (sending->only_group && met->proc.group != sending->only_group) return;
    int error = nr_met_signal(met, sending->signal, sending->wake);
    if (error) sending->error = error;
    else sending->reached++;
}

static int send_walking(struct sending *sending, pid_t through) {
    struct nr_walk walk = {.visit = send_one, .arg = sending, .through = through};
    if (nr_walk(&walk) == 0) {
        walk.full = true;
        nr_walk(&walk);
    }
    return sending->reached ? 0 : sending->error ? sending->error : ESRCH;
}

int nr_tree_signal(const struct nr_tree *tree, enum nr_reach reach, int signal, bool wake) {
    struct sending sending = {.signal = signal, .wake = wake};
    if (reach == NR_REACH_LEADER) {
        if (tree->reaped) return ESRCH;
        if (kill(tree->leader, signal) < 0) return errno;
        if (wake) kill(tree->leader, SIGCONT);
        return 0;
    }
    /* At once, and whoever forks meanwhile. */
    if (reach == NR_REACH_TREE && tree->space.init) return nr_namespace_signal(&tree->space, signal, wake) ? ESRCH : 0;
    int error = nr_tree_signal_group(tree, signal, wake);
    if (reach == NR_REACH_GROUP && tree->grouped) {
        if (error != EINVAL && error != ENOSYS && error != EPERM) return error;
        sending.only_group = tree->leader;
    } else if (error == 0) {
        sending.but_group = tree->leader;
        sending.reached = 1;
    }
    return send_walking(&sending, tree->space.init);
}

int nr_tree_signal_rest(const struct nr_tree *tree, int signal, bool wake) {
    struct sending sending = {.signal = signal, .wake = wake, .but_group = tree->grouped ? tree->leader : 0};
    return send_walking(&sending, tree->space.init);
}

/* One call for each: done before any look at /proc, it leaves those who fork against us the least time. */
static void kill_own(void) {
    int count = nr_proc_own_children(listed, ROOM);
    for (int i = 0; i < count; i++) kill(listed[i], SIGKILL);
}

bool nr_tree_kill_near(const struct nr_tree *tree) {
    /* The kernel ends everybody in a namespace with its init, which is our own unreaped child. */
    if (tree->space.init) return kill(tree->space.init, SIGKILL) == 0;
    nr_tree_signal_group(tree, SIGKILL, false);
    kill_own();
    return false;
}

int nr_tree_kill(const struct nr_tree *tree, bool full) {
    struct sending sending = {.signal = SIGKILL};
    bool all = nr_tree_kill_near(tree);
    if (tree->space.init) return all;
    struct nr_walk walk = {.visit = send_one, .arg = &sending, .full = full};
    return nr_walk(&walk);
}
