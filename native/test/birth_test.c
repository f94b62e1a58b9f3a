/* Owns: births end to end, with this test as the host: exits, failures, what the child finds, refusals, reuse.
 * Never: a sleep. The oracle is a lifeline: a pipe whose end means that everybody who held it is dead. */
#include "stage.h"

static void test_exits(void) {
    struct job job = start(&server, (struct ask){.argv = {"true"}});
    hear(&job, NR_GONE);
    static const int order[] = {NR_HELLO, NR_STARTED, NR_USAGE, NR_USAGE, NR_USAGE, NR_USAGE, NR_USAGE, NR_USAGE, NR_USAGE, NR_EXITED,
                                NR_GONE};
    bool same = job.count == sizeof order / sizeof *order;
    for (int i = 0; same && i < job.count; i++) same = job.seen[i].type == order[i];
    ok(same, "true: all frames, in order");
    ok(job.pid > 0 && job.shepherd > 0 && job.pid != job.shepherd, "pids");
    if (getenv("NR_VALGRIND")) skip("a pidfd came with STARTED", "valgrind knows no pidfds");
    else ok(job.pidfd >= 0, "a pidfd came with STARTED");
    const struct nr_frame *rss = &job.seen[4];
    ok(rss->kind == NR_FIGURE_MAX_RSS && rss->value == NR_SCOPE_REAPED && rss->extra > 100000, "peak memory is in bytes");
    ok(heard(&job, NR_EXITED)->extra > 0, "how long it ran");
    let_go(&job);
    expect_exit((struct ask){.argv = {"false"}}, NR_HOW_CODE, 1, "false");
    expect_exit(shell("exit 42"), NR_HOW_CODE, 42, "exit 42");
    expect_exit(shell("kill -9 $$"), NR_HOW_SIGNAL, 9, "died of SIGKILL");
    job = start(&server, (struct ask){.argv = {"sh", "-c", "echo $0:$1:$X; pwd"}, .env = {"X=y"}, .cwd = "/usr"});
    ok(strstr(text_until(job.out, NULL), "sh::y\n/usr\n"), "arguments, environment, directory");
    let_go(&job);
}

static void expect_failure(struct ask ask, int stage, int error, const char *name) {
    struct job job = start(&server, ask);
    const struct nr_frame *gone = hear(&job, NR_GONE), *failed = heard(&job, NR_FAILED);
    ok(gone && failed && !heard(&job, NR_STARTED), "%s: FAILED, GONE", name);
    is(failed ? failed->kind : 0, stage, "%s: stage", name);
    is(failed ? failed->value : 0, error, "%s: errno", name);
    ok(ends(job.lifeline), "%s: nobody holds anything", name);
    let_go(&job);
}

static void write_file(const char *path, const char *text, mode_t mode) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (write(fd, text, strlen(text)) < 0) abort();
    fchmod(fd, mode);
    close(fd);
}

static void test_failures(void) {
    char dir[] = "/tmp/nr-birth-XXXXXX", path[300], search[300];
    if (!mkdtemp(dir)) abort();
    expect_failure((struct ask){.argv = {"no-such-program-here"}}, NR_STAGE_EXEC, ENOENT, "not in PATH");
    expect_failure((struct ask){.argv = {"/no/such/program"}}, NR_STAGE_EXEC, ENOENT, "no such file");
    expect_failure((struct ask){.argv = {""}}, NR_STAGE_EXEC, ENOENT, "empty name");
    expect_failure((struct ask){.argv = {"/etc/passwd"}}, NR_STAGE_EXEC, EACCES, "not executable");
    expect_failure((struct ask){.argv = {"/etc/passwd/x"}}, NR_STAGE_EXEC, ENOTDIR, "not a directory");
    expect_failure((struct ask){.argv = {"true"}, .cwd = "/no/such"}, NR_STAGE_CHDIR, ENOENT, "no such directory");
    expect_failure((struct ask){.argv = {"true"}, .grouping = NR_GROUPING_JOIN, .host_group = 1 << 29}, NR_STAGE_GROUP, EPERM, "no such group");
    expect_failure((struct ask){.argv = {"true"}, .grouping = NR_GROUPING_FOREGROUND, .host_group = getpgrp()}, NR_STAGE_FOREGROUND, ENOTTY, "no terminal");
    snprintf(path, sizeof path, "%s/orphan", dir);
    write_file(path, "#!/no/such/interpreter\n", 0755);
    if (getenv("NR_VALGRIND")) skip("missing interpreter", "valgrind does not survive a failing exec");
    else expect_failure((struct ask){.argv = {path}}, NR_STAGE_INTERPRETER, ENOENT, "missing interpreter");
    snprintf(path, sizeof path, "%s/locked", dir);
    write_file(path, "exit 3\n", 0644);
    snprintf(search, sizeof search, "PATH=%s:/bin", dir);
    expect_failure((struct ask){.argv = {"locked"}, .env = {search}}, NR_STAGE_EXEC, EACCES, "EACCES is remembered over ENOENT");
    chmod(path, 0755);
    expect_exit((struct ask){.argv = {"locked"}, .env = {search}}, NR_HOW_CODE, 3, "a file without #! runs in a shell, found in the request's PATH");
    unlink(path);
    snprintf(path, sizeof path, "%s/orphan", dir);
    unlink(path);
    rmdir(dir);
}

