/* Owns: requests whole, cut, bent and random: each is understood or refused, and nothing is touched outside it.
 * Never: a process. (Run it with the sanitizers: that is where it sees the most.) */
#include "request.h"

#include "play_host.h"
#include "tap.h"

static struct bytes whole;

/* In memory of exactly its length, so that a sanitizer sees every byte too far. */
static int parse(const uint8_t *bytes, size_t length, int sources, struct nr_request *request) {
    uint8_t *copy = malloc(length ? length : 1);
    memcpy(copy, bytes, length);
    memset(request, 0, sizeof *request);
    int error = nr_request_parse(copy, length, sources, request);
    if (error) free(copy);
    else request->bytes = copy, request->bytes_size = 0; /* drop_copy() frees it */
    if (error) nr_request_drop(request);
    return error;
}

/* Reads everything a parsed request points to. */
static size_t touch(const struct nr_request *request) {
    size_t sum = strlen(request->file) + strlen(request->cwd);
    for (char **at = request->argv; *at; at++) sum += strlen(*at);
    for (char **at = request->envp; *at; at++) sum += strlen(*at);
    for (int i = 0; i < request->fd_count; i++) sum += (size_t)request->fds[i].target;
    return sum;
}

static void drop_copy(struct nr_request *request) {
    void *copy = request->bytes;
    request->bytes = NULL;
    nr_request_drop(request);
    free(copy);
}

static void test_whole(void) {
    static struct nr_request request;
    struct ask ask = {.argv = {"a", "", "\xff"}, .file = "prog", .env = {"A=1", "", "NOEQUALS"}, .cwd = "/x", .timeout = 7, .kill_timeout = INT64_MAX, .host_group = 12};
    static const int32_t rows[] = {0, -1, 0, 65535, 1, 1};
    build(&whole, &ask, rows, 2);
    is(parse(whole.at + 4, whole.length - 4, 2, &request), 0, "a whole request");
    ok(!strcmp(request.file, "prog") && !strcmp(request.cwd, "/x"), "file, cwd");
    ok(!strcmp(request.argv[0], "a") && !*request.argv[1] && !strcmp(request.argv[2], "\xff") && !request.argv[3], "argv, empty and odd ones too");
    ok(!strcmp(request.envp[0], "A=1") && !*request.envp[1] && !strcmp(request.envp[2], "NOEQUALS") && !request.envp[3], "env");
    ok(request.fd_count == 2 && request.highest_target == 65535 && request.fds[0].source == -1 && request.fds[1].inherited == 1, "fds");
    ok(request.timeout == 7 && request.kill_timeout == NR_LONGEST_MS && request.leftover_timeout == 200, "times, the longest cut");
    ok(request.kill_signal == SIGTERM && request.stop_scope == NR_REACH_TREE && request.linger == NR_LINGER_STOP && request.host_group == 12, "numbers");
    drop_copy(&request);
    is(parse(whole.at + 4, whole.length - 4, 1, &request), EPROTO, "a source that did not come along");
}

static void test_cut(void) {
    static struct nr_request request;
    int understood = 0;
    for (size_t length = 0; length < whole.length - 4; length++) {
        int error = parse(whole.at + 4, length, 2, &request);
        if (error == 0) understood++, drop_copy(&request);
    }
    /* Only where the last field is optional (HOST_GROUP: 16 bytes). */
    is(understood, 1, "cut at every byte: refused everywhere but between two fields where only an optional one is missing");
}

/* Where each field begins, in the order build() writes them. */
static size_t field_at(int tag, size_t *length) {
    *length = 0;
    for (size_t at = 4; at < whole.length;) {
        size_t size = whole.at[at + 4] | (size_t)whole.at[at + 5] << 8;
        *length = size;
        if (whole.at[at] == tag) return at;
        at += 8 + size;
    }
    return 0;
}

static void refuse(struct bytes *bent, const char *name) {
    static struct nr_request request;
    is(parse(bent->at + 4, bent->length - 4, 2, &request), EPROTO, "%s", name);
}

