/* Owns: what the end-to-end tests share: the fork server under test, and the cast, which is the test program again, as a child.
 * Never: a test. */
#ifndef NR_STAGE_H
#define NR_STAGE_H

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "idle.h"
#include "play_host.h"
#include "tap.h"

static const char *shepherd_path;
static char self_path[4096];
static struct server server;

/* ---- the cast: this program again, as a child ---- */

static void ignore_all(void) {
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
}

static void say_ready(void) {
    if (write(1, "ready\n", 6) < 0) _exit(98);
}

/* Double fork and a new session; the leader lives on, or exits once the escapee is ready. */
static int escape(bool leader_exits) {
    int gone[2], middle[2];
    char byte;
    if (pipe(gone) || pipe(middle)) return 98;
    if (fork() == 0) {
        setsid();
        pid_t parent = getpid();
        if (fork()) _exit(0);
        close(middle[1]);
        if (read(middle[0], &byte, 1) != 0) _exit(98);
        while (getppid() == parent) poll(NULL, 0, 1); /* its descriptors are closed a moment before it is gone */
        ignore_all();
        prctl(PR_SET_NAME, "an-escapee-name", 0, 0, 0);
        say_ready();
        close(gone[0]);
        if (write(gone[1], "x", 1) < 0) _exit(98);
        for (;;) pause();
    }
    close(gone[1]);
    close(middle[1]);
    if (read(gone[0], &byte, 1) < 0) return 98;
    while (!leader_exits) pause();
    return 7;
}

static int print_state(void) {
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "Sig", 3) == 0) fputs(line, stdout);
    if (status) fclose(status);
    int death = 0;
    prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
    printf("PDEATHSIG %d sid %d pgrp %d\nfds", death, getsid(0) == getpid(), getpgrp() == getpid());
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
    printf("\n");
    return 0;
}

static void exit_five(int number) {
    (void)number;
    _exit(5);
}

/* A handler for the child, the default for what it forked before. */
static _Noreturn void be_polite(void) {
    if (fork() == 0)
        for (;;) pause();
    signal(SIGTERM, exit_five);
    say_ready();
    for (;;) pause();
}

static int play_child(const char *role) {
    if (strcmp(role, "ignore") == 0) {
        ignore_all();
        say_ready();
        for (;;) pause();
    }
    if (strcmp(role, "polite") == 0) be_polite();
    if (strcmp(role, "escape") == 0) return escape(false);
    if (strcmp(role, "leave") == 0) return escape(true);
    if (strcmp(role, "state") == 0) return print_state();
    return 97;
}

__attribute__((unused)) static struct ask role(const char *name) {
    return (struct ask){.argv = {self_path, name}};
}

__attribute__((unused)) static struct ask shell(const char *script) {
    return (struct ask){.argv = {"sh", "-c", script}};
}

__attribute__((unused)) static void expect_exit(struct ask ask, int how, int value, const char *name) {
    struct job job = start(&server, ask);
    const struct nr_frame *gone = hear(&job, NR_GONE), *exited = heard(&job, NR_EXITED);
    ok(gone && exited && exited->kind == how && exited->value == value, "%s", name);
    ok(ends(job.lifeline) && !hear(&job, -1) && job.ended, "%s: nothing left, control ended", name);
    let_go(&job);
}

/* Every shepherd leaves now, and one that finds a leak or an error (sanitizers, valgrind) does so with another status than 0. */
static void test_retreat(void) {
    struct nr_frame frame;
    int swept = 0;
    close(server.hire);
    while (next_frame(server.control, &frame, NULL, PATIENCE_MS)) swept += frame.type == NR_SWEPT && frame.kind != NR_PROOF_ITSELF;
    is(swept, 0, "every other shepherd left in order");
    close(server.control);
}

/* Starts the fork server; when this is a child of the cast, plays it and exits instead. */
static void open_stage(int argc, char **argv) {
    ssize_t n = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
    self_path[n < 0 ? 0 : n] = 0;
    if (argc > 1 && strchr(argv[1], '/') == NULL) exit(play_child(argv[1]));
    shepherd_path = argc > 1 ? argv[1] : getenv("NR_SHEPHERD") ? getenv("NR_SHEPHERD") : "build/net-runner-shepherd";
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    server = start_server(shepherd_path);
    struct nr_frame frame;
    ok(next_frame(server.control, &frame, NULL, PATIENCE_MS) && frame.type == NR_READY && frame.value == server.pid, "READY");
}

/* Everything must leave now, in order. */
static int close_stage(void) {
    int status = -1;
    test_retreat();
    ok(reaped(server.pid, &status) && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the fork server leaves");
    /* Orphans of a fork server that was killed: idle ones die with it, busy ones leave after their job. */
    bool orderly = true;
    while (waitpid(-1, &status, __WALL) > 0)
        orderly = orderly && (status == SIGKILL || (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NR_UNHEARD)));
    bool nobody = errno == ECHILD;
    ok(orderly, "orphaned shepherds, however many, left in order");
    ok(nobody, "no process is left");
    return tap_done();
}

#endif
