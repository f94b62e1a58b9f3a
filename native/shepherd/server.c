/* Owns: the fork server: always an idle shepherd ready, and nothing left of a killed one.
 * Never: a byte of a request, so that no request can harm another job. */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "control.h"
#include "hire.h"
#include "platform.h"
#include "pool.h"
#include "sweep.h"
#include "trace.h"

#define MS INT64_C(1000000)
#define QUIET (5000 * MS)
#define ASK_AGAIN (1000 * MS)
#define MOST_AT_ONCE 16
#define MOST_IDLE 16
#define AFTER_KILL_TIMEOUT 10000 /* ms */

/* In pages of its own: what the fork server writes later would be copied into every shepherd, which gives these back. */
static _Alignas(4096) union {
    struct {
        struct nr_shepherd template;
        struct nr_control control; /* the server socket */
        uint8_t out[NR_OUT_SIZE];
        int host, notices;
        bool detached;    /* one job, and the host's end is no reason to hurry it */
        bool draining;    /* the host is gone: no new shepherds */
        bool retiring;    /* the host hung up the hire socket: only for hires that are queued there */
        int64_t host_end; /* when it went */
        int64_t hired_at; /* the last time */
        int64_t ask_at;   /* when to ask surplus shepherds to leave */
        int64_t kill_at;  /* draining: when the next shepherd is overdue */
        int64_t fork_at;  /* not before: the last fork failed */
        int backoff;      /* ms */
        int at_once;      /* how many to fork when hires wait */
    };
    char pages[2 * 4096];
} server;

/* ---- making shepherds ---- */

/* In the new shepherd. */
static void let_go(void) {
    close(server.control.fd);
    if (server.host >= 0) close(server.host);
    close(server.notices);
    nr_give_back(&server, sizeof server);
    nr_pool_give_back();
}