/* The optional fields that bound a child, one by one, right and wrong. */
static void test_bounds(void) {
    static struct nr_request request;
    static struct bytes bent;
    static const struct { int tag; int64_t low, high; const char *name; } numbers[] = {
        {NR_FIELD_NICE, -20, 19, "nice"}, {NR_FIELD_UMASK, 0, 0777, "umask"}, {NR_FIELD_UID, 0, NR_HIGHEST_ID, "uid"},
        {NR_FIELD_GID, 0, NR_HIGHEST_ID, "gid"}, {NR_FIELD_NO_NEW_PRIVS, 1, 1, "no_new_privs"}, {NR_FIELD_OOM_SCORE_ADJ, -1000, 1000, "oom_score_adj"},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        for (int side = 0; side < 2; side++) {
            bent = whole, put_i64(&bent, numbers[i].tag, side ? numbers[i].high : numbers[i].low);
            is(parse(bent.at + 4, bent.length - 4, 2, &request), 0, "%s at its border", numbers[i].name);
            drop_copy(&request);
            bent = whole, put_i64(&bent, numbers[i].tag, side ? numbers[i].high + 1 : numbers[i].low - 1);
            refuse(&bent, numbers[i].name);
        }
    }
    uint8_t rows[48] = {NR_LIMIT_CPU, 0, 0, 0, 3, 0, 0, 0, 7, [16] = 9, [24] = NR_LIMIT_AS, [28] = 2, [40] = 1};
    bent = whole, put_field(&bent, NR_FIELD_LIMITS, rows, 48), put_field(&bent, NR_FIELD_GROUPS, "\1\0\0\0\2\1\0\0", 8);
    is(parse(bent.at + 4, bent.length - 4, 2, &request), 0, "limits and groups");
    const struct nr_bounds *bounds = &request.bounds;
    ok(bounds->limits[NR_LIMIT_CPU].soft == 7 && bounds->limits[NR_LIMIT_CPU].hard == 9 && bounds->limits[NR_LIMIT_AS].parts == 2, "limits");
    ok(bounds->group_count == 2 && bounds->groups[0] == 1 && bounds->groups[1] == 258 && bounds->nice == NR_NOT_GIVEN, "groups, and nothing else");
    drop_copy(&request);
    static const struct { int at; uint8_t value; const char *name; } wrong[] = {
        {0, NR_LIMIT_COUNT, "a limit that does not exist"}, {4, 0, "a limit without a value"}, {4, 4, "a limit of three parts"}, {24, NR_LIMIT_CPU, "a limit twice"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t copy[48];
        memcpy(copy, rows, 48), copy[wrong[i].at] = wrong[i].value;
        bent = whole, put_field(&bent, NR_FIELD_LIMITS, copy, 48);
        refuse(&bent, wrong[i].name);
    }
    bent = whole, put_field(&bent, NR_FIELD_LIMITS, rows, 47);
    refuse(&bent, "half a limit");
    bent = whole, put_field(&bent, NR_FIELD_GROUPS, rows, 3);
    refuse(&bent, "half a group");
}

static void test_lengths(void) {
    static const uint32_t lengths[] = {0, 1, 7, 9, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
    static struct nr_request request;
    static struct bytes bent;
    int refused = 0, tried = 0;
    for (int tag = 1; tag <= 13; tag++)
        for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            size_t length, at = field_at(tag, &length);
            if (lengths[i] == length) continue;
            bent = whole;
            for (int b = 0; b < 4; b++) bent.at[at + 4 + (size_t)b] = (uint8_t)(lengths[i] >> 8 * b);
            tried++;
            if (parse(bent.at + 4, bent.length - 4, 2, &request)) refused++;
            else drop_copy(&request);
        }
    is(refused, tried, "every wrong length in every field (%d)", tried);
}

static void test_bent(void) {
    static struct bytes bent;
    size_t length, at = field_at(NR_FIELD_CWD, &length);
    bent = whole, bent.at[at] = 99;
    refuse(&bent, "an unknown tag");
    bent = whole, bent.at[at + 2] = 1;
    refuse(&bent, "something where a zero belongs");
    bent = whole, bent.at[at] = NR_FIELD_FILE;
    refuse(&bent, "a field twice, another one missing");
    bent = whole, bent.at[at + 8 + length - 1] = 'x';
    refuse(&bent, "a text without its NUL");
    bent = whole, bent.at[at + 8] = 0;
    refuse(&bent, "a text with two");
    at = field_at(NR_FIELD_ARGV, &length);
    bent = whole, bent.at[at + 8 + length - 1] = 'x';
    refuse(&bent, "argv cut");
    bent = whole, put_field(&bent, NR_FIELD_ARGV, "x", 2);
    refuse(&bent, "argv twice");
    at = field_at(NR_FIELD_FDS, &length) + 8;
    static const struct { size_t offset; int32_t value; const char *name; } rows[] = {
        {0, -1, "a target below 0"}, {0, 65536, "a target too high"}, {0, 65535, "a target twice"}, {4, -2, "a source below -1"},
        {4, 2, "a source too high"}, {4, INT32_MIN, "a source far below"}, {8, 2, "inherited 2"}, {8, -1, "inherited -1"}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        bent = whole;
        for (int b = 0; b < 4; b++) bent.at[at + rows[i].offset + (size_t)b] = (uint8_t)((uint32_t)rows[i].value >> 8 * b);
        refuse(&bent, rows[i].name);
    }
    static const struct { int tag; int64_t value; const char *name; } numbers[] = {
        {NR_FIELD_TIMEOUT, -1, "timeout -1"}, {NR_FIELD_KILL_TIMEOUT, -1, "killTimeout -1"}, {NR_FIELD_LEFTOVER_TIMEOUT, INT64_MIN, "leftoverTimeout far below 0"},
        {NR_FIELD_KILL_SIGNAL, 0, "signal 0"}, {NR_FIELD_KILL_SIGNAL, 65, "signal 65"}, {NR_FIELD_STOP_SCOPE, 3, "scope 3"}, {NR_FIELD_LINGER, 3, "linger 3"},
        {NR_FIELD_GROUPING, 4, "grouping 4"}, {NR_FIELD_HOST_GROUP, 0, "group 0"}, {NR_FIELD_HOST_GROUP, INT64_C(1) << 32, "group 2^32"}};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        bent = whole, at = field_at(numbers[i].tag, &length) + 8;
        for (int b = 0; b < 8; b++) bent.at[at + (size_t)b] = (uint8_t)((uint64_t)numbers[i].value >> 8 * b);
        refuse(&bent, numbers[i].name);
    }
}

