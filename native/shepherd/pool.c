/* Owns: the fork server's table of shepherds: making them, knowing what each does, asking surplus ones to leave.
 * Never: a socket, a job, or the killing of anything but a shepherd. */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "leaf.h"
#include "platform.h"

struct slot {
    pid_t pid; /* 0: free */
    bool busy;
    int32_t kill_timeout;
};

/* The fork server's alone, in pages of their own (nr_pool_give_back). */
static _Alignas(4096) struct slot slots[NR_MOST_SHEPHERDS];
_Alignas(4096) struct nr_pool nr_pool;

void nr_pool_give_back(void) {
    nr_give_back(slots, sizeof slots);
    nr_give_back(&nr_pool, sizeof nr_pool);
}

/* Shared with all shepherds: each writes down its job's cgroup before it makes it, in its own place. NULL: no memory for that, and then the
 * host is the one who ends what is in the cgroup of a dead shepherd. */
static char (*records)[NR_LEAF_RECORD];

void nr_pool_init(void) {
    size_t size = (size_t)NR_MOST_SHEPHERDS * sizeof *records;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    records = memory == MAP_FAILED ? NULL : memory;
}

/* A place with a record has a cgroup to be removed. */
static bool is_free(int slot) {
    return !slots[slot].pid && !(records && records[slot][0]);
}

int nr_pool_sweep_leaves(bool forget) {
    int left = 0;
    for (int i = 0; i < nr_pool.used; i++) {
        if (slots[i].pid || is_free(i)) continue;
        if (forget || nr_leaf_remove_recorded(records[i])) records[i][0] = 0;
        else left++;
    }
    return left;
}

static int free_slot(void) {
    for (int i = 0; i < nr_pool.used; i++)
        if (is_free(i)) return i;
    return nr_pool.used < NR_MOST_SHEPHERDS ? nr_pool.used : -1;
}

static struct slot *find(pid_t pid) {
    for (int i = 0; i < nr_pool.used; i++)
        if (slots[i].pid == pid) return &slots[i];
    return NULL;
}

int nr_pool_fork(const struct nr_shepherd *template, void (*prepare)(void)) {
    struct nr_shepherd shepherd = *template;
    shepherd.slot = free_slot();
    if (shepherd.slot < 0) return EAGAIN;
    shepherd.server = getpid();
    shepherd.record = records ? records[shepherd.slot] : NULL;
    pid_t pid = NR_CALL("fork-shepherd", fork());
    if (pid < 0) return errno;
    if (pid == 0) {
        prepare();
        nr_idle(&shepherd);
    }
    slots[shepherd.slot] = (struct slot){.pid = pid};
    if (shepherd.slot == nr_pool.used) nr_pool.used++;
    nr_pool.idle++;
    return 0;
}

bool nr_pool_notice(const struct nr_notice *notice) {
    if (notice->slot < 0 || notice->slot >= nr_pool.used) return false;
    struct slot *slot = &slots[notice->slot];
    bool busy = notice->busy;
    if (slot->pid != notice->pid || slot->busy == busy) return false;
    nr_pool.busy += busy ? 1 : -1;
    nr_pool.idle += busy ? -1 : 1;
    slot->busy = busy;
    slot->kill_timeout = notice->kill_timeout;
    return busy;
}

bool nr_pool_lives(pid_t pid) {
    return find(pid) != NULL;
}

bool nr_pool_forget(pid_t pid) {
    struct slot *slot = find(pid);
    if (!slot) return false;
    if (slot->busy) nr_pool.busy--;
    else nr_pool.idle--;
    slot->pid = 0;
    while (nr_pool.used > 0 && is_free(nr_pool.used - 1)) nr_pool.used--;
    return true;
}

/* Every slot's process is an unreaped child of ours, so its number is its own. */
void nr_pool_shrink(int keep) {
    for (int i = 0; i < nr_pool.used; i++)
        if (slots[i].pid && !slots[i].busy && keep-- <= 0) kill(slots[i].pid, SIGUSR1);
}

static bool is_stopped(pid_t pid) {
    struct nr_proc proc;
    return nr_proc_read(pid, &proc) && (proc.state == 'T' || proc.state == 't');
}

void nr_pool_wake(void) {
    for (int i = 0; i < nr_pool.used; i++)
        if (slots[i].pid && is_stopped(slots[i].pid)) kill(slots[i].pid, SIGCONT);
}

void nr_pool_kill(pid_t pid, bool only_stopped) {
    if (find(pid) && (!only_stopped || is_stopped(pid))) kill(pid, SIGKILL);
}

int64_t nr_pool_kill_overdue(int64_t since, int64_t margin_ms) {
    int64_t now = nr_now(), next = NR_NEVER;
    for (int i = 0; i < nr_pool.used; i++) {
        if (!slots[i].pid) continue;
        int64_t due = since + (slots[i].kill_timeout + margin_ms) * 1000000;
        if (due <= now) kill(slots[i].pid, SIGKILL);
        else if (due < next) next = due;
    }
    return next;
}