static void test_clean_start(void) {
    struct job job = start(&server, role("state"));
    const char *text = text_until(job.out, NULL);
    ok(strstr(text, "SigBlk:\t0000000000000000") && strstr(text, "SigIgn:\t0000000000000000"), "no signal blocked or ignored");
    if (getenv("NR_VALGRIND")) skip("exactly the descriptors asked for", "valgrind leaves its log open");
    else if (!ok(strstr(text, "fds 0 1 2 3\n"), "exactly the descriptors asked for")) printf("# %s", text);
    ok(strstr(text, "PDEATHSIG 9 sid 1 pgrp 1"), "dies with its shepherd, leads its own session");
    let_go(&job);

    /* Every source already lies where another one must go: a rotation of 3, 4 and 5, and 0 is absent. */
    int control[2], pipes[3][2], fds[4];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control)) abort();
    fds[0] = control[1];
    for (int i = 0; i < 3; i++) {
        if (pipe2(pipes[i], O_CLOEXEC | O_NONBLOCK)) abort();
        fds[1 + i] = pipes[i][1];
    }
    send_hire(server.hire, fds, 4, NR_PROTOCOL_VERSION);
    for (int i = 0; i < 4; i++) close(fds[i]);
    static struct bytes bytes;
    static const int32_t rows[] = {30, 0, 1, 9, 1, 0, 8, 2, 0, 1, 0, 0, 7, 1, 0};
    struct ask ask = {.argv = {"/bin/bash", "-c", "echo a >&9; echo b >&8; echo c >&30; echo d >&7; ls /proc/$$/fd >&1; grep flags /proc/$$/fdinfo/30"}};
    build(&bytes, &ask, rows, 5);
    send(control[0], bytes.at, bytes.length, MSG_NOSIGNAL);
    job = (struct job){.control = control[0], .pidfd = -1};
    hear(&job, NR_GONE);
    char got[3][4096];
    for (int i = 0; i < 3; i++) {
        ssize_t n = read(pipes[i][0], got[i], sizeof got[i] - 1);
        got[i][n < 0 ? 0 : n] = 0;
        close(pipes[i][0]);
    }
    if (!ok(strstr(got[0], "c\n1\n") && strstr(got[0], "30\n7\n8\n9\n"), "any permutation, to exactly these numbers")) printf("# %s\n", got[0]);
    ok(strstr(got[0], "flags:\t0100001") || strstr(got[0], "flags:\t01\n"), "O_NONBLOCK is taken off what is inherited");
    ok(!strcmp(got[1], "a\nd\n") && !strcmp(got[2], "b\n"), "one source, two targets");
    close(control[0]);
    if (job.pidfd >= 0) close(job.pidfd);
}

