/* Owns: what differs between kernels, as plain questions and orders. Linux answers in linux.c and proc.c.
 * Never: a policy: which process to signal, or when. */
#ifndef NR_PLATFORM_H
#define NR_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NR_NEVER INT64_MAX

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t nr_now(void);
/* What poll() takes to wake at `when` and not before: -1 for NR_NEVER, rounded up to whole milliseconds. */
int nr_poll_ms(int64_t when, int64_t now);

/* Orphans below us become our children. Inherited by nobody: each process says it for itself. */
void nr_become_subreaper(void);
void nr_set_name(const char *name);
/* The kernel sends us `signal` when the thread that forked us ends; 0 takes that back. A death before the call is not noticed:
 * compare getppid() afterwards. */
int nr_die_with_parent(int signal);
void nr_hide_memory(bool hide);
/* Every disposition becomes the default, those of the libc's private signals included. */
void nr_reset_signals(void);
/* Takes memory back to the state of before it was written: zeros, and no page of our own. Whole pages only. */
void nr_give_back(void *start, size_t size);
/* The same for the stack below the caller, which a deep call has left behind. */
void nr_give_back_stack(void);
/* Closes every descriptor from `first` upward. */
void nr_close_from(int first);
/* A descriptor that is readable while SIGCHLD is pending for whoever reads it; SIGCHLD must be blocked. */
int nr_sigchld_fd(void);

/* pidfds. -1 with errno; EPERM from an old container's filter and ENOSYS both come back as ENOSYS: "absent". */
int nr_pidfd_open(pid_t pid);
int nr_pidfd_signal(int pidfd, int signal);
/* Signals the process group whose leader the pidfd names or named, even when the leader is reaped (Linux 6.9). -1 and EINVAL where
 * the kernel cannot. */
int nr_pidfd_signal_group(int pidfd, int signal);

/* One process, as seen at one moment. */
struct nr_proc {
    pid_t pid, ppid, group;
    int threads;
    uint64_t start;
    char state; /* proc(5)'s letter */
    char name[17];
};

/* true for a process that still runs code, or could: a zombie first thread may have living others. */
bool nr_proc_alive(const struct nr_proc *proc);
/* true for a fork server or shepherd, by name: a job may use this library itself. */
bool nr_proc_ours(const struct nr_proc *proc);

/* Once, early: keeps a descriptor of /proc and two in reserve for when there are none left. false: there is no /proc. */
bool nr_proc_init(void);
/* Again in each forked shepherd: forgets the parent's list of children. */
void nr_proc_forked(void);
bool nr_proc_read(pid_t pid, struct nr_proc *proc);
/* A descriptor of one process's own folder: whatever is read through it, and nr_pidfd_signal(), is about that process and nobody who
 * takes its number later (pidfd_send_signal(2) takes such a one since Linux 5.1). -1 with errno. */
int nr_proc_pin(pid_t pid);
void nr_proc_unpin(int pin);
bool nr_proc_read_pinned(int pin, pid_t pid, struct nr_proc *proc);

/* Writes the pids of children into `pids`. nr_proc_own_children(): our own, zombies included, exact as long as we do not reap
 * meanwhile. nr_proc_children(): those of another process, of all its threads, by its pin or (-1) its number; may miss some. -1 when
 * the kernel has no such lists. More than `room` are left out. */
int nr_proc_own_children(pid_t *pids, int room);
int nr_proc_children(int pin, const struct nr_proc *proc, pid_t *pids, int room);
/* All processes below `root`, from one full reading of /proc: the slow way, for when the lists are missing. Whoever is `spared`
 * (may be NULL) is left out, with everything below it. */
int nr_proc_below(pid_t root, bool (*spared)(pid_t), pid_t *pids, int room);

#endif
