/* Owns: the one wait of a busy shepherd, its deadlines, and doing what the table says.
 * Never: a block anywhere else; a decision of its own. */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "job.h"
#include "platform.h"
#include "title.h"
#include "trace.h"

#define MS INT64_C(1000000)
#define NEXT_PASS (2 * MS)
#define LATER_PASS (50 * MS)
#define PATIENT_PASSES 20
#define DOUBLINGS 5
#define TRUSTING_PASSES 3
#define UNKILLABLE_AFTER (5000 * MS)

/* ---- what the table orders ---- */

static void ask_politely(struct nr_job *job, enum nr_reach reach) {
    int polite = job->request.kill_signal;
    nr_job_thaw(job); /* whoever is frozen cannot take a hint */
    if (job->tree.reaped) reach = NR_REACH_TREE;
    if (job->group_asked) {
        nr_tree_signal_rest(&job->tree, polite, true);
        return;
    }
    nr_tree_signal(&job->tree, reach, polite, true);
    job->group_asked = reach != NR_REACH_LEADER;
}

/* The kernel tells only the session's leader and the foreground group that a terminal is gone. */
static void hang_up(const struct nr_job *job) {
    if (job->request.grouping == NR_GROUPING_TERMINAL) nr_tree_signal(&job->tree, NR_REACH_TREE, SIGHUP, true);
}

static void kill_all(struct nr_job *job) {
    int64_t now = nr_now();
    bool first = !job->forced;
    if (first) job->unkillable_at = now + UNKILLABLE_AFTER;
    job->forced = true;
    /* Cheapest first: mostly nobody is left after that, and /proc is not opened. Whoever is in the cgroup is dying: a look at each of them
     * would only take its time away. Once it is empty, whoever lives has left it, and may fork against us. */
    bool trusted = nr_leaf_kill(&job->leaf) && (first || !nr_leaf_is_empty(&job->leaf));
    if (!trusted && first) nr_tree_kill_near(&job->tree);
    else if (!trusted || job->passes >= TRUSTING_PASSES) job->nobody_met = nr_tree_kill(&job->tree, job->nobody_met) == 0;
    /* The kernel's own kill needs no help: each look is rarer than the one before. */
    int64_t pause = trusted ? NEXT_PASS << (job->passes < DOUBLINGS ? job->passes : DOUBLINGS)
                            : job->passes_in_vain < PATIENT_PASSES ? NEXT_PASS : LATER_PASS;
    if (job->passes < INT_MAX) job->passes++;
    job->passes_in_vain++;
    job->deadline = now + pause;
}

void nr_job_happen(struct nr_job *job, enum nr_event event, enum nr_cause cause, int64_t grace) {
    struct nr_step step = nr_life(job->state, event, job->request.linger, grace == 0);
    NR_TRACE("state %d event %d -> state %d actions %x", job->state, event, step.next, step.actions);
    job->state = step.next;
    if (step.actions & NR_DO_ANNOUNCE) nr_control_say(&job->control, NR_STOPPING, cause, (int32_t)(grace > INT32_MAX ? INT32_MAX : grace), 0);
    if (step.actions & NR_DO_NEARER) {
        int64_t deadline = nr_now() + (grace > NR_LONGEST_MS ? NR_LONGEST_MS : grace) * MS;
        if (deadline < job->deadline) job->deadline = deadline;
    }
    if (step.actions & NR_DO_HANG_UP) hang_up(job);
    if (step.actions & NR_DO_POLITE) ask_politely(job, job->request.stop_scope);
    if ((step.actions & NR_DO_REST) && job->request.stop_scope != NR_REACH_TREE) ask_politely(job, NR_REACH_TREE);
    if (step.actions & NR_DO_KILL) kill_all(job);
    if (step.actions & NR_DO_GONE) {
        /* Before the host hears of the end: it may look for the job's words in everybody's command line. */
        nr_title_idle();
        nr_job_let_go_of_pty(job);
        nr_control_say(&job->control, NR_GONE, job->forced, job->leftovers, 0);
    }
}

/* ---- who would not die ---- */

struct reporting {
    struct nr_control *control;
    int count;
};

static void say_unkillable(void *arg, const struct nr_met *met) {
    struct reporting *reporting = arg;
    if (++reporting->count > NR_MOST_UNKILLABLE) return;
    uint64_t name = 0;
    for (int i = 0; i < 8; i++) name |= (uint64_t)(uint8_t)met->proc.name[i] << (8 * i);
    nr_control_say(reporting->control, NR_UNKILLABLE, met->proc.state, met->proc.pid, name);
}

