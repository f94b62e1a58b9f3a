/* Owns: the first process of a job's pid namespace, and the words between it and the shepherd.
 * Never: a policy; living on without its shepherd. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform.h"

#define LINK 3

static struct {
    pid_t leader;
    bool exited, reaped; /* the shepherd was told of the child's exit; it let the numbers go */
} life;

static void tell(const struct nr_word *word) {
    ssize_t n;
    do n = send(LINK, word, sizeof *word, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
}

/* Its own /proc, where that is allowed; where it is not (a container that hides parts of its own), the host's is seen. Slave first: nothing
 * of this is to be seen outside. */
static void mount_proc(void) {
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) == 0) mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* What has happened to the child; its exit is only looked at. */
static void report(void) {
    siginfo_t info;
    while (!life.exited) {
        memset(&info, 0, sizeof info);
        if (waitid(P_PID, (id_t)life.leader, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) return;
        bool stays = info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED || info.si_code == CLD_CONTINUED;
        if (stays && (waitid(P_PID, (id_t)life.leader, &info, WSTOPPED | WCONTINUED | WNOHANG) < 0 || info.si_pid == 0)) continue;
        life.exited = !stays;
        tell(&(struct nr_word){.what = NR_WORD_EVENT, .code = info.si_code, .status = info.si_status});
    }
}

/* Orphans come to us. The child's zombie is left alone until the shepherd has seen to what needs its numbers. */
static void reap_orphans(void) {
    siginfo_t info;
    for (;;) {
        memset(&info, 0, sizeof info);
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 || info.si_pid == life.leader) return;
        waitpid(info.si_pid, NULL, WNOHANG | __WALL);
    }
}

/* true: nobody is left. */
static bool reap_all(void) {
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0) {}
    return pid < 0 && errno == ECHILD;
}

static void let_go(void) {
    struct nr_word word = {.what = NR_WORD_REAPED};
    while (wait4(life.leader, NULL, __WALL, &word.usage) < 0 && errno == EINTR) {}
    life.reaped = true;
    word.others = !reap_all();
    tell(&word);
    if (!word.others) _exit(0);
}

/* With us the kernel ends everybody. */
static void obey(void) {
    struct nr_order order;
    ssize_t n = recv(LINK, &order, sizeof order, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n != sizeof order) _exit(0);
    if (order.what == NR_ORDER_SIGNAL) {
        kill(-1, order.signal);
        if (order.wake) kill(-1, SIGCONT);
    } else if (order.what == NR_ORDER_REAP && life.exited && !life.reaped) {
        let_go();
    }
}

static _Noreturn void serve(void) {
    int sigchld = nr_sigchld_fd();
    for (;;) {
        struct pollfd waits[] = {{LINK, POLLIN, 0}, {sigchld, POLLIN, 0}};
        struct signalfd_siginfo one;
        report();
        if (!life.exited) reap_orphans();
        else if (life.reaped && reap_all()) _exit(0);
        poll(waits, 2, -1);
        if (waits[1].revents && read(sigchld, &one, sizeof one) < 0) continue;
        if (waits[0].revents) obey();
    }
}

/* The shepherd learns the child's pid from the kernel, which translates the sender's. */
static _Noreturn void be_child(struct nr_plan *plan, int link) {
    struct nr_word word = {.what = NR_WORD_BORN};
    plan->shepherd = 1;
    plan->cgroup = -1;
    if (send(link, &word, sizeof word, MSG_NOSIGNAL) < 0) _exit(127);
    nr_child(plan);
}

_Noreturn void nr_init(struct nr_plan *plan, int link) {
    struct nr_order order;
    /* Armed before the wait: a shepherd that is gone by now has closed its end. */
    nr_die_with_parent(SIGKILL);
    if (recv(link, &order, sizeof order, 0) != sizeof order) _exit(0);
    nr_set_name("nr-init");
    if (plan->cgroup >= 0 && write(plan->cgroup, "0", 1) < 0) nr_child_fail(plan, NR_STAGE_CGROUP_JOIN, errno);
    mount_proc();
    life.leader = fork();
    if (life.leader == 0) be_child(plan, link);
    if (life.leader < 0) nr_child_fail(plan, NR_STAGE_FORK, errno);
    /* Of the job's descriptors not one is ours: its pipes end with it. */
    if (link != LINK) dup3(link, LINK, O_CLOEXEC);
    nr_close_from(LINK + 1);
    serve();
}
