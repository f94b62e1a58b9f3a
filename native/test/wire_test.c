/* Owns: the wire as nobody of ours would use it: cut at each byte, half closed, too long, with too few descriptors or too many, garbage by
 * seeds. That job fails or ends, no other one notices, and the shepherds keep nothing of it. (FAULTS 40)
 * Never: the library. NR_FUZZ_SECONDS: how long to go on with new seeds; without it the seeds are few, and always the same. */
#include <dirent.h>

#include "stage.h"

#define SEEDS 300

static struct bytes whole;
static uint64_t state;

static uint32_t any(uint32_t below) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 11) % below;
}

static int count_entries(const char *path, bool numbers) {
    DIR *dir = opendir(path);
    int count = 0;
    if (!dir) return -1;
    for (struct dirent *entry; (entry = readdir(dir));) count += !numbers || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9');
    closedir(dir);
    return count;
}

/* The most descriptors that any idle shepherd has. */
static int most_descriptors(void) {
    char path[64], list[8192] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", server.pid, server.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC), most = 0;
    if (fd < 0 || read(fd, list, sizeof list - 1) < 0) return -1;
    close(fd);
    for (char *at = list; *at >= '0' && *at <= '9'; at += strcspn(at, " ") + 1) {
        snprintf(path, sizeof path, "/proc/%d/fd", (int)strtol(at, NULL, 10));
        int count = count_entries(path, true);
        if (count > most) most = count;
    }
    return most;
}

/* Nothing of this job is left, whatever became of it. */
static bool gone(struct job *job) {
    if (job->control >= 0) {
        while (hear(job, -1) && job->count < 500) {}
    }
    bool empty = ends(job->lifeline);
    if (job->control < 0) job->control = dup(job->out);
    let_go(job);
    return empty;
}

static bool works(void) {
    struct job job = start(&server, (struct ask){.argv = {"true"}});
    const struct nr_frame *over = hear(&job, NR_GONE), *exited = heard(&job, NR_EXITED);
    bool fine = over && exited && exited->kind == NR_HOW_CODE && exited->value == 0;
    return gone(&job) && fine;
}

static void hang_up(struct job *job) {
    close(job->control);
    job->control = -1;
}

static void test_cut(void) {
    bool empty = true, started = false;
    for (size_t length = 0; length < whole.length; length++) {
        struct job job = hire_only(&server);
        send(job.control, whole.at, length, MSG_NOSIGNAL);
        if (length % 2) {
            shutdown(job.control, SHUT_WR);
            started = started || hear(&job, NR_STARTED);
        } else {
            hang_up(&job);
        }
        empty = gone(&job) && empty;
    }
    ok(empty && !started, "a request cut at each byte, hung up or half closed: nothing starts, nothing is left");
    ok(works(), "the next job");
}

static bool refused(struct job *job, int stage, int error) {
    const struct nr_frame *failed = hear(job, NR_FAILED);
    bool right = failed && failed->kind == stage && failed->value == error;
    return gone(job) && right;
}

static void test_lengths(void) {
    static const uint32_t lengths[] = {0xffffffffu, NR_REQUEST_MAX + 1, 0, 3};
    static const int errors[] = {E2BIG, E2BIG, EPROTO, EPROTO};
    for (size_t i = 0; i < 4; i++) {
        struct job job = hire_only(&server);
        uint8_t bytes[8] = {(uint8_t)lengths[i], (uint8_t)(lengths[i] >> 8), (uint8_t)(lengths[i] >> 16), (uint8_t)(lengths[i] >> 24)};
        send(job.control, bytes, sizeof bytes, MSG_NOSIGNAL);
        ok(refused(&job, NR_STAGE_REQUEST, errors[i]), "a request that says it is %u bytes long", lengths[i]);
    }
}

