/* Owns: a pid namespace around one job: its first process, what it tells us of the child, what we tell it.
 * Never: a decision: it reaps, passes signals on and dies with its shepherd. */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "init.h"
#include "platform.h"
#include "trace.h"

/* init answers at once, unless somebody outside has stopped it. */
#define PATIENCE_MS 1000

/* Not with shared memory: it lives on beside us. By clone(), since old containers refuse clone3() whatever it is for. */
static pid_t split(int flags) {
#if defined(__s390__)
    return (pid_t)syscall(SYS_clone, NULL, (unsigned long)(flags | SIGCHLD), NULL, NULL, NULL);
#else
    return (pid_t)syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), NULL, NULL, NULL, NULL);
#endif
}

static bool write_map(pid_t pid, const char *file, const char *text) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return n >= 0;
}

/* Everybody stays who he is. Without that right of setgroups() a group that only takes rights away could be dropped. */
static bool map_ids(pid_t init) {
    char uid[48], gid[48];
    snprintf(uid, sizeof uid, "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(gid, sizeof gid, "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    return write_map(init, "setgroups", "deny") && write_map(init, "gid_map", gid) && write_map(init, "uid_map", uid);
}

static int give(const struct nr_namespace *space, struct nr_order order) {
    ssize_t n;
    do n = send(space->link, &order, sizeof order, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? errno : 0;
}

/* 1; 0 at its end; -1 with errno. */
static int hear(const struct nr_namespace *space, int flags, struct nr_word *word, pid_t *sender) {
    struct iovec into = {word, sizeof *word};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(struct ucred))];
    } part;
    struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = &part, .msg_controllen = sizeof part.space};
    ssize_t n;
    do n = recvmsg(space->link, &message, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == ECONNRESET) return 0;
    if (n <= 0) return (int)n;
    struct ucred ids = {0};
    struct cmsghdr *first = CMSG_FIRSTHDR(&message);
    if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_CREDENTIALS) memcpy(&ids, CMSG_DATA(first), sizeof ids);
    *sender = ids.pid;
    return n == sizeof *word ? 1 : 0;
}

void nr_namespace_end(struct nr_namespace *space) {
    if (space->init > 0) {
        kill(space->init, SIGKILL);
        while (waitpid(space->init, NULL, __WALL) < 0 && errno == EINTR) {}
    }
    if (space->link >= 0) close(space->link);
    *space = (struct nr_namespace)NR_NO_NAMESPACE;
}

static pid_t give_up(struct nr_namespace *space, int error) {
    nr_namespace_end(space);
    errno = error;
    return error ? -1 : 0;
}

pid_t nr_namespace_split(struct nr_plan *plan, struct nr_namespace *space) {
    int ends[2], yes = 1;
    bool user = geteuid() != 0;
    *space = (struct nr_namespace)NR_NO_NAMESPACE;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
    space->link = ends[0];
    setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
    pid_t init = split(CLONE_NEWPID | CLONE_NEWNS | (user ? CLONE_NEWUSER : 0));
    if (init == 0) {
        close(ends[0]);
        nr_init(plan, ends[1]);
    }
    int error = init < 0 ? errno : 0;
    close(ends[1]);
    if (init < 0) return give_up(space, error);
    space->init = init;
    if (user && !map_ids(init)) return give_up(space, errno);
    struct nr_word word;
    pid_t child = 0;
    error = give(space, (struct nr_order){.what = NR_ORDER_GO});
    if (error) return give_up(space, error);
    /* The end of it without a word: init could not, and plan->errors says why. */
    if (hear(space, 0, &word, &child) == 1 && word.what == NR_WORD_BORN && child > 0) return child;
    return give_up(space, 0);
}

bool nr_namespace_look(struct nr_namespace *space, siginfo_t *info, bool *gone) {
    struct nr_word word;
    pid_t sender;
    memset(info, 0, sizeof *info);
    int heard = space->link < 0 ? 0 : hear(space, MSG_DONTWAIT, &word, &sender);
    if (heard < 0) return false;
    if (heard == 1 && word.what == NR_WORD_EVENT) {
        info->si_code = word.code;
        info->si_status = word.status;
        return true;
    }
    info->si_code = CLD_KILLED;
    info->si_status = SIGKILL;
    return *gone = true;
}

bool nr_namespace_reap(struct nr_namespace *space, struct rusage *usage) {
    struct nr_word word;
    pid_t sender;
    struct pollfd wait = {space->link, POLLIN, 0};
    if (give(space, (struct nr_order){.what = NR_ORDER_REAP})) return false;
    while (poll(&wait, 1, PATIENCE_MS) > 0 && hear(space, MSG_DONTWAIT, &word, &sender) == 1) {
        if (word.what != NR_WORD_REAPED) continue;
        *usage = word.usage;
        return word.others;
    }
    return true;
}

int nr_namespace_signal(const struct nr_namespace *space, int signal, bool wake) {
    return give(space, (struct nr_order){.what = NR_ORDER_SIGNAL, .signal = signal, .wake = wake});
}
