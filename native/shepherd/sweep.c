/* Owns: ending whatever a killed shepherd left to the fork server, until nothing of it is there.
 * Never: a living shepherd, or anything below one. */
#include "sweep.h"

#include <signal.h>

#include "platform.h"
#include "pool.h"
#include "tree.h"

#define MS INT64_C(1000000)
#define PATIENT_PASSES 20
#define SAY_UNPROVEN_AFTER (5000 * MS)
#define LEAVE_CGROUPS_AFTER (3000 * MS)
#define MOST 1024
#define ROOM 32768

static struct {
    bool going_on, clean_before;
    int killed, passes;
    int64_t began, due;
    pid_t dead[MOST]; /* whose trees are being swept, and not reported yet */
    int count;
} sweep = {.due = NR_NEVER};

void nr_sweep_begin(pid_t shepherd) {
    int64_t now = nr_now();
    if (!sweep.going_on) sweep.killed = 0;
    if (!sweep.going_on || shepherd) sweep.began = now;
    sweep.going_on = true;
    sweep.clean_before = false;
    sweep.passes = 0;
    sweep.due = now;
    if (shepherd && sweep.count < MOST) sweep.dead[sweep.count++] = shepherd;
}

void nr_sweep_count(bool killed) {
    sweep.killed += killed;
    sweep.passes = 0;
}

bool nr_sweep_going_on(void) {
    return sweep.going_on;
}

int64_t nr_sweep_due(void) {
    return sweep.due;
}

static void kill_one(void *arg, const struct nr_met *met) {
    (void)arg;
    nr_met_signal(met, SIGKILL, false);
}

/* Whoever is not below a living shepherd has a forebear among our own children that is no shepherd: when it dies its children come
 * to us before it can be reaped. So a list of our children without a stranger proves that there is none at all. Where the kernel
 * has no such list, two full readings in a row that meet nobody must do. */
static bool nobody_left(bool met_nobody) {
    static pid_t children[ROOM];
    int count = nr_proc_own_children(children, ROOM);
    if (count < 0) {
        bool twice = met_nobody && sweep.clean_before;
        sweep.clean_before = met_nobody;
        return twice;
    }
    if (count == ROOM) return false;
    for (int i = 0; i < count; i++)
        if (!nr_pool_lives(children[i])) return false;
    return true;
}

static void report(nr_swept *swept, enum nr_proof proof) {
    for (int i = 0; i < sweep.count; i++) swept(sweep.dead[i], sweep.killed, proof);
    sweep.count = 0;
}

void nr_sweep_pass(nr_swept *swept) {
    struct nr_walk walk = {.visit = kill_one, .spared = nr_pool_lives};
    bool met_nobody = nr_walk(&walk) == 0;
    int64_t now = nr_now();
    /* First, as it is the quicker way; and again after everybody is gone, as a cgroup is empty only then. */
    bool leaves = nr_pool_sweep_leaves(now - sweep.began >= LEAVE_CGROUPS_AFTER) > 0;
    if (nobody_left(met_nobody) && !leaves) {
        report(swept, NR_PROOF_SWEEP);
        sweep.going_on = false;
        sweep.due = NR_NEVER;
        return;
    }
    if (now - sweep.began >= SAY_UNPROVEN_AFTER) report(swept, NR_PROOF_NONE);
    sweep.due = now + (++sweep.passes <= PATIENT_PASSES ? 2 * MS : 50 * MS);
}