static void test_bad_requests(void) {
    struct job job = hire_only(&server);
    send(job.control, "\x04\x00\x00\x00\xff\xff\xff\xff", 8, MSG_NOSIGNAL);
    hear(&job, NR_GONE);
    const struct nr_frame *failed = heard(&job, NR_FAILED);
    ok(failed && failed->kind == NR_STAGE_REQUEST && failed->value == EPROTO, "an unreadable request");
    let_go(&job);
    job = hire_only(&server);
    send(job.control, "\xff\xff\xff\xff", 4, MSG_NOSIGNAL);
    hear(&job, NR_GONE), failed = heard(&job, NR_FAILED);
    ok(failed && failed->kind == NR_STAGE_REQUEST && failed->value == E2BIG, "a request that is too long");
    let_go(&job);

    int control[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control)) abort();
    send_hire(server.hire, &control[1], 1, NR_PROTOCOL_VERSION + 1);
    close(control[1]);
    job = (struct job){.control = control[0], .pidfd = -1};
    hear(&job, NR_GONE), failed = heard(&job, NR_FAILED);
    ok(failed && failed->kind == NR_STAGE_REQUEST && failed->value == EPROTO, "another version");
    close(control[0]);

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control)) abort();
    pid_t stranger = fork();
    if (stranger == 0) _exit(send_hire(server.hire, &control[1], 1, NR_PROTOCOL_VERSION));
    waitpid(stranger, NULL, 0);
    close(control[1]);
    job = (struct job){.control = control[0], .pidfd = -1};
    hear(&job, NR_GONE), failed = heard(&job, NR_FAILED);
    ok(failed && failed->kind == NR_STAGE_CREDENTIALS && failed->value == EPERM, "a hire that is not the host's");
    close(control[0]);
}

/* ---- the pool ---- */

static void test_reuse(void) {
    pid_t first = 0;
    int same = 0;
    for (int i = 0; i < 40; i++) {
        struct job job = start(&server, (struct ask){.argv = {"true"}});
        hear(&job, NR_GONE);
        if (i == 0) first = job.shepherd;
        same += job.shepherd == first;
        let_go(&job);
    }
    ok(same > 1, "a shepherd serves again (%d of 40)", same);

    static struct job jobs[16];
    int started = 0, right = 0;
    for (; started < 16; started++) jobs[started] = start(&server, (struct ask){.argv = {"true"}});
    for (int i = 0; i < 200; i++) {
        struct job *job = &jobs[i % 16];
        const struct nr_frame *gone = hear(job, NR_GONE), *exited = heard(job, NR_EXITED);
        right += gone && exited && exited->kind == NR_HOW_CODE && exited->value == 0;
        let_go(job);
        if (started < 200) *job = start(&server, (struct ask){.argv = {"true"}}), started++;
        else job->control = job->out = job->lifeline = job->pidfd = -1;
    }
    is(right, 200, "200 jobs, 16 at a time");
}

static void test_few_descriptors(void) {
    struct rlimit old, low;
    getrlimit(RLIMIT_NOFILE, &old);
    low = old;
    struct server other;
    low.rlim_cur = 24;
    setrlimit(RLIMIT_NOFILE, &low);
    other = start_server(shepherd_path);
    setrlimit(RLIMIT_NOFILE, &old);
    int control[2], fds[32];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control)) abort();
    for (int i = 0; i < 32; i++) fds[i] = control[1];
    send_hire(other.hire, fds, 32, NR_PROTOCOL_VERSION);
    close(control[1]);
    struct job job = {.control = control[0], .pidfd = -1};
    hear(&job, NR_GONE);
    const struct nr_frame *failed = heard(&job, NR_FAILED);
    ok(failed && failed->kind == NR_STAGE_RECEIVE && failed->value == EMFILE, "no room for the descriptors: FAILED(RECEIVE, EMFILE)");
    ok(!hear(&job, -1) && job.ended, "and none is kept");
    close(control[0]);
    job = start(&other, (struct ask){.argv = {"true"}});
    ok(hear(&job, NR_GONE) && heard(&job, NR_EXITED), "the next job works");
    let_go(&job);
    close(other.hire);
    close(other.control);
    ok(reaped(other.pid, NULL), "gone");
}

int main(int argc, char **argv) {
    open_stage(argc, argv);
    test_exits();
    test_failures();
    test_clean_start();
    test_bad_requests();
    test_reuse();
    if (getenv("NR_VALGRIND")) skip("few descriptors", "valgrind needs more");
    else test_few_descriptors();
    return close_stage();
}
