/* Owns: reading Linux's /proc without allocating: who a process is, and who is below whom.
 * Never: a signal, a wait, or trust in a listing: callers repeat until ECHILD. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault.h"
#include "platform.h"

#define RESERVE 2

static int proc_fd = -1;
static int own_fd = -1;
static int reserve[RESERVE] = {-1, -1};

/* ---- opening, even when descriptors have run out ---- */

static void refill(void) {
    for (int i = 0; i < RESERVE; i++)
        if (reserve[i] < 0) reserve[i] = fcntl(proc_fd, F_DUPFD_CLOEXEC, 0);
}

static int open_at(int dir, const char *path, int flags) {
    int fd = NR_CALL("open-proc", openat(dir, path, flags | O_RDONLY | O_CLOEXEC));
    for (int i = 0; fd < 0 && (errno == EMFILE || errno == ENFILE) && i < RESERVE; i++) {
        if (reserve[i] < 0) continue;
        close(reserve[i]);
        reserve[i] = -1;
        fd = openat(dir, path, flags | O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

static void close_again(int fd) {
    close(fd);
    refill();
}

bool nr_proc_init(void) {
    proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0) return false;
    refill();
    return true;
}

void nr_proc_forked(void) {
    if (own_fd >= 0) close(own_fd);
    own_fd = -1;
}

/* ---- numbers and paths ---- */

static char *put_text(char *at, const char *text) {
    while (*text) *at++ = *text++;
    *at = 0;
    return at;
}

static char *put_number(char *at, long number) {
    char digits[24];
    int n = 0;
    do digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    while (n) *at++ = digits[--n];
    *at = 0;
    return at;
}

static const char *get_number(const char *at, uint64_t *number) {
    bool minus = *at == '-';
    *number = 0;
    for (at += minus; *at >= '0' && *at <= '9'; at++) *number = *number * 10 + (uint64_t)(*at - '0');
    if (minus) *number = -*number;
    return *at == ' ' ? at + 1 : at;
}

/* The pid a directory entry names, or 0. */
static pid_t entry_pid(const char *name) {
    uint64_t number;
    if (*name < '1' || *name > '9') return 0;
    return *get_number(name, &number) ? 0 : (pid_t)number;
}

/* ---- one process ---- */

bool nr_proc_alive(const struct nr_proc *proc) {
    bool ended = proc->state == 'Z' || proc->state == 'X' || proc->state == 'x';
    return !ended || proc->threads > 1;
}

bool nr_proc_ours(const struct nr_proc *proc) {
    return strcmp(proc->name, "nr-forkserver") == 0 || strcmp(proc->name, "nr-shepherd") == 0;
}

/* "pid (name) S ppid pgrp ...": a name may hold anything, so the last ')' counts. */
static bool parse_stat(char *text, struct nr_proc *proc) {
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open || close[1] != ' ' || !close[2]) return false;
    size_t length = (size_t)(close - open - 1);
    if (length > sizeof proc->name - 1) length = sizeof proc->name - 1;
    memcpy(proc->name, open + 1, length);
    memset(proc->name + length, 0, sizeof proc->name - length);
    proc->state = close[2];
    if (close[3] != ' ') return false;
    uint64_t field = 0;
    const char *at = close + 4;
    for (int number = 4; number <= 22; number++) {
        at = get_number(at, &field);
        if (number == 4) proc->ppid = (pid_t)field;
        if (number == 5) proc->group = (pid_t)field;
        if (number == 20) proc->threads = (int)field;
    }
    proc->start = field;
    return true;
}

static bool read_stat(int dir, const char *path, pid_t pid, struct nr_proc *proc) {
    char text[1024];
    int fd = open_at(dir, path, 0);
    if (fd < 0) return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close_again(fd);
    if (n <= 0) return false;
    text[n] = 0;
    proc->pid = pid;
    return parse_stat(text, proc);
}

bool nr_proc_read(pid_t pid, struct nr_proc *proc) {
    char path[40];
    put_text(put_number(path, pid), "/stat");
    return read_stat(proc_fd, path, pid, proc);
}

int nr_proc_pin(pid_t pid) {
    char path[40];
    put_number(path, pid);
    return open_at(proc_fd, path, O_DIRECTORY);
}

void nr_proc_unpin(int pin) {
    if (pin >= 0) close_again(pin);
}

bool nr_proc_read_pinned(int pin, pid_t pid, struct nr_proc *proc) {
    return read_stat(pin, "stat", pid, proc);
}

/* ---- children by the kernel's lists ---- */

struct list {
    pid_t *pids;
    int count, room;
};

static void add(struct list *list, pid_t pid) {
    if (list->count < list->room) list->pids[list->count++] = pid;
}

/* Reads "12 345 6 " from its beginning. */
static bool read_list(int fd, struct list *list) {
    char text[4096];
    pid_t pid = 0;
    off_t at = 0;
    ssize_t n;
    while ((n = pread(fd, text, sizeof text, at)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (text[i] >= '0' && text[i] <= '9') pid = pid * 10 + (text[i] - '0');
            else if (pid) {
                add(list, pid);
                pid = 0;
            }
        }
        at += n;
        /* The kernel fills a whole page as long as there is more: a short answer is the end, and saves a call. */
        if (n < (ssize_t)sizeof text - 16) break;
    }
    return n >= 0;
}

int nr_proc_own_children(pid_t *pids, int room) {
    struct list list = {pids, 0, room};
    if (own_fd < 0) {
        char path[64];
        char *at = put_number(put_text(path, "self/task/"), (long)getpid());
        put_text(at, "/children");
        own_fd = open_at(proc_fd, path, 0);
    }
    return own_fd >= 0 && read_list(own_fd, &list) ? list.count : -1;
}

/* What getdents64 fills; libc has no name for it that fits all. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Calls `each` for every entry that is a number. */
static void each_number(int dir, void (*each)(void *, pid_t), void *arg) {
    static _Alignas(struct entry) char block[32768];
    long n;
    while ((n = syscall(SYS_getdents64, dir, block, sizeof block)) > 0) {
        for (long at = 0; at < n;) {
            struct entry *entry = (struct entry *)(block + at);
            pid_t pid = entry_pid(entry->name);
            if (pid) each(arg, pid);
            at += entry->length;
        }
    }
}

struct threads {
    int dir;
    struct list list;
};

static void read_thread(void *arg, pid_t tid) {
    struct threads *threads = arg;
    char path[40];
    put_text(put_number(path, tid), "/children");
    int fd = open_at(threads->dir, path, 0);
    if (fd < 0) return;
    read_list(fd, &threads->list);
    close_again(fd);
}

int nr_proc_children(int pin, const struct nr_proc *proc, pid_t *pids, int room) {
    struct threads threads = {pin, {pids, 0, room}};
    char path[64];
    char *at = pin < 0 ? put_text(put_number(path, proc->pid), "/task") : put_text(path, "task");
    if (proc->threads == 1) {
        *at++ = '/';
        put_text(put_number(at, proc->pid), "/children");
        int fd = open_at(pin < 0 ? proc_fd : pin, path, 0);
        if (fd < 0) return 0;
        read_list(fd, &threads.list);
        close_again(fd);
        return threads.list.count;
    }
    threads.dir = open_at(pin < 0 ? proc_fd : pin, path, O_DIRECTORY);
    if (threads.dir < 0) return 0;
    each_number(threads.dir, read_thread, &threads);
    close_again(threads.dir);
    return threads.list.count;
}

/* ---- children by a full reading, where the kernel has no lists ---- */

struct row {
    pid_t pid, ppid;
    bool below;
    uint64_t start;
};

/* Ascending by pid, as the kernel lists them. */
static struct table {
    struct row rows[32768];
    int count;
} table;

static void add_row(void *arg, pid_t pid) {
    struct table *t = arg;
    struct nr_proc proc;
    if (t->count == (int)(sizeof t->rows / sizeof *t->rows) || !nr_proc_read(pid, &proc)) return;
    t->rows[t->count++] = (struct row){pid, proc.ppid, false, proc.start};
}

static const struct row *find_row(pid_t pid) {
    int low = 0, high = table.count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (table.rows[middle].pid < pid) low = middle + 1;
        else high = middle;
    }
    return low < table.count && table.rows[low].pid == pid ? &table.rows[low] : NULL;
}

/* A number can be taken again between two readings, but a parent is never younger than its child. */
static bool has_parent_below(const struct row *row, pid_t root) {
    if (row->ppid == root) return true;
    const struct row *parent = find_row(row->ppid);
    return parent && parent->below && parent->start <= row->start;
}

static void read_all(void) {
    table.count = 0;
    /* Opened anew: proc_fd shares its position with every process forked since. */
    int dir = open_at(proc_fd, ".", O_DIRECTORY);
    if (dir < 0) return;
    each_number(dir, add_row, &table);
    close_again(dir);
}

int nr_proc_below(pid_t root, bool (*spared)(pid_t), pid_t *pids, int room) {
    struct list list = {pids, 0, room};
    read_all();
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < table.count; i++) {
            struct row *row = &table.rows[i];
            if (row->below || !has_parent_below(row, root) || (spared && spared(row->pid))) continue;
            row->below = again = true;
            add(&list, row->pid);
        }
    }
    return list.count;
}
