/* Owns: what the new process does to itself before exec, in the order that ARCHITECTURE.md (Birth) explains.
 * Never: a call that is not async-signal-safe, an allocation, a return: it shares the shepherd's memory and stack. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fault.h"
#include "platform.h"

_Noreturn void nr_child_fail(const struct nr_plan *plan, enum nr_stage stage, int error) {
    struct nr_child_error said = {stage, error};
    ssize_t n;
    do n = write(plan->errors, &said, NR_SHORT("report", sizeof said));
    while (n < 0 && errno == EINTR);
    _exit(127);
}

/* All signals are blocked, SIGTTOU with them: a background group may touch its terminal without being stopped. */
static void take_foreground(const struct nr_plan *plan) {
    if (setpgid(0, 0) < 0) nr_child_fail(plan, NR_STAGE_GROUP, errno);
    pid_t foreground = tcgetpgrp(plan->terminal);
    if (foreground < 0) nr_child_fail(plan, NR_STAGE_FOREGROUND, errno);
    if (foreground == plan->request->host_group && tcsetpgrp(plan->terminal, getpid()) < 0) nr_child_fail(plan, NR_STAGE_FOREGROUND, errno);
}

static void join(const struct nr_plan *plan) {
    switch (plan->request->grouping) {
    case NR_GROUPING_SESSION:
        if (setsid() < 0) nr_child_fail(plan, NR_STAGE_SESSION, errno);
        break;
    case NR_GROUPING_TERMINAL:
        if (setsid() < 0) nr_child_fail(plan, NR_STAGE_SESSION, errno);
        if (ioctl(plan->terminal, TIOCSCTTY, 0) < 0) nr_child_fail(plan, NR_STAGE_TERMINAL, errno);
        break;
    case NR_GROUPING_JOIN:
        if (setpgid(0, plan->request->host_group) < 0) nr_child_fail(plan, NR_STAGE_GROUP, errno);
        break;
    case NR_GROUPING_FOREGROUND:
        take_foreground(plan);
        break;
    }
}

/* Out of the way of every target, so that any permutation works. What is above already stays: the ordinary case. */
static int lift(const struct nr_plan *plan, int fd) {
    if (fd > plan->request->highest_target) return fd;
    int lifted = fcntl(fd, F_DUPFD_CLOEXEC, plan->request->highest_target + 1);
    if (lifted < 0) nr_child_fail(plan, NR_STAGE_FDS, errno);
    return lifted;
}

static void block_again(const struct nr_plan *plan, int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || ((flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)) nr_child_fail(plan, NR_STAGE_FDS, errno);
}

/* Everything the shepherd holds is close-on-exec, its 0, 1 and 2 included; dup2 takes the mark off what is asked for. */
static void place_fds(struct nr_plan *plan) {
    const struct nr_request *request = plan->request;
    plan->errors = lift(plan, plan->errors);
    for (int i = 0; i < request->fd_count; i++) plan->sources[i] = lift(plan, plan->sources[i]);
    for (int i = 0; i < request->fd_count; i++) {
        if (NR_CALL("dup-child", dup2(plan->sources[i], request->fds[i].target)) < 0) nr_child_fail(plan, NR_STAGE_FDS, errno);
        if (request->fds[i].inherited) block_again(plan, request->fds[i].target);
    }
}

/* Armed first, compared afterwards: the shepherd may have died in between. It is the last thing that changes who we are. */
static void tie_to_shepherd(const struct nr_plan *plan) {
    if (NR_CALL("prctl-child", nr_die_with_parent(SIGKILL)) < 0) nr_child_fail(plan, NR_STAGE_PDEATHSIG, errno);
    NR_STEP("tied");
    if (getppid() != plan->shepherd) nr_child_fail(plan, NR_STAGE_PDEATHSIG, ESRCH);
}

/* The fork server made every disposition the default at its start; exec would take our one handler away too, but between the open
 * mask and exec it could still run, in the shepherd's memory. */
static void reset_signals(const struct nr_plan *plan) {
    struct sigaction normal = {.sa_handler = SIG_DFL};
    sigset_t none;
    sigemptyset(&none);
    if (sigaction(SIGUSR1, &normal, NULL) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0) nr_child_fail(plan, NR_STAGE_SIGNALS, errno);
}

