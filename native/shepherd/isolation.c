/* Owns: what holds a job's tree together besides its shepherd: its own cgroup, from before the birth to after the end; and freezing.
 * Never: how a cgroup is made or removed (cgroup.c, leaf.c); when a tree ends. */
#include <errno.h>
#include <signal.h>

#include "cgroup.h"
#include "job.h"
#include "platform.h"
#include "trace.h"

/* ---- before and after ---- */

static void say_isolation(struct nr_job *job, enum nr_isolation isolation) {
    if (job->leaf.dir >= 0) nr_control_pass(&job->control, NR_ISOLATED, isolation, 0, job->leaf.dir);
    else nr_control_say(&job->control, NR_ISOLATED, isolation, 0, 0);
    nr_control_flush(&job->control);
}

bool nr_job_isolate(struct nr_job *job, enum nr_stage *stage, int *error) {
    const struct nr_cgroup_wish *wish = &job->request.cgroup;
    if (wish->isolation == NR_ISOLATION_PIDNS && !wish->asked) say_isolation(job, NR_ISOLATION_PIDNS);
    if (!wish->asked && (wish->isolation == NR_ISOLATION_TREE || wish->isolation == NR_ISOLATION_PIDNS)) return true;
    int failed = nr_cgroup_enter(wish, job->shepherd->host, job->shepherd->record, &job->leaf);
    if (!failed) {
        /* The host holds the lock too, and can end and remove it when everybody of ours is gone. */
        say_isolation(job, wish->isolation == NR_ISOLATION_PIDNS ? NR_ISOLATION_PIDNS : NR_ISOLATION_CGROUP);
        return true;
    }
    NR_TRACE("no cgroup: stage %d errno %d", failed, errno);
    if (wish->isolation == NR_ISOLATION_PIDNS && wish->optional) say_isolation(job, NR_ISOLATION_PIDNS);
    if (!wish->asked || wish->optional) return true;
    *stage = (enum nr_stage)failed;
    *error = errno;
    return false;
}

void nr_job_release(struct nr_job *job) {
    if (job->leaf.dir < 0) return;
    uint64_t kills = nr_leaf_oom_kills(&job->leaf);
    if (kills) nr_control_say(&job->control, NR_OOM, 0, 0, kills);
    nr_leaf_remove(&job->leaf);
}

/* ---- freezing ---- */

#define MS INT64_C(1000000)
#define QUICK_PASSES 20
#define LATER_PASS (20 * MS)

/* Whoever sleeps in the kernel (D) has the signal waiting for it. Whoever is about to run, or to be woken, is asked again: it may wait long for a
 * processor, and only its state says that it stopped. */
static void stop_one(void *arg, const struct nr_met *met) {
    int *running = arg;
    char state = met->proc.state;
    if (state == 'T' || state == 't') return;
    if (nr_met_signal(met, SIGSTOP, false) == 0 && (state == 'R' || state == 'S')) ++*running;
}

static void answer_freeze(struct nr_job *job, int error) {
    if (job->freezing) nr_control_say(&job->control, NR_DONE, 0, error, job->freezing);
    job->freezing = 0;
    job->freeze_at = NR_NEVER;
}

/* 0, or why nobody is to be stopped any more. */
static int too_late(const struct nr_job *job) {
    if (job->state == NR_LIFE_STARTING || job->state == NR_LIFE_OVER) return ESRCH;
    return job->state == NR_LIFE_ENDING || job->state == NR_LIFE_KILLING ? EBUSY : 0;
}

/* Somebody who forks faster than we look may get away from one pass: the first follow each other closely. */
void nr_job_freeze_on(struct nr_job *job) {
    int running = 0, error = too_late(job);
    if (!error) nr_walk(&(struct nr_walk){.visit = stop_one, .arg = &running, .through = job->tree.space.init});
    if (error || running == 0) return answer_freeze(job, error);
    job->freeze_at = nr_now() + (job->freeze_passes < QUICK_PASSES ? MS : LATER_PASS);
    if (job->freeze_passes < QUICK_PASSES) job->freeze_passes++;
}

void nr_job_freeze(struct nr_job *job, uint64_t id) {
    answer_freeze(job, ECANCELED);
    job->freezing = id;
    int error = too_late(job);
    if (error) return answer_freeze(job, error);
    job->frozen = true;
    job->freeze_passes = 0;
    error = job->leaf.dir < 0 ? ENOENT : nr_leaf_freeze(&job->leaf, true);
    if (error == ENOENT) return nr_job_freeze_on(job);
    if (!error && job->leaf.events >= 0 && !nr_leaf_is_frozen(&job->leaf)) return; /* answered when the kernel says so */
    answer_freeze(job, error);
}

void nr_job_hear_cgroup(struct nr_job *job) {
    if (nr_leaf_is_frozen(&job->leaf)) answer_freeze(job, 0);
}

void nr_job_thaw(struct nr_job *job) {
    answer_freeze(job, ECANCELED);
    if (!job->frozen) return;
    job->frozen = false;
    if (job->leaf.dir < 0 || nr_leaf_freeze(&job->leaf, false) == ENOENT) nr_tree_signal(&job->tree, NR_REACH_TREE, SIGCONT, false);
}