static bool hires_wait(void) {
    struct pollfd look = {NR_FD_HIRE, POLLIN, 0};
    if (poll(&look, 1, 0) <= 0) return false;
    char byte;
    /* The end of the socket is readable too. */
    return !(look.revents & POLLHUP) || recv(NR_FD_HIRE, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Nobody can be made and nobody is idle: the host shall hear why, instead of waiting. */
static void refuse_one(int error) {
    static struct nr_hire hire;
    if (!hires_wait() || nr_hire_receive(NR_FD_HIRE, MSG_DONTWAIT, &hire) <= 0 || hire.count == 0) return;
    static struct nr_control control;
    static uint8_t out[NR_OUT_SIZE];
    nr_control_open(&control, hire.fds[0], out);
    nr_control_say(&control, NR_FAILED, NR_STAGE_SHEPHERD, error, 0);
    nr_control_say(&control, NR_GONE, 0, 0, 0);
    nr_control_flush(&control);
    nr_control_close(&control);
    nr_hire_close(&hire, 1);
}

static void fork_failed(int error) {
    NR_TRACE("fork failed: %d", error);
    server.backoff = server.backoff == 0 ? 10 : server.backoff < 250 ? server.backoff * 2 : 500;
    server.fork_at = nr_now() + server.backoff * MS;
    if (nr_pool.idle > 0) return;
    nr_control_say(&server.control, NR_FORK_FAILED, 0, error, 0);
    refuse_one(error);
}

/* One is always ready; more at once, twice as many each time, as long as hires wait for somebody. */
static void replenish(void) {
    if (server.detached && server.hired_at) return;
    if (server.draining || nr_pool.idle > 0 || (server.fork_at && nr_now() < server.fork_at)) return;
    bool waiting = hires_wait();
    if (server.retiring && !waiting) return;
    int count = waiting ? server.at_once : 1;
    if (waiting && server.at_once < MOST_AT_ONCE) server.at_once *= 2;
    for (int i = 0; i < count; i++) {
        int error = nr_pool_fork(&server.template, let_go);
        if (error) return fork_failed(error);
        server.backoff = 0;
        server.fork_at = 0;
    }
}

/* Nothing was asked of us for a while: one is enough. Much was asked: more than MOST_IDLE are not needed all the same. */
static void shrink(int64_t now) {
    if (nr_pool.idle <= 1) {
        server.ask_at = NR_NEVER;
    } else if (server.ask_at == NR_NEVER) {
        server.ask_at = now + QUIET;
    } else if (now >= server.ask_at) {
        bool quiet = now - server.hired_at >= QUIET;
        if (quiet) server.at_once = 1;
        nr_pool_shrink(quiet ? 1 : MOST_IDLE);
        server.ask_at = now + ASK_AGAIN;
    }
}

/* ---- what is heard ---- */

static void hear_notices(void) {
    struct nr_notice notices[64];
    ssize_t n = read(server.notices, notices, sizeof notices);
    bool hired = false;
    for (ssize_t i = 0; i < n / (ssize_t)sizeof *notices; i++) hired |= nr_pool_notice(&notices[i]);
    if (hired) server.hired_at = nr_now();
}

static void say_swept(pid_t shepherd, int killed, enum nr_proof proof) {
    NR_TRACE("swept %d: killed %d, proof %d", shepherd, killed, proof);
    nr_control_say(&server.control, NR_SWEPT, proof, shepherd, (uint64_t)killed);
}

static void hear_children(void) {
    struct signalfd_siginfo one;
    if (read(server.template.sigchld, &one, sizeof one) < 0) return;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        NR_TRACE("fork server reaped %d, status %x", pid, status);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (nr_pool_forget(pid)) {
            if (code == NR_UNHEARD) say_swept(pid, 0, NR_PROOF_ITSELF);
            else if (code != 0) nr_sweep_begin(pid);
        } else {
            if (!nr_sweep_going_on()) nr_sweep_begin(0);
            nr_sweep_count(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
    }
    if (server.draining) nr_pool_wake();
}

static void drain(void) {
    if (server.draining) return;
    NR_TRACE("the host is gone");
    server.draining = true;
    server.host_end = nr_now();
    server.kill_at = server.detached ? NR_NEVER : server.host_end;
    close(NR_FD_HIRE);
    nr_control_close(&server.control);
    nr_pool_wake();
    /* They see the end of the hire socket, unless somebody else still holds the host's end of it. */
    nr_pool_shrink(0);
    server.ask_at = server.host_end + ASK_AGAIN;
}

static void hear_frame(void *arg, const struct nr_frame *frame) {
    (void)arg;
    if (frame->type == NR_WAKE) nr_pool_wake();
    else if (frame->type == NR_REPLACE) nr_pool_kill(frame->value, frame->kind == 0);
    else drain();
}

/* ---- the loop ---- */

static int64_t earlier(int64_t one, int64_t other) {
    return one < other ? one : other;
}

static int64_t next_wake(void) {
    int64_t when = earlier(nr_sweep_due(), server.ask_at);
    if (server.draining) return earlier(when, server.kill_at);
    if (server.fork_at && nr_pool.idle == 0) when = earlier(when, server.fork_at);
    return when;
}

static void check_time(void) {
    int64_t when = next_wake(), now = nr_now();
    if (!server.draining) shrink(now);
    if (when > now) return;
    if (nr_sweep_due() <= now) nr_sweep_pass(say_swept);
    if (!server.draining) return;
    if (server.kill_at <= now) server.kill_at = nr_pool_kill_overdue(server.host_end, AFTER_KILL_TIMEOUT);
    if (server.ask_at <= now) {
        nr_pool_shrink(0);
        server.ask_at = now + ASK_AGAIN;
    }
}

static bool finished(void) {
    if (!server.draining && !(server.retiring && !hires_wait())) return false;
    if (nr_pool.idle + nr_pool.busy > 0 || nr_sweep_going_on()) return false;
    if (waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD) return true;
    nr_sweep_begin(0);
    return false;
}

static void wait_and_hear(void) {
    struct pollfd waits[] = {
        {server.notices, POLLIN, 0},
        {server.template.sigchld, POLLIN, 0},
        {server.control.fd, nr_control_events(&server.control), 0},
        {server.draining ? -1 : server.host, POLLIN, 0},
        /* Only its end: who is waiting there is nobody's business as long as one is idle. */
        {server.draining || server.retiring ? -1 : NR_FD_HIRE, 0, 0},
    };
    int64_t when = next_wake();
    poll(waits, sizeof waits / sizeof *waits, nr_poll_ms(when, when == NR_NEVER ? 0 : nr_now()));
    if (waits[0].revents) hear_notices();
    if (waits[1].revents) hear_children();
    if (waits[2].revents) nr_control_read(&server.control, hear_frame, NULL);
    if (waits[2].revents & (POLLHUP | POLLERR | POLLRDHUP) || server.control.ended) drain();
    if (waits[3].revents) drain();
    if (waits[4].revents) server.retiring = true;
}

/* What is there instead of a pidfd where there are none: nothing, or a device. */
static int host_pidfd(void) {
    struct stat info;
    if (fstat(NR_FD_HOST, &info) < 0) return -1;
    if (!S_ISCHR(info.st_mode)) return NR_FD_HOST;
    close(NR_FD_HOST);
    return -1;
}

static void set_up(pid_t host, bool detached) {
    int notices[2] = {-1, -1}, yes = 1;
    nr_hire_init(host);
    nr_pool_init();
    nr_cgroup_init();
    nr_proc_init();
    if (pipe2(notices, O_CLOEXEC | O_NONBLOCK) < 0) nr_exit(125);
    setsockopt(NR_FD_HIRE, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes);
    server.template = (struct nr_shepherd){.hire = NR_FD_HIRE, .notice = notices[1], .sigchld = nr_sigchld_fd(), .null = 0, .host = host};
    server.notices = notices[0];
    server.host = host_pidfd();
    server.ask_at = server.kill_at = NR_NEVER;
    server.at_once = 1;
    server.detached = detached;
    nr_control_open(&server.control, NR_FD_SERVER, server.out);
}

/* Whom the host started is its own child, whose pid nobody else can have; a detached server is not. */
static void say_ready(void) {
    int self = server.detached ? nr_pidfd_open(getpid()) : -1;
    nr_control_say(&server.control, NR_READY, 0, getpid(), NR_PROTOCOL_VERSION);
    server.control.passed = self;
    nr_control_flush(&server.control);
    server.control.passed = -1;
    if (self >= 0) close(self);
}

_Noreturn void nr_server(pid_t host, bool detached) {
    set_up(host, detached);
    say_ready();
    while (!finished()) {
        replenish();
        nr_control_flush(&server.control);
        wait_and_hear();
        check_time();
    }
    NR_TRACE("fork server leaves");
    nr_exit(0);
}
