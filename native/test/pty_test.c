/* Owns: a child in a pseudo-terminal: its session, its terminal, and how all of its tree hears that the host's side is closed.
 * Never: the terminal this test was started from: it makes its own. */
#include <sys/ioctl.h>
#include <termios.h>

#include "play_host.h"
#include "tap.h"

static struct server server;

struct pty {
    int near, far;
};

static bool open_pty(struct pty *pty) {
    int unlock = 0;
    pty->near = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->near < 0 || ioctl(pty->near, TIOCSPTLCK, &unlock)) return false;
    pty->far = ioctl(pty->near, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return pty->far >= 0;
}

/* The child's 0, 1 and 2 are the far side, which is closed here; 3 is `out`, 4 the lifeline. */
static struct job start_in(struct pty *pty, struct ask ask) {
    static struct bytes bytes;
    static const int32_t rows[] = {0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 1, 0, 4, 2, 0};
    struct job job = {.pidfd = -1};
    int control[2], out[2], lifeline[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) || pipe2(out, O_CLOEXEC) || pipe2(lifeline, O_CLOEXEC)) abort();
    int fds[4] = {control[1], pty->far, out[1], lifeline[1]};
    if (send_hire(server.hire, fds, 4, NR_PROTOCOL_VERSION)) abort();
    close(control[1]);
    close(pty->far);
    close(out[1]);
    close(lifeline[1]);
    job.control = control[0];
    job.out = out[0];
    job.lifeline = lifeline[0];
    ask.grouping = NR_GROUPING_TERMINAL;
    build(&bytes, &ask, rows, 5);
    send(job.control, bytes.at, bytes.length, MSG_NOSIGNAL);
    return job;
}

static void test_session(void) {
    struct pty pty;
    open_pty(&pty);
    struct job job = start_in(&pty, (struct ask){.argv = {"sh", "-c", "exec >&3; ps -o sid= -p $$; tty </dev/tty >/dev/null && echo own; read x; echo got $x"}});
    ok(hear(&job, NR_STARTED), "a child starts in a pty");
    is(strtol(text_until(job.out, "own"), NULL, 10), job.pid, "it leads a session");
    is(tcgetpgrp(pty.near), job.pid, "it is in the foreground of its terminal");
    if (write(pty.near, "this\n", 5) < 0) abort();
    ok(strstr(text_until(job.out, "got this"), "got this"), "and reads from it");
    hear(&job, NR_GONE);
    let_go(&job);
    close(pty.near);
}

/* The kernel says EIO as soon as nobody has the far side open; here it must not, because the child opens it again. */
static void test_held(void) {
    struct pty pty;
    open_pty(&pty);
    struct job job = start_in(&pty, (struct ask){.argv = {"sh", "-c", "exec </dev/null >/dev/null 2>&1; echo closed >&3; sleep 1000"}});
    hear(&job, NR_STARTED);
    text_until(job.out, "closed");
    fcntl(pty.near, F_SETFL, O_NONBLOCK);
    char byte;
    is(read(pty.near, &byte, 1) < 0 ? errno : 0, EAGAIN, "closed by all its users it is not at its end");
    say(job.control, NR_STOP, 0, 1000, 1);
    ok(hear(&job, NR_GONE), "the tree is gone");
    is(read(pty.near, &byte, 1) < 0 ? errno : 0, EIO, "and with GONE it is");
    let_go(&job);
    close(pty.near);
}

/* Three who ignore the polite signal and say when they were hung up: the leader, one of a background group that is stopped, and one that
 * has left the session, whom the kernel would never tell. */
static void test_hang_up(void) {
    static const char script[] =
        "one() { trap '' TERM; trap 'echo hup $1 >&3; exit' HUP; echo up $1 >&3; while :; do sleep 0.05; done; }\n"
        "export -f one; set -m; (one background) & one_pid=$!\n"
        "setsid -f bash -c 'one away'\n"
        "read x; kill -STOP -$one_pid; one leader";
    struct pty pty;
    open_pty(&pty);
    struct job job = start_in(&pty, (struct ask){.argv = {"bash", "-c", script}, .kill_timeout = 10000});
    hear(&job, NR_STARTED);
    char heard[4096] = "";
    for (int i = 0; i < 2 && !(strstr(heard, "up background\n") && strstr(heard, "up away\n")); i++) strcat(heard, text_until(job.out, "\n"));
    ok(strstr(heard, "up background\n") && strstr(heard, "up away\n"), "two are up");
    if (write(pty.near, "\n", 1) < 0) abort();
    ok(strstr(text_until(job.out, "up leader"), "up leader"), "one of them is stopped, and the leader is up");
    close(job.control);
    close(pty.near);
    const char *said = text_until(job.out, NULL);
    ok(strstr(said, "hup leader"), "the host goes: the leader is hung up");
    ok(strstr(said, "hup background"), "and a stopped background group, which is continued");
    ok(strstr(said, "hup away"), "and who has left the session");
    ok(ends(job.lifeline), "nobody is left");
    close(job.out);
    close(job.lifeline);
    if (job.pidfd >= 0) close(job.pidfd);
}

static void test_refusal(void) {
    static struct bytes bytes;
    struct job job = hire_only(&server);
    build(&bytes, &(struct ask){.argv = {"true"}, .grouping = NR_GROUPING_TERMINAL}, usual_rows, 4);
    send(job.control, bytes.at, bytes.length, MSG_NOSIGNAL);
    const struct nr_frame *failed = hear(&job, NR_FAILED);
    ok(failed && failed->kind == NR_STAGE_TERMINAL && failed->value == ENOTTY, "what is no terminal is refused at a stage of its own");
    ok(hear(&job, NR_GONE), "and nothing is left of that");
    let_go(&job);
}

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : getenv("NR_SHEPHERD") ? getenv("NR_SHEPHERD") : "build/net-runner-shepherd";
    struct pty probe;
    if (!open_pty(&probe)) {
        skip("pseudo-terminals", "none here");
        return tap_done();
    }
    close(probe.near);
    close(probe.far);
    server = start_server(path);
    test_session();
    test_held();
    test_hang_up();
    test_refusal();
    close(server.hire);
    close(server.control);
    ok(reaped(server.pid, NULL), "the fork server leaves");
    return tap_done();
}
