/* Owns: what ended: reaping it, in the order that keeps numbers safe, and reporting it.
 * Never: what follows from it (life.c). */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"
#include "trace.h"

/* ---- figures ---- */

static void add_time(struct timeval *sum, const struct timeval *more) {
    sum->tv_sec += more->tv_sec;
    sum->tv_usec += more->tv_usec;
    if (sum->tv_usec < 1000000) return;
    sum->tv_sec++;
    sum->tv_usec -= 1000000;
}

/* The same sum as RUSAGE_CHILDREN's, but of this job alone: a shepherd has had others before. */
static void add_usage(struct rusage *sum, const struct rusage *more) {
    add_time(&sum->ru_utime, &more->ru_utime);
    add_time(&sum->ru_stime, &more->ru_stime);
    if (more->ru_maxrss > sum->ru_maxrss) sum->ru_maxrss = more->ru_maxrss;
    sum->ru_minflt += more->ru_minflt;
    sum->ru_majflt += more->ru_majflt;
    sum->ru_nvcsw += more->ru_nvcsw;
    sum->ru_nivcsw += more->ru_nivcsw;
}

static uint64_t microseconds(const struct timeval *time) {
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static void say_reaped(struct nr_job *job, const struct rusage *usage) {
    static const enum nr_scope scope = NR_SCOPE_REAPED;
    struct nr_control *control = &job->control;
    job->reaped_said = true;
    nr_control_say(control, NR_USAGE, NR_FIGURE_USER_US, scope, microseconds(&usage->ru_utime));
    nr_control_say(control, NR_USAGE, NR_FIGURE_SYSTEM_US, scope, microseconds(&usage->ru_stime));
    nr_control_say(control, NR_USAGE, NR_FIGURE_MAX_RSS, scope, (uint64_t)usage->ru_maxrss * 1024);
    nr_control_say(control, NR_USAGE, NR_FIGURE_MINOR_FAULTS, scope, (uint64_t)usage->ru_minflt);
    nr_control_say(control, NR_USAGE, NR_FIGURE_MAJOR_FAULTS, scope, (uint64_t)usage->ru_majflt);
    nr_control_say(control, NR_USAGE, NR_FIGURE_VOLUNTARY, scope, (uint64_t)usage->ru_nvcsw);
    nr_control_say(control, NR_USAGE, NR_FIGURE_INVOLUNTARY, scope, (uint64_t)usage->ru_nivcsw);
}

/* What the kernel counts for a cgroup, as far as its controllers are on. */
static void say_cgroup(struct nr_job *job) {
    static const enum nr_figure figures[] = {NR_FIGURE_USER_US, NR_FIGURE_SYSTEM_US, NR_FIGURE_MEMORY,    NR_FIGURE_MEMORY_PEAK,
                                             NR_FIGURE_PROCESSES, NR_FIGURE_IO_READ, NR_FIGURE_IO_WRITTEN};
    uint64_t value;
    for (unsigned i = 0; job->leaf.dir >= 0 && i < sizeof figures / sizeof *figures; i++)
        if (nr_leaf_figure(&job->leaf, figures[i], &value)) nr_control_say(&job->control, NR_USAGE, figures[i], NR_SCOPE_CGROUP, value);
}

void nr_job_say_usage(struct nr_job *job) {
    say_reaped(job, &job->reaped);
    say_cgroup(job);
}

/* In the ordinary case nobody was reaped since the child, and all that was reaped is said already. */
static void say_last_usage(struct nr_job *job) {
    if (!job->reaped_said) say_reaped(job, &job->reaped);
    say_cgroup(job);
}

static void count_reaped(struct nr_job *job, const struct rusage *usage) {
    add_usage(&job->reaped, usage);
    job->reaped_said = false;
    job->passes_in_vain = 0;
}

/* Said with the exit: with linger 'leave' the host's result is due then. */
static void say_usage_so_far(struct nr_job *job, const struct rusage *usage, bool others) {
    say_reaped(job, usage);
    if (others && job->request.linger == NR_LINGER_LEAVE) say_cgroup(job);
}

/* ---- the terminal of a foreground child ---- */

struct holder {
    pid_t group;
    bool ours;
};

static void compare_group(void *arg, const struct nr_met *met) {
    struct holder *holder = arg;
    holder->ours = holder->ours || met->proc.group == holder->group;
}

/* The child may have handed it on to a group below it, as shells do; but a host in the background never had it to give. */
static bool tree_has_terminal(const struct nr_job *job) {
    struct holder holder = {tcgetpgrp(job->terminal), false};
    if (holder.group <= 0) return false;
    if (holder.group == job->tree.leader) return true;
    if (kill(-holder.group, 0) < 0 && errno == ESRCH) return true;
    nr_walk(&(struct nr_walk){.visit = compare_group, .arg = &holder});
    return holder.ours;
}

/* SIGTTOU is blocked: we may do this from the background. */
static void take_terminal_back(const struct nr_job *job) {
    if (job->terminal >= 0 && tree_has_terminal(job)) tcsetpgrp(job->terminal, job->request.host_group);
}

void nr_job_give_terminal(const struct nr_job *job) {
    if (job->terminal < 0 || job->tree.reaped) return;
    if (tcgetpgrp(job->terminal) == job->request.host_group) tcsetpgrp(job->terminal, job->tree.leader);
}

/* ---- leftovers ---- */

static uint64_t letters(const char *name) {
    uint64_t bytes = 0;
    for (int i = 0; i < 8; i++) bytes |= (uint64_t)(uint8_t)name[i] << (8 * i);
    return bytes;
}

static void say_leftover(void *arg, const struct nr_met *met) {
    struct nr_job *job = arg;
    if (++job->leftovers > NR_MOST_LEFTOVERS) return;
    nr_control_say(&job->control, NR_LEFTOVER, 0, met->proc.pid, letters(met->proc.name));
    nr_control_say(&job->control, NR_LEFTOVER, 1, met->proc.pid, letters(met->proc.name + 8));
}

/* A job that is being ended leaves nothing over: who dies a moment after the child was asked to. */
static void look_for_leftovers(struct nr_job *job) {
    struct nr_walk walk = {.visit = say_leftover, .arg = job, .spare_ours = true, .through = job->tree.space.init};
    if (job->state == NR_LIFE_RUNNING) nr_walk(&walk);
}

/* While the zombie pins the group's number, the whole group can be reached at once. */
static void ask_group(struct nr_job *job) {
    bool asked_before = job->state == NR_LIFE_ENDING && job->request.stop_scope != NR_REACH_LEADER;
    bool may_stay = job->state == NR_LIFE_RUNNING && job->request.linger != NR_LINGER_STOP;
    if (job->state == NR_LIFE_KILLING) nr_tree_signal_group(&job->tree, SIGKILL, false);
    else if (!asked_before && !may_stay) job->group_asked = nr_tree_signal_group(&job->tree, job->request.kill_signal, true) == 0;
}

/* ---- the child ---- */

static int how(const siginfo_t *info) {
    if (info->si_code == CLD_EXITED) return NR_HOW_CODE;
    return info->si_code == CLD_DUMPED ? NR_HOW_CORE : NR_HOW_SIGNAL;
}

/* true: everybody who has ended is reaped and somebody is left; false: nobody is. Without __WALL ECHILD could lie: not every child
 * ends with SIGCHLD. */
static bool reap_all(struct nr_job *job) {
    struct rusage usage;
    pid_t pid;
    while ((pid = wait4(-1, NULL, WNOHANG | __WALL, &usage)) > 0) {
        count_reaped(job, &usage);
    }
    return !(pid < 0 && errno == ECHILD);
}

static void begin_end_of_leftovers(struct nr_job *job) {
    int64_t grace = job->request.kill_timeout;
    if (job->request.leftover_timeout < grace) grace = job->request.leftover_timeout;
    nr_job_happen(job, NR_EVENT_EXITED, NR_CAUSE_LEFTOVERS, grace);
}

/* Its zombie is still there. Everything that needs its numbers comes before the wait that gives them back. */
static void child_exited(struct nr_job *job, const siginfo_t *info) {
    int64_t lived = nr_now() - job->born;
    pid_t two[2];
    int children = nr_proc_own_children(two, 2);
    take_terminal_back(job);
    if (children > 1) look_for_leftovers(job);
    if (children != 1) ask_group(job);
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    wait4(job->tree.leader, NULL, __WALL, &usage);
    job->tree.reaped = true;
    count_reaped(job, &usage);
    bool others = reap_all(job);
    if (others && children < 0) look_for_leftovers(job);
    say_usage_so_far(job, &job->reaped, others);
    nr_control_say(&job->control, NR_EXITED, how(info), info->si_status, (uint64_t)lived);
    NR_TRACE("exited: code %d status %d, %d children", info->si_code, info->si_status, children);
    if (!others) return;
    begin_end_of_leftovers(job);
}

/* The same in a namespace, whose init reaps for us. Until init's own figures come, which are the sum of all, the child's are what is known. */
static void child_exited_apart(struct nr_job *job, const siginfo_t *info, bool gone) {
    int64_t lived = nr_now() - job->born;
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    if (!gone) {
        look_for_leftovers(job);
        ask_group(job);
    }
    bool others = !gone && nr_namespace_reap(&job->tree.space, &usage);
    job->tree.reaped = true;
    job->passes_in_vain = 0;
    say_usage_so_far(job, &usage, others);
    job->reaped_said = false;
    nr_control_say(&job->control, NR_EXITED, how(info), info->si_status, (uint64_t)lived);
    if (others) begin_end_of_leftovers(job);
}

/* Without __WALL, which waitid refuses before Linux 4.7: exec gave the child the ordinary exit signal. */
static bool look_at_child(struct nr_job *job, int options, siginfo_t *info) {
    memset(info, 0, sizeof *info);
    return waitid(P_PID, (id_t)job->tree.leader, info, options | WNOHANG) == 0 && info->si_pid == job->tree.leader;
}

static bool stays(const siginfo_t *info) {
    return info->si_code == CLD_STOPPED || info->si_code == CLD_TRAPPED || info->si_code == CLD_CONTINUED;
}

static void follow_apart(struct nr_job *job) {
    siginfo_t info;
    bool gone = false;
    while (!job->tree.reaped && nr_namespace_look(&job->tree.space, &info, &gone)) {
        if (!stays(&info)) return child_exited_apart(job, &info, gone);
        bool on = info.si_code == CLD_CONTINUED;
        nr_control_say(&job->control, on ? NR_CONTINUED : NR_STOPPED, 0, on ? 0 : info.si_status, 0);
    }
}

/* Stops and continues are taken one by one, the exit is only looked at. */
static void follow_child(struct nr_job *job) {
    siginfo_t info;
    if (job->tree.space.init) return follow_apart(job);
    while (!job->tree.reaped && look_at_child(job, WEXITED | WSTOPPED | WCONTINUED | WNOWAIT, &info)) {
        if (!stays(&info)) return child_exited(job, &info);
        if (!look_at_child(job, WSTOPPED | WCONTINUED, &info)) continue;
        if (info.si_code == CLD_CONTINUED) {
            nr_job_give_terminal(job);
            nr_control_say(&job->control, NR_CONTINUED, 0, 0, 0);
        } else {
            take_terminal_back(job);
            nr_control_say(&job->control, NR_STOPPED, 0, info.si_status, 0);
        }
    }
}

/* wait4(-1) could take the child's zombie, and with it the numbers, before its exit was looked at. */
static void reap_orphans(struct nr_job *job) {
    siginfo_t info;
    for (;;) {
        memset(&info, 0, sizeof info);
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) return;
        if (info.si_pid == job->tree.leader) return follow_child(job);
        struct rusage usage;
        if (wait4(info.si_pid, NULL, WNOHANG | __WALL, &usage) <= 0) return;
        count_reaped(job, &usage);
    }
}

void nr_job_reap(struct nr_job *job) {
    if (job->state == NR_LIFE_OVER) return;
    follow_child(job);
    if (!job->tree.reaped && !job->tree.space.init) reap_orphans(job);
    if (!job->tree.reaped || reap_all(job)) return;
    say_last_usage(job);
    nr_job_release(job);
    nr_job_happen(job, NR_EVENT_EMPTY, NR_CAUSE_ASKED, 0);
}
