/* Owns: playing the host for tests: starting a fork server, hiring, asking, hearing frames, all with deadlines.
 * Never: a sleep; a claim of its own. */
#ifndef NR_PLAY_HOST_H
#define NR_PLAY_HOST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "protocol.h"

/* Ten times what is expected anywhere, and more under valgrind: these only end a test that hangs. */
#define PATIENCE_MS 20000

struct server {
    pid_t pid;
    int hire, control;
};

/* What a test asks for; zeroes are useful everywhere but in `argv`. */
struct ask {
    const char *argv[12];
    const char *file; /* NULL: argv[0] */
    const char *env[8];
    const char *cwd;
    int64_t timeout; /* 0: none */
    int64_t kill_timeout, leftover_timeout; /* 0: 200 */
    bool no_grace;
    int kill_signal; /* 0: SIGTERM */
    int scope; /* -1: LEADER, 0: TREE, 1: GROUP */
    int linger, grouping, host_group;
};

struct job {
    int control, out, lifeline; /* out: the child's stdout and stderr; lifeline: ends when everybody who holds fd 3 is dead */
    pid_t shepherd, pid;
    int pidfd;
    struct nr_frame seen[512];
    int count;
    bool ended;
};

__attribute__((unused)) static int64_t play_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the fork server ---- */

__attribute__((unused)) static struct server start_server(const char *path) {
    int hire[2], control[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, hire) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control)) abort();
    /* By the host, too: a hire may be sent before the fork server has come that far. */
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0), yes = 1;
    setsockopt(hire[1], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
    char title[80], padding[400];
    snprintf(title, sizeof title, "net-runner: fork server of %d", (int)getpid());
    memset(padding, ' ', sizeof padding - 1);
    padding[sizeof padding - 1] = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int high[3] = {fcntl(hire[1], F_DUPFD_CLOEXEC, 20), fcntl(control[1], F_DUPFD_CLOEXEC, 20), pidfd < 0 ? -1 : fcntl(pidfd, F_DUPFD_CLOEXEC, 20)};
        for (int i = 0; i < 3; i++)
            if (high[i] >= 0) dup2(high[i], 3 + i);
        char *valgrind = getenv("NR_VALGRIND");
        char *argv[] = {title, padding, NULL}, *none[] = {NULL};
        char log[512];
        snprintf(log, sizeof log, "--log-file=%s/%%p", valgrind ? valgrind : "");
        char *under[] = {(char *)"valgrind", (char *)"-q", (char *)"--error-exitcode=9", (char *)"--leak-check=full", log, (char *)path, title, padding, NULL};
        if (valgrind) execv("/usr/bin/valgrind", under);
        else execve(path, argv, none);
        _exit(99);
    }
    close(hire[1]);
    close(control[1]);
    close(pidfd);
    return (struct server){pid, hire[0], control[0]};
}

/* Waits for one frame: false at the end of the socket or of our patience. */
__attribute__((unused)) static bool next_frame(int fd, struct nr_frame *frame, int *passed, int ms) {
    static _Thread_local uint8_t bytes[NR_FRAME_SIZE];
    size_t got = 0;
    int64_t stop = play_now() + ms;
    while (got < sizeof bytes) {
        struct pollfd wait = {fd, POLLIN, 0};
        int64_t left = stop - play_now();
        if (poll(&wait, 1, left < 0 ? 0 : (int)left) <= 0) return false;
        char space[CMSG_SPACE(sizeof(int))];
        struct iovec into = {bytes + got, sizeof bytes - got};
        struct msghdr message = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
        ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (n <= 0) return false;
        struct cmsghdr *part = message.msg_controllen ? CMSG_FIRSTHDR(&message) : NULL;
        if (part && passed && *passed >= 0) close(*passed);
        if (part && passed) memcpy(passed, CMSG_DATA(part), sizeof(int));
        got += (size_t)n;
    }
    nr_frame_decode(bytes, frame);
    return true;
}

