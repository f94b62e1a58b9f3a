/* Owns: what the host asks for: read whole, checked strictly, then handed out as plain C.
 * Never: acting on it; trusting a byte of it. */
#include "request.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "control.h"
#include "fault.h"

#define HEADER 8
#define FIELDS 56

struct field {
    uint8_t *bytes;
    size_t length;
};

static uint32_t u16(const uint8_t *at) {
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32(const uint8_t *at) {
    return u16(at) | u16(at + 2) << 16;
}

static void *map(size_t size) {
    void *memory = NR_CALL("map-request", 0) < 0 ? MAP_FAILED : mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* ---- fields ---- */

static bool known(uint32_t tag) {
    switch (tag) {
#define X(name, number, doc) case number:
        NR_FIELDS(X)
#undef X
        return tag < FIELDS;
    }
    return false;
}

static bool split(uint8_t *bytes, size_t length, struct field fields[FIELDS]) {
    while (length > 0) {
        if (length < HEADER) return false;
        uint32_t tag = u16(bytes), size = u32(bytes + 4);
        if (!known(tag) || u16(bytes + 2) || fields[tag].bytes || size > length - HEADER) return false;
        fields[tag] = (struct field){bytes + HEADER, size};
        bytes += HEADER + size;
        length -= HEADER + size;
    }
    return true;
}

static bool number(const struct field *field, int64_t low, int64_t high, int64_t *value) {
    if (!field->bytes || field->length != 8) return false;
    *value = (int64_t)(u32(field->bytes) | (uint64_t)u32(field->bytes + 4) << 32);
    return *value >= low && *value <= high;
}

static bool milliseconds(const struct field *field, int64_t *value) {
    if (!number(field, 0, INT64_MAX, value)) return false;
    if (*value > NR_LONGEST_MS) *value = NR_LONGEST_MS;
    return true;
}

/* One string with its NUL, and no other. */
static bool text(const struct field *field, char **value) {
    if (!field->bytes || field->length == 0) return false;
    *value = (char *)field->bytes;
    return memchr(field->bytes, 0, field->length) == field->bytes + field->length - 1;
}

/* How many strings a field holds, or -1 when the last one is cut. */
static long strings(const struct field *field) {
    if (!field->bytes) return -1;
    if (field->length && field->bytes[field->length - 1]) return -1;
    long count = 0;
    for (const uint8_t *at = field->bytes, *stop = at + field->length; at < stop; count++) at = (const uint8_t *)memchr(at, 0, (size_t)(stop - at)) + 1;
    return count;
}

static void point(const struct field *field, char **pointers) {
    for (char *at = (char *)field->bytes, *stop = at + field->length; at < stop; at += strlen(at) + 1) *pointers++ = at;
    *pointers = NULL;
}

static bool fd_rows(const struct field *field, int sources, struct nr_request *request) {
    uint8_t taken[(NR_HIGHEST_FD + 1) / 8];
    if (!field->bytes || field->length % 12 || field->length / 12 > NR_MOST_FDS) return false;
    memset(taken, 0, sizeof taken);
    request->fd_count = (int)(field->length / 12);
    request->highest_target = -1;
    for (int i = 0; i < request->fd_count; i++) {
        const uint8_t *at = field->bytes + 12 * i;
        struct nr_fd_row row = {(int32_t)u32(at), (int32_t)u32(at + 4), (int32_t)u32(at + 8)};
        if (row.target < 0 || row.target > NR_HIGHEST_FD || taken[row.target / 8] >> (row.target % 8) & 1) return false;
        if (row.source < -1 || row.source >= sources || row.inherited < 0 || row.inherited > 1) return false;
        taken[row.target / 8] |= (uint8_t)(1 << (row.target % 8));
        if (row.target > request->highest_target) request->highest_target = row.target;
        request->fds[i] = row;
    }
    return true;
}

static bool numbers(const struct field fields[FIELDS], struct nr_request *request) {
    int64_t signal, scope, linger, grouping, group = 0, detachment = NR_DETACHMENT_NONE;
    request->timeout = -1;
    if (fields[NR_FIELD_TIMEOUT].bytes && !milliseconds(&fields[NR_FIELD_TIMEOUT], &request->timeout)) return false;
    if (!milliseconds(&fields[NR_FIELD_KILL_TIMEOUT], &request->kill_timeout)) return false;
    if (!milliseconds(&fields[NR_FIELD_LEFTOVER_TIMEOUT], &request->leftover_timeout)) return false;
    if (!number(&fields[NR_FIELD_KILL_SIGNAL], 1, 64, &signal)) return false;
    if (!number(&fields[NR_FIELD_STOP_SCOPE], NR_REACH_LEADER, NR_REACH_TREE, &scope)) return false;
    if (!number(&fields[NR_FIELD_LINGER], NR_LINGER_STOP, NR_LINGER_LEAVE, &linger)) return false;
    if (!number(&fields[NR_FIELD_GROUPING], NR_GROUPING_SESSION, NR_GROUPING_TERMINAL, &grouping)) return false;
    bool wants_group = grouping == NR_GROUPING_JOIN || grouping == NR_GROUPING_FOREGROUND || fields[NR_FIELD_HOST_GROUP].bytes;
    if (wants_group && !number(&fields[NR_FIELD_HOST_GROUP], 1, INT_MAX, &group)) return false;
    const struct field *detached = &fields[NR_FIELD_DETACHMENT];
    if (detached->bytes && !number(detached, NR_DETACHMENT_NONE, NR_DETACHMENT_ALL, &detachment)) return false;
    request->kill_signal = (int)signal;
    request->stop_scope = (enum nr_reach)scope;
    request->linger = (enum nr_linger)linger;
    request->grouping = (enum nr_grouping)grouping;
    request->host_group = (pid_t)group;
    request->detachment = (enum nr_detachment)detachment;
    return true;
}

/* ---- bounds: all of them optional ---- */

static uint64_t u64(const uint8_t *at) {
    return u32(at) | (uint64_t)u32(at + 4) << 32;
}

static bool limit_rows(const struct field *field, struct nr_bounds *bounds) {
    memset(bounds->limits, 0, sizeof bounds->limits);
    if (!field->bytes) return true;
    if (field->length % 24) return false;
    for (const uint8_t *at = field->bytes, *stop = at + field->length; at < stop; at += 24) {
        uint32_t which = u32(at), parts = u32(at + 4);
        if (which >= NR_LIMIT_COUNT || bounds->limits[which].parts || parts < 1 || parts > 3) return false;
        bounds->limits[which] = (struct nr_limit_row){(int)parts, u64(at + 8), u64(at + 16)};
    }
    return true;
}

static bool group_rows(const struct field *field, struct nr_bounds *bounds) {
    bounds->group_count = -1;
    if (!field->bytes) return true;
    if (field->length % 4 || field->length / 4 > NR_MOST_GROUPS) return false;
    bounds->group_count = (int)(field->length / 4);
    for (int i = 0; i < bounds->group_count; i++) bounds->groups[i] = u32(field->bytes + 4 * i);
    return true;
}

static bool optional(const struct field *field, int64_t low, int64_t high, int64_t *value) {
    *value = NR_NOT_GIVEN;
    return !field->bytes || number(field, low, high, value);
}

static bool bounds_of(const struct field fields[FIELDS], struct nr_bounds *bounds) {
    return limit_rows(&fields[NR_FIELD_LIMITS], bounds) && group_rows(&fields[NR_FIELD_GROUPS], bounds)
        && optional(&fields[NR_FIELD_NICE], -20, 19, &bounds->nice) && optional(&fields[NR_FIELD_UMASK], 0, 0777, &bounds->umask)
        && optional(&fields[NR_FIELD_UID], 0, NR_HIGHEST_ID, &bounds->uid) && optional(&fields[NR_FIELD_GID], 0, NR_HIGHEST_ID, &bounds->gid)
        && optional(&fields[NR_FIELD_NO_NEW_PRIVS], 1, 1, &bounds->no_new_privs)
        && optional(&fields[NR_FIELD_OOM_SCORE_ADJ], -1000, 1000, &bounds->oom_score_adj);
}

/* ---- what holds the tree together: optional, all of it ---- */

/* "4", "100": the text for the file with that number. */
static bool cgroup_limits(const struct field *field, struct nr_cgroup_wish *wish) {
    memset(wish->limits, 0, sizeof wish->limits);
    if (!field->bytes) return true;
    long count = strings(field);
    if (count < 2 || count % 2) return false;
    for (const char *at = (const char *)field->bytes, *stop = at + field->length; at < stop;) {
        int which = at[0] - '0';
        if (which < 0 || which >= NR_CGROUP_FILE_COUNT || at[1] || wish->limits[which]) return false;
        at += 2;
        if (!*at) return false;
        wish->limits[which] = at;
        at += strlen(at) + 1;
    }
    return true;
}

static bool cgroup_of(const struct field fields[FIELDS], struct nr_cgroup_wish *wish) {
    int64_t isolation = NR_ISOLATION_TREE, optional_ = 0, move = 0;
    char *path = NULL;
    if (fields[NR_FIELD_ISOLATION].bytes && !number(&fields[NR_FIELD_ISOLATION], NR_ISOLATION_TREE, NR_ISOLATION_PIDNS, &isolation)) return false;
    if (fields[NR_FIELD_CGROUP_PATH].bytes && (!text(&fields[NR_FIELD_CGROUP_PATH], &path) || !*path || *path == '/')) return false;
    if (!cgroup_limits(&fields[NR_FIELD_CGROUP_LIMITS], wish)) return false;
    if (fields[NR_FIELD_CGROUP_OPTIONAL].bytes && !number(&fields[NR_FIELD_CGROUP_OPTIONAL], 1, 1, &optional_)) return false;
    if (fields[NR_FIELD_CGROUP_MOVE_HOST].bytes && !number(&fields[NR_FIELD_CGROUP_MOVE_HOST], 1, 1, &move)) return false;
    wish->isolation = (enum nr_isolation)isolation;
    wish->path = path;
    wish->asked = path || fields[NR_FIELD_CGROUP_LIMITS].bytes || isolation == NR_ISOLATION_CGROUP;
    wish->optional = optional_ != 0;
    wish->move_host = move != 0;
    return true;
}

int nr_request_parse(uint8_t *bytes, size_t length, int sources, struct nr_request *request) {
    struct field fields[FIELDS] = {{NULL, 0}};
    if (!split(bytes, length, fields) || !numbers(fields, request)) return EPROTO;
    if (!text(&fields[NR_FIELD_FILE], &request->file) || !text(&fields[NR_FIELD_CWD], &request->cwd)) return EPROTO;
    if (!fd_rows(&fields[NR_FIELD_FDS], sources, request) || !bounds_of(fields, &request->bounds)) return EPROTO;
    if (!cgroup_of(fields, &request->cgroup)) return EPROTO;
    long args = strings(&fields[NR_FIELD_ARGV]), variables = strings(&fields[NR_FIELD_ENV]);
    if (args < 1 || variables < 0) return EPROTO;
    request->pointers_size = (size_t)(1 + args + 1 + variables + 1) * sizeof(char *);
    char **pointers = map(request->pointers_size);
    if (!pointers) return ENOMEM;
    request->pointers = pointers;
    request->argv = pointers + 1;
    request->envp = request->argv + args + 1;
    point(&fields[NR_FIELD_ARGV], request->argv);
    point(&fields[NR_FIELD_ENV], request->envp);
    return 0;
}

void nr_request_drop(struct nr_request *request) {
    if (request->bytes) munmap(request->bytes, request->bytes_size ? request->bytes_size : 1);
    if (request->pointers) munmap(request->pointers, request->pointers_size);
    request->bytes = request->pointers = NULL;
}

/* ---- reading ---- */

/* The one wait for the host: before its request is whole there is nothing to look after. Its death ends the wait. */
static int read_exactly(int control, uint8_t *bytes, size_t length) {
    while (length > 0) {
        long n = NR_CALL("recv-request", nr_receive(control, bytes, length));
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        } else if (n == 0) {
            return ECONNRESET;
        } else if (errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS) {
            struct pollfd wait = {control, POLLIN, 0};
            poll(&wait, 1, errno == EAGAIN ? -1 : 10);
        } else {
            return ECONNRESET;
        }
    }
    return 0;
}

int nr_request_read(int control, int sources, struct nr_request *request) {
    uint8_t header[4];
    int error = read_exactly(control, header, sizeof header);
    if (error) return error;
    size_t length = u32(header);
    if (length > NR_REQUEST_MAX) return E2BIG;
    uint8_t *bytes = map(length);
    if (!bytes) return ENOMEM;
    request->bytes = bytes;
    request->bytes_size = length;
    error = read_exactly(control, bytes, length);
    return error ? error : nr_request_parse(bytes, length, sources, request);
}
