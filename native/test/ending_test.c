/* Owns: endings end to end: stop, timeout, the end of control, leftovers, orders of the host.
 * Never: a sleep. The oracle is a lifeline: a pipe whose end means that everybody who held it is dead. */
#include "stage.h"

static void test_stop(void) {
    struct job job = start(&server, role("ignore"));
    text_until(job.out, "ready");
    say(job.control, NR_STOP, 0, 100, 77);
    const struct nr_frame *done = hear(&job, NR_DONE);
    ok(done && done->value == 0 && done->extra == 77, "STOP is answered at once");
    const struct nr_frame *gone = hear(&job, NR_GONE), *exited = heard(&job, NR_EXITED), *stopping = heard(&job, NR_STOPPING);
    ok(stopping && stopping->kind == NR_CAUSE_ASKED && stopping->value == 100, "STOPPING with cause and grace");
    ok(exited && exited->kind == NR_HOW_SIGNAL && exited->value == SIGKILL && gone && gone->kind == 1, "who ignores SIGTERM is killed, and GONE says so");
    ok(ends(job.lifeline), "nothing left");
    let_go(&job);

    job = start(&server, role("polite"));
    text_until(job.out, "ready");
    say(job.control, NR_STOP, 0, -1, 1);
    gone = hear(&job, NR_GONE), exited = heard(&job, NR_EXITED);
    ok(gone && gone->kind == 0 && exited && exited->kind == NR_HOW_CODE && exited->value == 5, "who ends politely is not killed");
    ok(ends(job.lifeline), "nothing left");
    let_go(&job);

    job = start(&server, role("escape"));
    text_until(job.out, "ready");
    say(job.control, NR_STOP, 0, 0, 1);
    gone = hear(&job, NR_GONE);
    ok(gone && gone->kind == 1 && ends(job.lifeline), "no grace: killed at once, with its escapee");
    let_go(&job);
}

static void test_host_gone(void) {
    struct job job = start(&server, role("escape"));
    text_until(job.out, "ready");
    close(job.control);
    job.control = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ok(ends(job.lifeline), "the end of control ends child and escapee");
    let_go(&job);
    job = hire_only(&server);
    hear(&job, NR_HELLO);
    send(job.control, "\x40\x00", 2, MSG_NOSIGNAL);
    close(job.control);
    job.control = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ok(ends(job.lifeline), "a host that goes inside its request gets no child");
    let_go(&job);
}

static int count_of(const struct job *job, int type) {
    int count = 0;
    for (int i = 0; i < job->count; i++) count += job->seen[i].type == type;
    return count;
}

static void test_leftovers(void) {
    struct job job = start(&server, role("leave"));
    const struct nr_frame *gone = hear(&job, NR_GONE), *exited = heard(&job, NR_EXITED), *stopping = heard(&job, NR_STOPPING);
    ok(exited && exited->value == 7 && stopping && stopping->kind == NR_CAUSE_LEFTOVERS, "the child's exit begins the end of its leftovers");
    ok(gone && gone->value == 1 && gone->kind == 1, "one leftover, killed");
    const struct nr_frame *half = heard(&job, NR_LEFTOVER);
    ok(half && half->value > 0 && memcmp(&half->extra, "an-escap", 8) == 0 && memcmp(&half[1].extra, "ee-name", 8) == 0, "its pid and name");
    ok(half < exited && exited < stopping && stopping < gone, "LEFTOVER, EXITED, STOPPING, GONE");
    ok(ends(job.lifeline), "nothing left");
    let_go(&job);

    struct ask ask = shell("sh -c 'read x; exit 0' <&4 & exit 3");
    ask.linger = NR_LINGER_WAIT;
    ask.argv[2] = "(trap '' TERM; echo here; exec sleep 0.3) & exit 3";
    job = start(&server, ask);
    exited = hear(&job, NR_EXITED);
    gone = hear(&job, NR_GONE);
    ok(exited && gone && gone->kind == 0 && gone->value == 1 && !heard(&job, NR_STOPPING), "linger wait: nobody is signalled");
    let_go(&job);

    ask.linger = NR_LINGER_LEAVE;
    ask.argv[2] = "sleep 1000 & exit 3";
    job = start(&server, ask);
    ok(hear(&job, NR_EXITED), "linger leave: the exit is reported");
    const struct nr_frame *usage = heard(&job, NR_USAGE);
    ok(usage && usage->value == NR_SCOPE_REAPED && usage[2].kind == NR_FIGURE_MAX_RSS && usage[2].extra > 100000, "with what was reaped so far");
    int rows = count_of(&job, NR_USAGE);
    say(job.control, NR_PING, 0, 0, 9);
    ok(hear(&job, NR_PONG) && !heard(&job, NR_GONE), "and its leftovers stay");
    say(job.control, NR_STOP, 0, 5000, 10);
    gone = hear(&job, NR_GONE);
    ok(gone && gone->kind == 0 && ends(job.lifeline), "until they are asked to go, by SIGTERM to their group too");
    is(count_of(&job, NR_USAGE), 2 * rows, "and are counted then");
    let_go(&job);
}

