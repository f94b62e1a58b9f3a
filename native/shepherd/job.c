/* Owns: one job's way from hire to GONE: hello, request, birth, watch, and leaving nothing behind in the shepherd itself.
 * Never: what happens while the child runs (watch.c). */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "platform.h"
#include "spawn.h"
#include "title.h"
#include "trace.h"

static void open_job(struct nr_job *job, struct nr_shepherd *shepherd, int control) {
    nr_request_drop(&job->request);
    nr_control_open(&job->control, control, job->out);
    job->shepherd = shepherd;
    job->state = NR_LIFE_STARTING;
    job->tree = (struct nr_tree){.pidfd = -1, .space = NR_NO_NAMESPACE};
    job->leaf = (struct nr_leaf)NR_NO_LEAF;
    job->frozen = false;
    job->freezing = 0;
    job->terminal = job->pty = -1;
    job->host_gone = job->forced = job->group_asked = job->nobody_met = false;
    job->leftovers = job->passes = job->passes_in_vain = 0;
    job->reaped_said = false;
    memset(&job->reaped, 0, sizeof job->reaped);
    job->timeout_at = job->deadline = job->unkillable_at = job->trim_at = job->freeze_at = NR_NEVER;
}

/* Says what is left to say, however slowly the host reads, unless it is gone. */
static void say_the_rest(struct nr_control *control) {
    for (;;) {
        nr_control_flush(control);
        if (control->fd < 0 || control->out_length == 0) return;
        struct pollfd wait = {control->fd, POLLOUT | POLLRDHUP, 0};
        if (poll(&wait, 1, -1) > 0 && (wait.revents & (POLLHUP | POLLERR | POLLRDHUP))) return;
    }
}

void nr_job_let_go_of_pty(struct nr_job *job) {
    if (job->pty >= 0) close(job->pty);
    job->pty = -1;
}

/* false: the host could not be told all of it. */
static bool close_job(struct nr_job *job) {
    NR_STEP("gone");
    nr_job_release(job);
    say_the_rest(&job->control);
    bool heard = job->control.fd >= 0 && job->control.out_length == 0;
    nr_control_close(&job->control);
    nr_request_drop(&job->request);
    if (job->tree.pidfd >= 0) close(job->tree.pidfd);
    if (job->tree.space.link >= 0) close(job->tree.space.link);
    if (job->terminal >= 0) close(job->terminal);
    return heard;
}

static void refuse(struct nr_job *job, enum nr_stage stage, int error) {
    NR_TRACE("failed: stage %d errno %d", stage, error);
    nr_job_release(job);
    nr_control_say(&job->control, NR_FAILED, stage, error, 0);
    nr_job_happen(job, NR_EVENT_UNBORN, NR_CAUSE_ASKED, 0);
}

/* false: refused, and said so. */
static bool understand(struct nr_job *job, struct nr_hire *hire) {
    enum nr_stage stage = NR_STAGE_REQUEST;
    int error = 0;
    if (hire->cut) stage = NR_STAGE_RECEIVE, error = EMFILE;
    else if (!hire->trusted) stage = NR_STAGE_CREDENTIALS, error = EPERM;
    else if (hire->frame.type != NR_HIRE || hire->frame.extra != NR_PROTOCOL_VERSION) error = EPROTO;
    else error = nr_request_read(job->control.fd, hire->count - 1, &job->request);
    if (error) refuse(job, stage, error);
    return error == 0;
}

/* A host that is gone, or has changed its mind already, gets no child. */
static bool still_wanted(struct nr_job *job) {
    struct pollfd look = {job->control.fd, POLLIN | POLLRDHUP, 0};
    if (poll(&look, 1, 0) > 0) {
        nr_control_read(&job->control, nr_job_answer, job);
        if (job->control.ended || look.revents & (POLLHUP | POLLERR | POLLRDHUP)) nr_job_happen(job, NR_EVENT_HOST_GONE, NR_CAUSE_HOST_GONE, 0);
    }
    return job->state == NR_LIFE_STARTING;
}

/* A pty whose last user has closed it looks ended to the host, though somebody of the tree may open /dev/tty again and write on: held by
 * us as well, it ends when the tree does. */
