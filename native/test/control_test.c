/* Owns: frames through a socket: cut, joined, coalesced, and a queue that is full.
 * Never: a process. */
#include "control.h"

#include "play_host.h"
#include "tap.h"

static struct nr_frame got[1024];
static int got_count;

static void keep(void *arg, const struct nr_frame *frame) {
    (void)arg;
    got[got_count++ % 1024] = *frame;
}

static struct nr_control control;
static uint8_t out[NR_OUT_SIZE];
static int host;

static void open_pair(void) {
    int ends_of[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_of)) abort();
    host = ends_of[0];
    nr_control_open(&control, ends_of[1], out);
    got_count = 0;
}

static void close_pair(void) {
    nr_control_close(&control);
    close(host);
}

static void test_in(void) {
    open_pair();
    uint8_t bytes[3 * NR_FRAME_SIZE];
    for (int i = 0; i < 3; i++) nr_frame_encode(bytes + i * NR_FRAME_SIZE, &(struct nr_frame){.type = NR_PING, .value = -i, .extra = UINT64_MAX - (uint64_t)i});
    int whole = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        send(host, bytes + i, 1, 0);
        nr_control_read(&control, keep, NULL);
        whole += got_count == (int)((i + 1) / NR_FRAME_SIZE);
    }
    is(whole, sizeof bytes, "byte by byte: a frame is seen with its last byte");
    ok(got[2].type == NR_PING && got[2].value == -2 && got[2].extra == UINT64_MAX - 2, "unharmed");
    send(host, bytes, sizeof bytes, 0);
    nr_control_read(&control, keep, NULL);
    is(got_count, 6, "three at once");
    int fds[2] = {host, host}, before = dup(host);
    close(before);
    send_hire(host, fds, 2, 1);
    nr_control_read(&control, keep, NULL);
    int after = dup(host);
    close(after);
    ok(got_count == 7 && before == after, "descriptors nobody asked for are closed");
    ok(!control.ended, "the host is there");
    send(host, bytes, 5, 0);
    shutdown(host, SHUT_WR);
    nr_control_read(&control, keep, NULL);
    ok(control.ended && control.fd < 0 && got_count == 7, "its end, inside a frame");
    nr_control_say(&control, NR_GONE, 0, 0, 0);
    nr_control_flush(&control);
    ok(control.out_length == 0, "to nobody nothing is said");
    close_pair();
}

static void test_coalesced(void) {
    open_pair();
    nr_control_say(&control, NR_STOPPED, 0, SIGSTOP, 0);
    nr_control_say(&control, NR_CONTINUED, 0, 0, 0);
    nr_control_say(&control, NR_PONG, 0, 0, 1);
    nr_control_say(&control, NR_STOPPED, 0, SIGTSTP, 0);
    nr_control_flush(&control);
    struct nr_frame one, two;
    ok(next_frame(host, &one, NULL, 1000) && next_frame(host, &two, NULL, 1000) && one.type == NR_PONG && two.type == NR_STOPPED && two.value == SIGTSTP, "only the last of STOPPED and CONTINUED");
    ok(!next_frame(host, &one, NULL, 0), "and nothing else");
    close_pair();
}

static void fill_socket(void) {
    while (control.out_length == 0) {
        nr_control_say(&control, NR_PONG, 0, 0, 0);
        nr_control_flush(&control);
    }
}

static void test_full(void) {
    open_pair();
    fill_socket();
    for (int i = 0; i < 100; i++) say(host, NR_PING, 0, i, 0);
    int answers = 0;
    while (nr_control_has_room(&control)) nr_control_say(&control, NR_PONG, 0, 0, 0), answers++;
    nr_control_read(&control, keep, NULL);
    is(got_count, 0, "no room for an answer: no question is read (%d wait)", answers);
    ok(!(nr_control_events(&control) & POLLIN) && (nr_control_events(&control) & POLLOUT), "and none is waited for");
    for (int i = 0; i < 1000; i++) nr_control_say(&control, i % 2 ? NR_STOPPED : NR_CONTINUED, 0, i, 0);
    for (int i = 0; i < 2 * NR_MOST_LEFTOVERS; i++) nr_control_say(&control, NR_LEFTOVER, i % 2, i, 0);
    for (int i = 0; i < NR_MOST_UNKILLABLE; i++) nr_control_say(&control, NR_UNKILLABLE, 'D', i, 0);
    for (int i = 0; i < 14; i++) nr_control_say(&control, NR_USAGE, i % 7, i / 7, 0);
    nr_control_say(&control, NR_STOPPING, 0, 0, 0);
    nr_control_say(&control, NR_EXITED, 0, 3, 0);
    nr_control_say(&control, NR_GONE, 1, 2, 0);
    int counts[256] = {0};
    struct nr_frame frame = {0};
    while (frame.type != NR_GONE) {
        while (next_frame(host, &frame, NULL, 0)) counts[frame.type]++;
        if (control.out_length == 0) break;
        nr_control_flush(&control);
    }
    ok(counts[NR_EXITED] == 1 && counts[NR_GONE] == 1 && frame.type == NR_GONE, "a full queue keeps EXITED and GONE");
    ok(counts[NR_LEFTOVER] == 64 && counts[NR_UNKILLABLE] == 32 && counts[NR_USAGE] == 14 && counts[NR_STOPPING] == 1, "and all else that is said once");
    is(counts[NR_STOPPED] + counts[NR_CONTINUED], 1, "and one word about pauses");
    for (int i = 0; i < 100; i++) nr_control_read(&control, keep, NULL);
    is(got_count, 100, "then the questions are read");
    fill_socket();
    close(host);
    nr_control_flush(&control);
    ok(control.ended, "a host that goes is noticed by writing, too");
    nr_control_close(&control);
}

static void test_passed(void) {
    open_pair();
    int pipe_ends[2], received = -1;
    if (pipe(pipe_ends)) abort();
    nr_control_say(&control, NR_HELLO, 0, 1, 0);
    nr_control_pass(&control, NR_STARTED, 0, 2, pipe_ends[0]);
    nr_control_flush(&control);
    close(pipe_ends[0]);
    struct nr_frame frame;
    ok(next_frame(host, &frame, &received, 1000) && next_frame(host, &frame, &received, 1000) && received >= 0, "a descriptor rides along");
    char byte;
    ok(write(pipe_ends[1], "x", 1) == 1 && read(received, &byte, 1) == 1, "the right one");
    close(received);
    close(pipe_ends[1]);
    close_pair();
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    test_in();
    test_coalesced();
    test_full();
    test_passed();
    return tap_done();
}