__attribute__((unused)) static void say(int fd, int type, int kind, int value, uint64_t extra) {
    struct nr_frame frame = {.type = (uint8_t)type, .kind = (uint8_t)kind, .value = value, .extra = extra};
    uint8_t bytes[NR_FRAME_SIZE];
    nr_frame_encode(bytes, &frame);
    send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
}

/* Waits until a process that is our own child has ended, and reaps it. */
__attribute__((unused)) static bool reaped(pid_t pid, int *status) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd wait = {fd, POLLIN, 0};
    bool ended = poll(&wait, 1, PATIENCE_MS) == 1;
    close(fd);
    return ended && waitpid(pid, status, 0) == pid;
}

/* ---- requests ---- */

struct bytes {
    uint8_t at[65536];
    size_t length;
};

__attribute__((unused)) static void put_le(struct bytes *bytes, uint64_t value, int size) {
    for (int i = 0; i < size; i++) bytes->at[bytes->length++] = (uint8_t)(value >> (8 * i));
}

__attribute__((unused)) static void put_field(struct bytes *bytes, int tag, const void *data, size_t length) {
    put_le(bytes, (uint64_t)tag, 2);
    put_le(bytes, 0, 2);
    put_le(bytes, length, 4);
    memcpy(bytes->at + bytes->length, data, length);
    bytes->length += length;
}

__attribute__((unused)) static void put_i64(struct bytes *bytes, int tag, int64_t value) {
    put_le(bytes, (uint64_t)tag, 2);
    put_le(bytes, 0, 2);
    put_le(bytes, 8, 4);
    put_le(bytes, (uint64_t)value, 8);
}

__attribute__((unused)) static void put_strings(struct bytes *bytes, int tag, const char *const *strings) {
    char all[8192];
    size_t length = 0;
    for (; *strings; strings++) {
        size_t size = strlen(*strings) + 1;
        memcpy(all + length, *strings, size);
        length += size;
    }
    put_field(bytes, tag, all, length);
}

/* The request's bytes, its length in front. */
__attribute__((unused)) static void build(struct bytes *bytes, const struct ask *ask, const int32_t *rows, int row_count) {
    const char *file = ask->file ? ask->file : ask->argv[0], *cwd = ask->cwd ? ask->cwd : "/";
    bytes->length = 4;
    put_field(bytes, NR_FIELD_FILE, file, strlen(file) + 1);
    put_strings(bytes, NR_FIELD_ARGV, ask->argv);
    put_strings(bytes, NR_FIELD_ENV, ask->env);
    put_field(bytes, NR_FIELD_CWD, cwd, strlen(cwd) + 1);
    put_le(bytes, NR_FIELD_FDS, 4);
    put_le(bytes, (uint64_t)row_count * 12, 4);
    for (int i = 0; i < 3 * row_count; i++) put_le(bytes, (uint32_t)rows[i], 4);
    if (ask->timeout) put_i64(bytes, NR_FIELD_TIMEOUT, ask->timeout);
    put_i64(bytes, NR_FIELD_KILL_TIMEOUT, ask->no_grace ? 0 : ask->kill_timeout ? ask->kill_timeout : 200);
    put_i64(bytes, NR_FIELD_LEFTOVER_TIMEOUT, ask->leftover_timeout ? ask->leftover_timeout : 200);
    put_i64(bytes, NR_FIELD_KILL_SIGNAL, ask->kill_signal ? ask->kill_signal : SIGTERM);
    put_i64(bytes, NR_FIELD_STOP_SCOPE, ask->scope < 0 ? NR_REACH_LEADER : ask->scope ? NR_REACH_GROUP : NR_REACH_TREE);
    put_i64(bytes, NR_FIELD_LINGER, ask->linger);
    put_i64(bytes, NR_FIELD_GROUPING, ask->grouping);
    if (ask->host_group) put_i64(bytes, NR_FIELD_HOST_GROUP, ask->host_group);
    size_t end = bytes->length;
    bytes->length = 0;
    put_le(bytes, end - 4, 4);
    bytes->length = end;
}

/* ---- jobs ---- */