/* A hire with so many descriptors, control among them; what is not needed is a pipe's end. */
static void test_descriptors(int count, const char *what, bool runs) {
    int control[2], pipe_ends[2], fds[60];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) || pipe2(pipe_ends, O_CLOEXEC)) abort();
    fds[0] = control[1];
    for (int i = 1; i < count; i++) fds[i] = pipe_ends[1];
    send_hire(server.hire, fds, count, NR_PROTOCOL_VERSION);
    close(control[1]);
    close(pipe_ends[1]);
    struct job job = {.control = control[0], .out = pipe_ends[0], .lifeline = dup(pipe_ends[0]), .pidfd = -1};
    send(job.control, whole.at, whole.length, MSG_NOSIGNAL);
    bool as_wanted = runs ? hear(&job, NR_GONE) && heard(&job, NR_EXITED) : hear(&job, NR_FAILED) != NULL;
    ok(gone(&job) && as_wanted, "%s", what);
}

static void test_odd_hires(void) {
    char bytes[64] = "nobody would say this";
    for (size_t length = 1; length < sizeof bytes; length += 9) send(server.hire, bytes, length, MSG_NOSIGNAL);
    struct job job = hire_only(&server);
    hang_up(&job);
    ok(gone(&job) && works(), "hires without descriptors, too short and too long");
}

/* Frames of nobody to a job that runs: it is ended, as whoever is out of step cannot be understood again. */
static bool babble(uint64_t seed) {
    struct job job = start(&server, role("ignore"));
    uint8_t bytes[200];
    state = seed;
    if (!hear(&job, NR_STARTED)) return false;
    size_t length = 1 + any(sizeof bytes);
    for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)any(256);
    bytes[0] |= 0x80; /* no type of the host's: a KILL that was understood would be no babble */
    send(job.control, bytes, length, MSG_NOSIGNAL);
    if (length < NR_FRAME_SIZE) hang_up(&job);
    return gone(&job);
}

/* A request for `true` with a few bytes changed: refused, or something harmless that ends. */
static bool bend(uint64_t seed) {
    static struct bytes bent;
    bent = whole;
    state = seed;
    for (uint32_t i = 1 + any(4); i > 0; i--) bent.at[4 + any((uint32_t)whole.length - 4)] = (uint8_t)any(256);
    struct job job = hire_only(&server);
    send(job.control, bent.at, bent.length, MSG_NOSIGNAL);
    struct pollfd wait = {job.control, POLLIN, 0};
    if (poll(&wait, 1, PATIENCE_MS) > 0 && any(2)) hang_up(&job); /* it may wait for bytes that a longer length promised */
    else shutdown(job.control, SHUT_WR);
    return gone(&job);
}

static void test_seeds(void) {
    const char *seconds = getenv("NR_FUZZ_SECONDS");
    int64_t stop = play_now() + 1000 * (seconds ? strtol(seconds, NULL, 10) : 0);
    uint64_t seed = seconds ? (uint64_t)time(NULL) << 20 : 1, first = seed, bad = 0;
    for (; seed < first + SEEDS || play_now() < stop; seed++) {
        uint64_t mixed = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
        if (!bend(mixed) || (seed % 8 == 0 && !babble(mixed)) || (seed % 50 == 0 && !works())) bad = bad ? bad : seed;
    }
    ok(bad == 0, "%llu seeds from %llu on: nothing is left of any", (unsigned long long)(seed - first), (unsigned long long)first);
    if (bad) printf("# the first one that failed: %llu\n", (unsigned long long)bad);
}

int main(int argc, char **argv) {
    open_stage(argc, argv);
    build(&whole, &(struct ask){.argv = {"/bin/true", "one", ""}, .env = {"A=1"}, .kill_timeout = 50, .leftover_timeout = 50}, usual_rows, 4);
    ok(works(), "a job as it should be");
    int before = most_descriptors();
    test_cut();
    test_lengths();
    test_descriptors(1, "no descriptors but control, though the request counts on them", false);
    test_descriptors(60, "many more descriptors than the request counts on", true);
    test_odd_hires();
    test_seeds();
    ok(works(), "a job as it should be, after all that");
    int after = most_descriptors();
    /* One that has had a job keeps its list of children open. */
    ok(before > 0 && after <= before + 1, "no shepherd has kept a descriptor (%d, %d)", before, after);
    return close_stage();
}
