/* Owns: what each frame of the host asks for, and the answer it gets.
 * Never: how it is done. */
#include <errno.h>
#include <signal.h>

#include "job.h"

static int kill_asked(struct nr_job *job, const struct nr_frame *frame) {
    if (frame->kind > NR_REACH_TREE || frame->value < 0 || frame->value > 64) return EINVAL;
    /* Who has ended already must not count as reached. */
    if (job->state != NR_LIFE_STARTING) nr_job_reap(job);
    if (job->state == NR_LIFE_STARTING || job->state == NR_LIFE_OVER) return ESRCH;
    /* Before it runs: a read from a terminal that is not its own would stop it again. */
    if (frame->value == SIGCONT) nr_job_give_terminal(job);
    return nr_tree_signal(&job->tree, (enum nr_reach)frame->kind, frame->value, false);
}

static void stop_asked(struct nr_job *job, const struct nr_frame *frame) {
    bool valid = frame->value >= -1;
    nr_control_say(&job->control, NR_DONE, 0, valid ? 0 : EINVAL, frame->extra);
    int64_t grace = frame->value == -1 ? job->request.kill_timeout : frame->value;
    if (valid) nr_job_happen(job, NR_EVENT_STOP, NR_CAUSE_ASKED, grace);
}

static void thaw_asked(struct nr_job *job, const struct nr_frame *frame) {
    bool there = job->state != NR_LIFE_STARTING && job->state != NR_LIFE_OVER;
    if (there) nr_job_thaw(job);
    nr_control_say(&job->control, NR_DONE, 0, there ? 0 : ESRCH, frame->extra);
}

void nr_job_answer(void *arg, const struct nr_frame *frame) {
    struct nr_job *job = arg;
    switch (frame->zero ? 0 : frame->type) {
    case NR_KILL: {
        int error = kill_asked(job, frame);
        nr_control_say(&job->control, NR_DONE, 0, error, frame->extra);
        break;
    }
    case NR_STOP:
        stop_asked(job, frame);
        break;
    case NR_FREEZE:
        nr_job_freeze(job, frame->extra);
        break;
    case NR_THAW:
        thaw_asked(job, frame);
        break;
    case NR_USAGE_ASK:
        nr_job_reap(job);
        if (job->state != NR_LIFE_OVER) nr_job_say_usage(job);
        nr_control_say(&job->control, NR_DONE, 0, job->state == NR_LIFE_OVER ? ESRCH : 0, frame->extra);
        break;
    case NR_PING:
        nr_control_say(&job->control, NR_PONG, 0, 0, frame->extra);
        break;
    default:
        /* Whoever is out of step can not be understood again. */
        job->control.garbage = true;
        nr_job_happen(job, NR_EVENT_STOP, NR_CAUSE_MALFORMED, job->request.kill_timeout);
    }
}
