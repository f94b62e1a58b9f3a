/* Owns: every process of ours dying in turn: a shepherd, the fork server, the host.
 * Never: a sleep. The oracle is a lifeline: a pipe whose end means that everybody who held it is dead. */
#include "platform.h"
#include "stage.h"

static void test_shepherd_killed(void) {
    struct job job = start(&server, role("escape"));
    text_until(job.out, "ready");
    kill(job.shepherd ? job.shepherd : hear(&job, NR_STARTED) ? job.shepherd : 0, SIGKILL);
    struct nr_frame frame = {0};
    while (next_frame(server.control, &frame, NULL, PATIENCE_MS) && frame.type != NR_SWEPT) {}
    ok(frame.type == NR_SWEPT && frame.value == job.shepherd && frame.kind == 1 && frame.extra >= 1, "a killed shepherd's tree is swept, and proven empty");
    ok(ends(job.lifeline) && !hear(&job, NR_GONE), "nothing left, nothing said");
    let_go(&job);
    expect_exit((struct ask){.argv = {"true"}}, NR_HOW_CODE, 0, "the next job");
}

/* To its host such a shepherd may be lost: it says by its end that nothing is left, and is never met in another job. */
static void test_shepherd_unheard(void) {
    struct job job = start(&server, role("escape"));
    text_until(job.out, "ready");
    hear(&job, NR_STARTED);
    pid_t shepherd = job.shepherd;
    close(job.control);
    job.control = -1;
    struct nr_frame frame = {0};
    while (next_frame(server.control, &frame, NULL, PATIENCE_MS) && frame.type != NR_SWEPT) {}
    ok(frame.type == NR_SWEPT && frame.value == shepherd && frame.kind == NR_PROOF_ITSELF, "a shepherd that could not say GONE ends, and is proven empty by itself");
    ok(ends(job.lifeline), "nothing left of it");
    let_go(&job);
    expect_exit((struct ask){.argv = {"true"}}, NR_HOW_CODE, 0, "the next job has another one");
}

/* SIGSTOP takes effect when its target next runs, and nobody is told of it who is not the parent: so this looks again and again. */
static bool is_stopped(pid_t pid) {
    struct nr_proc proc;
    for (int64_t stop = play_now() + PATIENCE_MS; play_now() < stop; poll(NULL, 0, 1))
        if (!nr_proc_read(pid, &proc) || proc.state == 'T') return true;
    return false;
}

static void test_shepherd_frozen(void) {
    struct job job = start(&server, (struct ask){.argv = {"true"}});
    hear(&job, NR_GONE);
    let_go(&job);
    /* Everybody idle is frozen: nobody answers until WAKE. */
    char path[64], list[4096] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", server.pid, server.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, list, sizeof list - 1);
    list[n < 0 ? 0 : n] = 0;
    close(fd);
    bool stopped = nr_proc_init();
    for (char *at = list; *at; at += strcspn(at, " ") + 1) {
        pid_t pid = (pid_t)strtol(at, NULL, 10);
        kill(pid, SIGSTOP);
        stopped = is_stopped(pid) && stopped;
    }
    ok(stopped, "every shepherd is frozen");
    job = start(&server, (struct ask){.argv = {"true"}});
    say(server.control, NR_WAKE, 0, 0, 0);
    ok(hear(&job, NR_GONE), "WAKE continues frozen shepherds");
    let_go(&job);
}

static void test_server_killed(void) {
    struct server other = start_server(shepherd_path);
    struct job job = start(&other, shell("echo ready; read x; exit 9"));
    hear(&job, NR_STARTED);
    kill(other.pid, SIGSTOP);
    struct job queued = start(&other, (struct ask){.argv = {"sleep", "1000"}});
    struct job more = start(&other, (struct ask){.argv = {"sleep", "1000"}});
    struct job last = start(&other, (struct ask){.argv = {"sleep", "1000"}});
    kill(other.pid, SIGKILL);
    ok(reaped(other.pid, NULL), "the fork server is dead");
    const struct nr_frame *exited = hear(&job, NR_EXITED);
    if (!ok(exited && exited->value == 9 && hear(&job, NR_GONE), "its job goes on, and reports its exit"))
        for (int i = 0; i < job.count; i++) printf("# type %d kind %d value %d\n", job.seen[i].type, job.seen[i].kind, job.seen[i].value);
    hear(&last, NR_HELLO);
    ok(last.ended && last.count == 0, "a hire nobody took ends without a frame");
    close(other.hire);
    close(other.control);
    for (struct job *each = &queued; each; each = each == &queued ? &more : NULL) {
        close(each->control);
        each->control = -1;
        ok(ends(each->lifeline), "nothing left of a hire around the death");
        let_go(each);
    }
    let_go(&job);
    let_go(&last);
}

static void test_end_of_host(void) {
    struct server other = start_server(shepherd_path);
    struct job job = start(&other, role("ignore"));
    text_until(job.out, "ready");
    /* Retired: hires that wait are served, then it goes with its last job. */
    close(other.hire);
    say(job.control, NR_STOP, 0, 0, 1);
    ok(hear(&job, NR_GONE), "a retired fork server's job ends as any other");
    int status = -1;
    ok(reaped(other.pid, &status) && status == 0, "and the fork server leaves after it");
    close(other.control);
    let_go(&job);

    other = start_server(shepherd_path);
    job = start(&other, role("escape"));
    text_until(job.out, "ready");
    close(job.control);
    close(other.hire);
    close(other.control);
    job.control = -1;
    ok(ends(job.lifeline), "the host's end takes everything");
    ok(reaped(other.pid, &status) && status == 0, "and the fork server leaves last");
    let_go(&job);

    pid_t pid = fork();
    if (pid == 0) {
        struct server inner = start_server(shepherd_path);
        struct job inside = start(&inner, role("escape"));
        text_until(inside.out, "ready");
        kill(getpid(), SIGKILL);
    }
    ok(reaped(pid, &status) && WIFSIGNALED(status), "a host dies by SIGKILL");
}

int main(int argc, char **argv) {
    open_stage(argc, argv);
    test_shepherd_killed();
    test_shepherd_unheard();
    test_shepherd_frozen();
    test_server_killed();
    test_end_of_host();
    return close_stage();
}
