/* Owns: children that share the host's terminal: who is in its foreground, and when it comes back.
 * Never: the terminal this test was started from: it makes its own. */
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

#include "play_host.h"
#include "tap.h"

static struct server server;
static int terminal, typing;

/* The child's 0 is the terminal, 1 and 2 are `out`. */
static struct job start_here(struct ask ask) {
    static struct bytes bytes;
    static const int32_t rows[] = {0, 0, 1, 1, 1, 0, 2, 1, 0};
    struct job job = {.pidfd = -1, .lifeline = -1};
    int control[2], out[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) || pipe2(out, O_CLOEXEC)) abort();
    int fds[3] = {control[1], terminal, out[1]};
    send_hire(server.hire, fds, 3, NR_PROTOCOL_VERSION);
    close(control[1]);
    close(out[1]);
    job.control = control[0];
    job.out = out[0];
    ask.host_group = getpgrp();
    build(&bytes, &ask, rows, 3);
    send(job.control, bytes.at, bytes.length, MSG_NOSIGNAL);
    return job;
}

static void test_foreground(void) {
    struct job job = start_here((struct ask){.argv = {"sh", "-c", "echo ready; read x; echo got $x"}, .grouping = NR_GROUPING_FOREGROUND});
    hear(&job, NR_STARTED);
    text_until(job.out, "ready");
    is(tcgetpgrp(terminal), job.pid, "the child has the foreground");
    say(job.control, NR_KILL, NR_REACH_LEADER, SIGSTOP, 1);
    hear(&job, NR_STOPPED);
    is(tcgetpgrp(terminal), getpgrp(), "stopped: the host has it back");
    say(job.control, NR_KILL, NR_REACH_LEADER, SIGCONT, 2);
    hear(&job, NR_CONTINUED);
    is(tcgetpgrp(terminal), job.pid, "continued: the child has it again");
    if (write(typing, "hello\n", 6) < 0) abort();
    ok(strstr(text_until(job.out, "got hello"), "got hello"), "and may read");
    hear(&job, NR_GONE);
    is(tcgetpgrp(terminal), getpgrp(), "exited: the host has it back");
    let_go(&job);
}

static void test_background_host(void) {
    pid_t front = fork();
    if (front == 0) {
        setpgid(0, 0);
        for (;;) pause();
    }
    setpgid(front, front);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(terminal, front);
    struct job job = start_here((struct ask){.argv = {"true"}, .grouping = NR_GROUPING_FOREGROUND});
    ok(hear(&job, NR_STARTED), "a host in the background starts its child");
    is(tcgetpgrp(terminal), front, "and takes the terminal from nobody");
    hear(&job, NR_GONE);
    let_go(&job);
    is(tcgetpgrp(terminal), front, "not even afterwards");
    tcsetpgrp(terminal, getpgrp());
    kill(front, SIGKILL);
    waitpid(front, NULL, 0);
}

static void test_join(void) {
    struct job job = start_here((struct ask){.argv = {"sh", "-c", "ps -o pgid= -p $$"}, .grouping = NR_GROUPING_JOIN});
    is(strtol(text_until(job.out, NULL), NULL, 10), getpgrp(), "a child in the host's group");
    hear(&job, NR_GONE);
    let_go(&job);
    job = start_here((struct ask){.argv = {"sh", "-c", "sleep 1000 & echo ready; wait"}, .grouping = NR_GROUPING_JOIN});
    text_until(job.out, "ready");
    say(job.control, NR_STOP, 0, 1000, 1);
    ok(hear(&job, NR_GONE), "its end spares the group: we are still here");
    let_go(&job);
}

/* A session of its own, whose terminal is the pty: everything here is the host. */
static int host(const char *path, const char *name) {
    setsid();
    terminal = open(name, O_RDWR);
    ioctl(terminal, TIOCSCTTY, 0);
    server = start_server(path);
    test_foreground();
    test_background_host();
    test_join();
    close(server.hire);
    close(server.control);
    ok(reaped(server.pid, NULL), "the fork server leaves");
    return tap_done();
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : getenv("NR_SHEPHERD") ? getenv("NR_SHEPHERD") : "build/net-runner-shepherd";
    char name[64];
    int unlock = 0, number = 0, status = -1;
    typing = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (typing < 0 || ioctl(typing, TIOCSPTLCK, &unlock) || ioctl(typing, TIOCGPTN, &number)) {
        skip("terminals", "no pty here");
        return tap_done();
    }
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    pid_t pid = fork();
    if (pid == 0) _exit(host(path, name));
    return reaped(pid, &status) && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