static void keep_terminal(struct nr_job *job, const struct nr_hire *hire) {
    const struct nr_request *request = &job->request;
    int *kept = request->grouping == NR_GROUPING_TERMINAL ? &job->pty : &job->terminal;
    if (request->grouping != NR_GROUPING_FOREGROUND && request->grouping != NR_GROUPING_TERMINAL) return;
    for (int i = 0; i < request->fd_count; i++)
        if (request->fds[i].target == 0 && request->fds[i].source >= 0)
            *kept = fcntl(hire->fds[1 + request->fds[i].source], F_DUPFD_CLOEXEC, 0);
}

/* A cgroup that was made and cannot be joined is none, for a job that can do without. */
static bool give_birth(struct nr_job *job, struct nr_hire *hire, struct nr_birth *birth) {
    struct nr_request *request = &job->request;
    int null = job->shepherd->null;
    if (nr_spawn(request, hire->fds + 1, null, job->leaf.procs, birth) == 0) return true;
    bool needed = request->cgroup.asked && !request->cgroup.optional;
    if (birth->stage != NR_STAGE_CGROUP_JOIN || needed) return false;
    nr_leaf_remove(&job->leaf);
    enum nr_isolation rest = request->cgroup.isolation == NR_ISOLATION_PIDNS ? NR_ISOLATION_PIDNS : NR_ISOLATION_TREE;
    nr_control_say(&job->control, NR_ISOLATED, rest, 0, 0);
    return nr_spawn(request, hire->fds + 1, null, -1, birth) == 0;
}

static bool bring_to_life(struct nr_job *job, struct nr_hire *hire) {
    struct nr_request *request = &job->request;
    struct nr_birth birth;
    if (!nr_job_isolate(job, &birth.stage, &birth.error)) {
        refuse(job, birth.stage, birth.error);
        return false;
    }
    keep_terminal(job, hire);
    /* Before the birth: this thread sleeps until exec, and may be woken long after it. */
    job->born = nr_now();
    if (!give_birth(job, hire, &birth)) {
        refuse(job, birth.stage, birth.error);
        return false;
    }
    if (job->leaf.procs >= 0) close(job->leaf.procs);
    job->leaf.procs = -1;
    NR_STEP("forked");
    /* Before it is said that the child runs: what the child closes is closed from then on, and nobody of ours holds it. */
    nr_hire_close(hire, 1);
    job->tree.leader = birth.pid;
    job->tree.grouped = request->grouping != NR_GROUPING_JOIN;
    job->tree.space = birth.space;
    /* In a namespace too its number is its own until we let init reap it. */
    job->tree.pidfd = NR_CALL("pidfd", nr_pidfd_open(birth.pid));
    nr_control_pass(&job->control, NR_STARTED, 0, birth.pid, job->tree.pidfd);
    nr_control_flush(&job->control);
    NR_STEP("started");
    nr_job_happen(job, NR_EVENT_BORN, NR_CAUSE_ASKED, 0);
    nr_title_busy(birth.pid, request->file, request->argv);
    return true;
}

void nr_job_trim(struct nr_job *job) {
    job->trim_at = NR_NEVER;
    nr_request_drop(&job->request);
    nr_spawn_forget();
    /* Descriptors and bounds, and what has been said. */
    char *end = (char *)(job->control.out_length ? (void *)job->out : (void *)(job + 1));
    nr_give_back(job->request.fds, (size_t)(end - (char *)job->request.fds));
    nr_give_back_stack();
}

bool nr_job_run(struct nr_shepherd *shepherd, struct nr_hire *hire) {
    static _Alignas(4096) struct nr_job job; /* what it needs while the child runs fits into one page */
    open_job(&job, shepherd, hire->fds[0]);
    NR_STEP("hello");
    nr_control_say(&job.control, NR_HELLO, 0, getpid(), NR_PROTOCOL_VERSION);
    nr_control_flush(&job.control);
    NR_STEP("request");
    bool alive = understand(&job, hire);
    NR_STEP("understood");
    if (alive && job.request.timeout >= 0) job.timeout_at = nr_now() + job.request.timeout * 1000000;
    alive = alive && still_wanted(&job) && bring_to_life(&job, hire);
    nr_hire_close(hire, 1);
    if (alive) {
        job.trim_at = nr_now() + NR_JOB_SHORT;
        nr_job_watch(&job);
    }
    return close_job(&job);
}
