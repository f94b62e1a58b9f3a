/* Owns: a shepherd's life between jobs: waiting for a hire, telling the fork server, leaving.
 * Never: a job. */
#include "idle.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "fault.h"
#include "hire.h"
#include "job.h"
#include "platform.h"
#include "title.h"
#include "trace.h"

#define MOST_JOBS 1000

static volatile sig_atomic_t asked_to_leave;

static void leave_soon(int signal) {
    (void)signal;
    asked_to_leave = 1;
}

/* The pipe is full only when the fork server is stopped for a long time. */
static bool tell(const struct nr_shepherd *shepherd, bool busy, int32_t kill_timeout) {
    struct nr_notice notice = {getpid(), shepherd->slot, busy, kill_timeout};
    return NR_CALL("tell", write(shepherd->notice, &notice, sizeof notice)) == sizeof notice;
}

/* Armed first, compared afterwards: the fork server may have died in between. */
static bool belongs_to_server(const struct nr_shepherd *shepherd) {
    return NR_CALL("prctl-idle", nr_die_with_parent(SIGKILL)) == 0 && getppid() == shepherd->server;
}

/* The request to leave is heard here and nowhere else. If it comes just before recvmsg, it is heard after the next hire, or when the
 * fork server asks again. */
static int wait_for_hire(const struct nr_shepherd *shepherd, struct nr_hire *hire) {
    sigset_t leave;
    sigemptyset(&leave);
    sigaddset(&leave, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &leave, NULL);
    NR_STEP("idle");
    int result = nr_hire_receive(shepherd->hire, 0, hire), error = errno;
    sigprocmask(SIG_BLOCK, &leave, NULL);
    errno = error;
    return result;
}

/* false: the host has not heard how the job ended. It may take us for lost, so we are not to be met in another job. */
static bool take(struct nr_shepherd *shepherd, struct nr_hire *hire) {
    NR_STEP("hired");
    shepherd->kill_timeout = hire->frame.value < 0 ? 0 : hire->frame.value;
    shepherd->untold = !tell(shepherd, true, shepherd->kill_timeout);
    NR_STEP("told");
    /* From here on the job survives the fork server. */
    nr_die_with_parent(0);
    return hire->count == 0 || nr_job_run(shepherd, hire);
}

void nr_idle_tell_again(struct nr_shepherd *shepherd) {
    if (shepherd->untold && shepherd->notice >= 0) shepherd->untold = !tell(shepherd, true, shepherd->kill_timeout);
}

void nr_idle_orphaned(struct nr_shepherd *shepherd) {
    close(shepherd->hire);
    close(shepherd->notice);
    shepherd->hire = shepherd->notice = -1;
}

static void settle_in(void) {
    nr_set_name("nr-shepherd");
    nr_title_idle();
    nr_hide_memory(false);
    nr_become_subreaper();
    nr_proc_forked();
    struct sigaction action = {.sa_handler = leave_soon};
    sigaction(SIGUSR1, &action, NULL);
}

_Noreturn void nr_idle(struct nr_shepherd *shepherd) {
    static struct nr_hire hire;
    settle_in();
    for (int jobs = 0; jobs < MOST_JOBS && !asked_to_leave; jobs++) {
        if (jobs > 0) NR_STEP("again");
        if (shepherd->hire < 0 || !belongs_to_server(shepherd)) break;
        if (jobs > 0 && !tell(shepherd, false, 0)) break;
        int result;
        do result = wait_for_hire(shepherd, &hire);
        while (result < 0 && errno == EINTR && !asked_to_leave);
        if (result <= 0) break;
        if (take(shepherd, &hire)) continue;
        NR_TRACE("shepherd leaves unheard");
        nr_exit(NR_UNHEARD);
    }
    NR_TRACE("shepherd leaves");
    nr_exit(0);
}