static void report_unkillable(struct nr_job *job) {
    struct reporting reporting = {&job->control, 0};
    struct nr_walk walk = {.visit = say_unkillable, .arg = &reporting, .full = job->nobody_met, .through = job->tree.space.init};
    nr_walk(&walk);
}

/* ---- the wait ---- */

static int64_t next_deadline(const struct nr_job *job) {
    int64_t when = job->timeout_at;
    if (job->deadline < when) when = job->deadline;
    if (job->trim_at < when) when = job->trim_at;
    if (job->freeze_at < when) when = job->freeze_at;
    return job->unkillable_at < when ? job->unkillable_at : when;
}

static void check_deadlines(struct nr_job *job) {
    if (next_deadline(job) == NR_NEVER) return;
    int64_t now = nr_now();
    if (job->trim_at <= now) nr_job_trim(job);
    if (job->freeze_at <= now) nr_job_freeze_on(job);
    if (job->timeout_at <= now) {
        job->timeout_at = NR_NEVER;
        nr_job_happen(job, NR_EVENT_TIMEOUT, NR_CAUSE_TIMEOUT, job->request.kill_timeout);
    }
    if (job->deadline <= now) nr_job_happen(job, NR_EVENT_DEADLINE, NR_CAUSE_ASKED, 0);
    if (job->unkillable_at <= now && job->state == NR_LIFE_KILLING) {
        job->unkillable_at = NR_NEVER;
        report_unkillable(job);
    }
}

static void hear_host(struct nr_job *job, short events) {
    struct nr_control *control = &job->control;
    if (events & POLLIN) nr_control_read(control, nr_job_answer, job);
    if ((events & (POLLHUP | POLLERR | POLLRDHUP)) && control->fd >= 0) {
        nr_control_close(control);
        control->ended = true;
    }
}

/* What is detached has no host from then on: nobody hears it, nobody can stop it, and it ends by itself. */
static bool needs_host(const struct nr_job *job) {
    switch (job->request.detachment) {
    case NR_DETACHMENT_ALL:
        return false;
    case NR_DETACHMENT_LEFTOVERS:
        return job->state != NR_LIFE_LINGERING;
    default:
        return true;
    }
}

static void notice_end_of_host(struct nr_job *job) {
    if (!job->control.ended || job->host_gone) return;
    job->host_gone = true;
    if (!needs_host(job)) return;
    nr_job_happen(job, NR_EVENT_HOST_GONE, NR_CAUSE_HOST_GONE, job->request.kill_timeout);
}

static void hear_children(struct nr_job *job) {
    struct signalfd_siginfo one;
    /* Before the waits: a child that ends after them raises the signal again. */
    if (read(job->shepherd->sigchld, &one, sizeof one) < 0) return;
    nr_job_reap(job);
    /* Somebody went, somebody is left: whose children came to us may be met now. */
    if (job->state == NR_LIFE_KILLING && job->passes_in_vain == 0 && job->leaf.dir < 0) job->deadline = nr_now();
}

void nr_job_watch(struct nr_job *job) {
    struct nr_shepherd *shepherd = job->shepherd;
    /* Saying STARTED may have shown that nobody listens any more. */
    notice_end_of_host(job);
    while (job->state != NR_LIFE_OVER) {
        struct pollfd waits[5] = {
            {shepherd->sigchld, POLLIN, 0},
            {job->control.fd, nr_control_events(&job->control), 0},
            {shepherd->notice, shepherd->untold ? POLLOUT : 0, 0},
            {job->freezing ? job->leaf.events : -1, POLLPRI, 0},
            {job->tree.reaped ? -1 : job->tree.space.link, POLLIN, 0},
        };
        int64_t when = next_deadline(job);
        poll(waits, 5, nr_poll_ms(when, when == NR_NEVER ? 0 : nr_now()));
        if (waits[0].revents) hear_children(job);
        if (waits[4].revents) nr_job_reap(job);
        if (waits[1].revents) hear_host(job, waits[1].revents);
        if (waits[2].revents & POLLERR) nr_idle_orphaned(shepherd);
        else if (waits[2].revents & POLLOUT) nr_idle_tell_again(shepherd);
        if (waits[3].revents) nr_job_hear_cgroup(job);
        notice_end_of_host(job);
        check_deadlines(job);
        nr_control_flush(&job->control);
        notice_end_of_host(job);
    }
}