static void test_orders(void) {
    struct ask ask = shell("echo ready; exec sleep 1000");
    struct job job = start(&server, ask);
    text_until(job.out, "ready");
    say(job.control, NR_KILL, 9, SIGTERM, 1);
    ok(hear(&job, NR_DONE)->value == EINVAL, "a reach that is none");
    say(job.control, NR_KILL, NR_REACH_LEADER, 65, 2);
    ok(hear(&job, NR_DONE)->value == EINVAL, "a signal that is none");
    say(job.control, NR_KILL, NR_REACH_LEADER, SIGSTOP, 3);
    const struct nr_frame *stopped = hear(&job, NR_STOPPED);
    ok(stopped && stopped->value == SIGSTOP, "STOPPED");
    say(job.control, NR_KILL, NR_REACH_GROUP, SIGCONT, 4);
    ok(hear(&job, NR_CONTINUED), "CONTINUED");
    say(job.control, NR_KILL, NR_REACH_TREE, SIGSTOP, 5);
    ok(hear(&job, NR_STOPPED), "STOPPED again");
    say(job.control, NR_STOP, 0, 10000, 6);
    const struct nr_frame *gone = hear(&job, NR_GONE), *exited = heard(&job, NR_EXITED);
    ok(gone && gone->kind == 0 && exited && exited->value == SIGTERM, "a stopped tree is woken, and ends politely");
    let_go(&job);

    ask.timeout = 50;
    job = start(&server, ask);
    gone = hear(&job, NR_GONE);
    const struct nr_frame *stopping = heard(&job, NR_STOPPING);
    ok(gone && stopping && stopping->kind == NR_CAUSE_TIMEOUT && ends(job.lifeline), "the request's timeout");
    let_go(&job);

    ask.timeout = 0;
    job = start(&server, ask);
    hear(&job, NR_STARTED);
    say(job.control, 200, 0, 0, 0);
    gone = hear(&job, NR_GONE), stopping = heard(&job, NR_STOPPING);
    ok(gone && stopping && stopping->kind == NR_CAUSE_MALFORMED && ends(job.lifeline), "an unknown frame stops the job");
    let_go(&job);

    ask = role("escape");
    ask.scope = -1;
    job = start(&server, ask);
    text_until(job.out, "ready");
    say(job.control, NR_KILL, NR_REACH_LEADER, SIGKILL, 8);
    gone = hear(&job, NR_GONE), exited = heard(&job, NR_EXITED);
    ok(gone && gone->value == 1 && exited && exited->value == SIGKILL, "a killed leader's escapee is a leftover");
    let_go(&job);
}

int main(int argc, char **argv) {
    open_stage(argc, argv);
    test_stop();
    test_host_gone();
    test_leftovers();
    test_orders();
    return close_stage();
}
