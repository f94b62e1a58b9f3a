/* Owns: the places where a test can make things go wrong, in builds made for that (`make FAULTS=1`). In any other build: nothing at all.
 * Never: a fault that the kernel, or a signal, could not bring about.
 *
 * NET_RUNNER_FAULT=point:action:/a/file, as the host has it when it starts its fork server. It happens once: whoever comes to the point
 * first and can unlink the file. Actions: "crash" (SIGKILL to itself), "orphan" (SIGKILL to its parent, and on once it is dead), "short" (a
 * write takes one byte), or the name of an errno, with which the call at that point fails. */
#ifndef NR_FAULT_H
#define NR_FAULT_H

/* The steps of a birth, in their order; each is the end of the one before. X(name, who comes there) */
#define NR_FAULT_STEPS(X)                                                          \
    X("idle", "a shepherd that waits for a hire, before it does")                  \
    X("hired", "a shepherd, before it tells the fork server")                      \
    X("told", "a shepherd, still tied to the fork server")                         \
    X("hello", "a shepherd, before it says HELLO")                                 \
    X("request", "a shepherd, before it reads the request")                        \
    X("understood", "a shepherd, before it looks whether the job is still wanted") \
    X("fork", "a shepherd, before vfork")                                          \
    X("session", "the child, before its session or group")                         \
    X("fds", "the child, before its descriptors")                                  \
    X("chdir", "the child, before its directory")                                  \
    X("tie", "the child, before its death signal")                                 \
    X("tied", "the child, before it looks whether the shepherd still lives")       \
    X("signals", "the child, before dispositions and mask")                        \
    X("exec", "the child, before exec")                                            \
    X("forked", "a shepherd, when the child has executed")                         \
    X("started", "a shepherd, when STARTED is sent")                               \
    X("gone", "a shepherd, before it says GONE")                                   \
    X("again", "a shepherd, before it is idle again")

/* Calls that can fail. X(name, call) */
#define NR_FAULT_CALLS(X)                                                \
    X("fork-shepherd", "fork() of a shepherd")                           \
    X("tell", "write() of a notice to the fork server")                    \
    X("recv-hire", "recvmsg() of a hire")                                \
    X("recv-request", "recvmsg() of a request")                          \
    X("map-request", "mmap() for a request")                             \
    X("pipe-errors", "pipe2() for the child's errors")                   \
    X("fork-child", "vfork() of the child")                              \
    X("dup-child", "dup2() in the child")                                \
    X("prctl-child", "prctl(PR_SET_PDEATHSIG) in the child")             \
    X("prctl-idle", "prctl(PR_SET_PDEATHSIG) of an idle shepherd")       \
    X("pidfd", "pidfd_open() of the child")                              \
    X("open-proc", "open() below /proc")                                 \
    X("recv-control", "recvmsg() of a frame, in a shepherd")             \
    X("send-control", "sendmsg() of frames, by shepherd or fork server") \
    X("host-pipe", "pipe2() in the host")                                \
    X("host-socketpair", "socketpair() of a job's control")              \
    X("host-hire", "sendmsg() of a hire")                                \
    X("host-server", "socketpair() of a fork server's hire socket")      \
    X("host-fork", "vfork() of a fork server")                           \
    X("host-relay", "pipe2() of the relay that a busy reader reads through") \
    X("host-splice", "splice() into it")                                 \
    X("host-give", "read() out of it")                                   \
    X("host-recv", "recvmsg() of a frame, in the host")                  \
    X("host-send", "sendmsg() of the request, in the host")

/* Writes that can be cut short. */
#define NR_FAULT_WRITES(X)                                   \
    X("send-control", "frames of shepherd and fork server")  \
    X("host-send", "the request, and the frames of the host") \
    X("host-write", "what a program reads on its stdin")     \
    X("report", "the child's error")

#ifdef NR_FAULTS
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NR_FAULT_SHORT (-1)

/* Safe after vfork: system calls, and a look at memory. */
static inline const char *nr_fault_action(const char *point) {
    const char *asked = getenv("NET_RUNNER_FAULT");
    size_t length = strlen(point);
    if (!asked || strncmp(asked, point, length) != 0 || asked[length] != ':') return NULL;
    const char *action = asked + length + 1, *file = strchr(action, ':');
    return file && unlink(file + 1) == 0 ? action : NULL;
}

/* 0, NR_FAULT_SHORT, or an errno. */
__attribute__((unused)) static int nr_fault(const char *point) {
    static const struct {
        const char *name;
        int number;
    } errors[] = {{"EMFILE:", EMFILE}, {"ENFILE:", ENFILE}, {"ENOMEM:", ENOMEM}, {"EAGAIN:", EAGAIN}, {"ENOBUFS:", ENOBUFS}, {"short:", NR_FAULT_SHORT}};
    int before = errno;
    const char *action = nr_fault_action(point);
    errno = before;
    if (!action) return 0;
    if (strncmp(action, "crash:", 6) == 0) kill(getpid(), SIGKILL);
    if (strncmp(action, "orphan:", 7) == 0)
        for (pid_t parent = getppid(); getppid() == parent;) kill(parent, SIGKILL);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strncmp(action, errors[i].name, strlen(errors[i].name)) == 0) return errors[i].number;
    return 0;
}

__attribute__((unused)) static int nr_fault_fails(const char *point) {
    int error = nr_fault(point);
    if (error > 0) errno = error;
    return error > 0;
}

/* For the fork server, whose environment is empty otherwise: the whole entry of ours. */
__attribute__((unused)) static const char *nr_fault_variable(void) {
    const char *asked = getenv("NET_RUNNER_FAULT");
    return asked ? asked - strlen("NET_RUNNER_FAULT=") : NULL;
}

#define NR_FAULT_VARIABLE nr_fault_variable()
/* A step that may be the last. */
#define NR_STEP(point) ((void)nr_fault(point))
/* The call, or -1 with the errno that was asked for. */
#define NR_CALL(point, call) (nr_fault_fails(point) ? -1 : (call))
/* The length of a write, or one byte. */
#define NR_SHORT(point, length) (nr_fault(point) == NR_FAULT_SHORT ? (size_t)1 : (length))
#else
#define NR_FAULT_VARIABLE NULL
#define NR_STEP(point) ((void)0)
#define NR_CALL(point, call) (call)
#define NR_SHORT(point, length) (length)
#endif

#endif