/* ---- exec, as execvp does it, but with the request's PATH and a word about interpreters ---- */

/* A missing interpreter, of a script or of a binary, is told from a missing program only by looking. */
#define MISSING_INTERPRETER (-1)

static int try(struct nr_plan *plan, const char *path) {
    char **argv = plan->request->argv;
    execve(path, argv, plan->request->envp);
    int error = errno;
    if (error == ENOENT) return access(path, F_OK) == 0 ? MISSING_INTERPRETER : ENOENT;
    if (error != ENOEXEC) return error;
    /* No format the kernel knows: a script without a first line. {"/bin/sh", path, the arguments}. */
    char *name = argv[0];
    argv[-1] = (char *)"/bin/sh";
    argv[0] = (char *)path;
    execve("/bin/sh", argv - 1, plan->request->envp);
    error = errno;
    argv[0] = name;
    return error;
}

/* Is this a reason to look in the next directory? */
static bool elsewhere(int error) {
    switch (error) {
    case MISSING_INTERPRETER:
    case EACCES:
    case ENOENT:
    case ENOTDIR:
    case ESTALE:
    case ENODEV:
    case ETIMEDOUT:
    case ENAMETOOLONG:
        return true;
    }
    return false;
}

static bool join_path(char *into, const char *directory, size_t length, const char *file) {
    size_t name = strlen(file);
    if (length + 1 + name + 1 > PATH_MAX) return false;
    memcpy(into, directory, length);
    if (length) into[length++] = '/';
    memcpy(into + length, file, name + 1);
    return true;
}

/* The most telling error wins: something was there but could not be executed, rather than nothing was there. */
static int worse(int one, int other) {
    if (one == MISSING_INTERPRETER || other == MISSING_INTERPRETER) return MISSING_INTERPRETER;
    if (one == EACCES || other == EACCES) return EACCES;
    return one == ENAMETOOLONG ? one : ENOENT;
}

static int search(struct nr_plan *plan) {
    const char *file = plan->request->file;
    if (!*file) return ENOENT;
    if (strchr(file, '/')) return try(plan, file);
    if (strlen(file) > NAME_MAX) return ENAMETOOLONG;
    int result = ENOENT;
    for (const char *at = plan->path;; at++) {
        size_t length = strcspn(at, ":");
        int error = join_path(plan->candidate, at, length, file) ? try(plan, plan->candidate) : ENAMETOOLONG;
        if (!elsewhere(error)) return error;
        if (error != ENAMETOOLONG) result = worse(error, result);
        at += length;
        if (!*at) return result;
    }
}

/* 0 is whoever writes it. Everything that it will ever start is in there too. */
static void join_cgroup(const struct nr_plan *plan) {
    if (plan->cgroup >= 0 && write(plan->cgroup, "0", 1) < 0) nr_child_fail(plan, NR_STAGE_CGROUP_JOIN, errno);
}

static void must(const struct nr_plan *plan, int stage) {
    if (stage) nr_child_fail(plan, (enum nr_stage)stage, errno);
}

/* Priority needs privileges that another user lacks; a low limit of descriptors would stop dup2; another identity takes the death
 * signal away; the directory is entered with the rights that the program will have. */
_Noreturn void nr_child(struct nr_plan *plan) {
    const struct nr_bounds *bounds = &plan->request->bounds;
    NR_STEP("session");
    join(plan);
    join_cgroup(plan);
    must(plan, nr_bounds_priority(bounds));
    NR_STEP("fds");
    place_fds(plan);
    must(plan, nr_bounds_limits(bounds));
    must(plan, nr_bounds_identity(bounds));
    NR_STEP("chdir");
    if (chdir(plan->request->cwd) < 0) nr_child_fail(plan, NR_STAGE_CHDIR, errno);
    must(plan, nr_bounds_privileges(bounds));
    NR_STEP("tie");
    tie_to_shepherd(plan);
    NR_STEP("signals");
    reset_signals(plan);
    NR_STEP("exec");
    int error = search(plan);
    if (error == MISSING_INTERPRETER) nr_child_fail(plan, NR_STAGE_INTERPRETER, ENOENT);
    nr_child_fail(plan, NR_STAGE_EXEC, error);
}