__attribute__((unused)) static int send_hire(int hire, const int *fds, int count, int version) {
    struct nr_frame frame = {.type = NR_HIRE, .value = 200, .extra = (uint64_t)version};
    uint8_t bytes[NR_FRAME_SIZE];
    nr_frame_encode(bytes, &frame);
    struct iovec from = {bytes, sizeof bytes};
    char space[CMSG_SPACE(64 * sizeof(int))];
    memset(space, 0, sizeof space);
    struct msghdr message = {.msg_iov = &from, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(part), fds, (size_t)count * sizeof(int));
    return sendmsg(hire, &message, MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* Hires, sends nothing else. The child's 0 is /dev/null, 1 and 2 are `out`, 3 is the lifeline. */
__attribute__((unused)) static struct job hire_only(const struct server *server) {
    struct job job = {.pidfd = -1};
    int control[2], out[2], lifeline[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) || pipe2(out, O_CLOEXEC) || pipe2(lifeline, O_CLOEXEC)) abort();
    int fds[3] = {control[1], out[1], lifeline[1]};
    if (send_hire(server->hire, fds, 3, NR_PROTOCOL_VERSION)) abort();
    close(control[1]);
    close(out[1]);
    close(lifeline[1]);
    job.control = control[0];
    job.out = out[0];
    job.lifeline = lifeline[0];
    return job;
}

static const int32_t usual_rows[] = {0, -1, 0, 1, 0, 0, 2, 0, 0, 3, 1, 0};

__attribute__((unused)) static struct job start(const struct server *server, struct ask ask) {
    static struct bytes bytes;
    struct job job = hire_only(server);
    build(&bytes, &ask, usual_rows, 4);
    send(job.control, bytes.at, bytes.length, MSG_NOSIGNAL);
    return job;
}

/* Reads on until a frame of this type, remembering all; NULL when it does not come. */
__attribute__((unused)) static const struct nr_frame *hear(struct job *job, int type) {
    while (!job->ended && job->count < 512) {
        struct nr_frame *frame = &job->seen[job->count];
        if (!next_frame(job->control, frame, &job->pidfd, PATIENCE_MS)) {
            job->ended = true;
            return NULL;
        }
        job->count++;
        if (frame->type == NR_HELLO) job->shepherd = frame->value;
        if (frame->type == NR_STARTED) job->pid = frame->value;
        if (frame->type == type) return frame;
    }
    return NULL;
}

/* A frame of this type among those already heard; NULL: none. */
__attribute__((unused)) static const struct nr_frame *heard(const struct job *job, int type) {
    for (int i = 0; i < job->count; i++)
        if (job->seen[i].type == type) return &job->seen[i];
    return NULL;
}

/* Did everybody who holds the other end of this pipe die (or let go)? What is in it is thrown away. */
__attribute__((unused)) static bool ends(int fd) {
    int64_t stop = play_now() + PATIENCE_MS;
    char rest[4096];
    for (;;) {
        struct pollfd wait = {fd, POLLIN, 0};
        int64_t left = stop - play_now();
        if (left <= 0 || poll(&wait, 1, (int)left) <= 0) return false;
        if (read(fd, rest, sizeof rest) <= 0) return true;
    }
}

/* Everything written to a pipe until `word` or its end. */
__attribute__((unused)) static const char *text_until(int fd, const char *word) {
    static char text[65536];
    size_t length = 0;
    int64_t stop = play_now() + PATIENCE_MS;
    text[0] = 0;
    while (length < sizeof text - 1 && !(word && strstr(text, word))) {
        struct pollfd wait = {fd, POLLIN, 0};
        int64_t left = stop - play_now();
        if (left <= 0 || poll(&wait, 1, (int)left) <= 0) break;
        ssize_t n = read(fd, text + length, sizeof text - 1 - length);
        if (n <= 0) break;
        length += (size_t)n;
        text[length] = 0;
    }
    return text;
}

__attribute__((unused)) static void let_go(struct job *job) {
    close(job->control);
    close(job->out);
    close(job->lifeline);
    if (job->pidfd >= 0) close(job->pidfd);
}

#endif