static void test_missing(void) {
    static struct nr_request request;
    static struct bytes bent;
    int refused = 0;
    for (int tag = 1; tag <= 13; tag++) {
        size_t length, at = field_at(tag, &length);
        bent = whole;
        memmove(bent.at + at, bent.at + at + 8 + length, bent.length - at - 8 - length);
        bent.length -= 8 + length;
        if (parse(bent.at + 4, bent.length - 4, 2, &request)) refused++;
        else drop_copy(&request);
    }
    is(refused, 11, "all but TIMEOUT and HOST_GROUP are required");
}

static uint32_t random_state = 20240607;
static uint32_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    return random_state ^= random_state << 5;
}

static void test_random(void) {
    static struct nr_request request;
    static struct bytes bent;
    int understood = 0;
    size_t sum = 0;
    for (int round = 0; round < 200000; round++) {
        memcpy(bent.at, whole.at, whole.length);
        bent.length = whole.length;
        for (uint32_t changes = 1 + random_number() % 4; changes; changes--) bent.at[4 + random_number() % (bent.length - 4)] = (uint8_t)random_number();
        if (random_number() % 4 == 0) bent.length = 4 + random_number() % (bent.length - 4);
        if (parse(bent.at + 4, bent.length - 4, 2, &request)) continue;
        understood++;
        sum += touch(&request);
        drop_copy(&request);
    }
    ok(understood > 0 && sum > 0, "200,000 bent requests: %d still make sense, the others are refused", understood);
}

static void test_reading(void) {
    static struct nr_request request;
    int ends_of[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_of)) abort();
    send(ends_of[0], whole.at, whole.length, 0);
    send(ends_of[0], "next", 4, 0);
    memset(&request, 0, sizeof request);
    is(nr_request_read(ends_of[1], 2, &request), 0, "read from a socket");
    char next[8];
    is(recv(ends_of[1], next, sizeof next, 0), 4, "and not a byte more");
    touch(&request);
    nr_request_drop(&request);
    nr_request_drop(&request);
    send(ends_of[0], whole.at, whole.length - 1, 0);
    close(ends_of[0]);
    is(nr_request_read(ends_of[1], 2, &request), ECONNRESET, "a host that goes before the last byte");
    nr_request_drop(&request);
    close(ends_of[1]);
}

int main(void) {
    test_whole();
    test_cut();
    test_bounds();
    test_lengths();
    test_bent();
    test_missing();
    test_random();
    test_reading();
    return tap_done();
}
