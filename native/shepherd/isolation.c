/* Owns: what holds a job's tree together besides its shepherd: its own cgroup, from before the birth to after the end; and freezing.
 * Never: how a cgroup is made or removed (cgroup.c, leaf.c); when a tree ends. */
#include <errno.h>
#include <poll.h>
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

#define PASSES 20

static void stop_one(void *arg, const struct nr_met *met) {
    int *running = arg;
    if (met->proc.state == 'T' || met->proc.state == 't' || met->proc.state == 'D') return;
    if (nr_met_signal(met, SIGSTOP, false) == 0) ++*running;
}

/* Without a cgroup: one by one, until a look meets nobody who runs. Somebody who forks faster than we look may get away from it. */
static void stop_all(pid_t through) {
    for (int pass = 0, running = 1; running > 0 && pass < PASSES; pass++) {
        running = 0;
        nr_walk(&(struct nr_walk){.visit = stop_one, .arg = &running, .through = through});
        if (running > 0) poll(NULL, 0, 1);
    }
}

static void answer_freeze(struct nr_job *job, int error) {
    if (job->freezing) nr_control_say(&job->control, NR_DONE, 0, error, job->freezing);
    job->freezing = 0;
}

void nr_job_freeze(struct nr_job *job, uint64_t id) {
    bool over = job->state == NR_LIFE_STARTING || job->state == NR_LIFE_OVER;
    bool ending = job->state == NR_LIFE_ENDING || job->state == NR_LIFE_KILLING;
    answer_freeze(job, ECANCELED);
    job->freezing = id;
    if (over || ending) return answer_freeze(job, over ? ESRCH : EBUSY);
    job->frozen = true;
    if (job->leaf.dir < 0) {
        stop_all(job->tree.space.init);
        return answer_freeze(job, 0);
    }
    int error = nr_leaf_freeze(&job->leaf, true);
    if (error == ENOENT) {
        stop_all(job->tree.space.init);
        error = 0;
    } else if (!error && job->leaf.events >= 0 && !nr_leaf_is_frozen(&job->leaf)) {
        return; /* answered when the kernel says so */
    }
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
