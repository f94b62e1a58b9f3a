/* Owns: the Linux calls behind platform.h that are not about /proc.
 * Never: a decision. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform.h"

/* Older libc headers lack these numbers; they are the same on every architecture. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define SIGNAL_PROCESS_GROUP (1u << 2)

int64_t nr_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int nr_poll_ms(int64_t when, int64_t now) {
    if (when == NR_NEVER) return -1;
    if (when <= now) return 0;
    int64_t ms = (when - now + 999999) / 1000000;
    return ms > 1000000000 ? 1000000000 : (int)ms;
}

void nr_become_subreaper(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void nr_set_name(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

int nr_die_with_parent(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

void nr_hide_memory(bool hide) {
#ifdef NR_SANITIZED
    hide = false; /* the search for leaks has to look */
#endif
    prctl(PR_SET_DUMPABLE, hide ? 0 : 1, 0, 0, 0);
}

static bool keeps_handler(int signal) {
#ifdef NR_SANITIZED
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
#else
    return signal == 0;
#endif
}

/* The raw call, because libc refuses to touch 32 and 33, and who started the host may have left them ignored. All zeroes is
 * SIG_DFL in the kernel's struct, whatever its order of fields. */
void nr_reset_signals(void) {
    const unsigned long normal[8] = {0};
    for (int signal = 1; signal <= 64; signal++)
        if (!keeps_handler(signal)) syscall(SYS_rt_sigaction, signal, normal, NULL, (size_t)8);
}

void nr_give_back(void *start, size_t size) {
    uintptr_t first = ((uintptr_t)start + 4095) & ~(uintptr_t)4095, end = ((uintptr_t)start + size) & ~(uintptr_t)4095;
    if (end > first) madvise((void *)first, end - first, MADV_DONTNEED);
}

/* A kilobyte is left to the calls made here. */
__attribute__((noinline)) void nr_give_back_stack(void) {
#ifndef NR_SANITIZED
    char here;
    uintptr_t end = ((uintptr_t)&here - 1024) & ~(uintptr_t)4095;
    madvise((void *)(end - 65536), 65536, MADV_DONTNEED);
#endif
}

void nr_close_from(int first) {
    if (syscall(SYS_close_range, (unsigned)first, ~0u, 0u) == 0) return;
    struct rlimit limit = {1024, 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    int end = limit.rlim_cur > 65536 ? 65536 : (int)limit.rlim_cur;
    for (int fd = first; fd < end; fd++) close(fd);
}

int nr_sigchld_fd(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int absent(int result) {
    if (result < 0 && errno == EPERM) errno = ENOSYS;
    return result;
}

int nr_pidfd_open(pid_t pid) {
    return absent((int)syscall(SYS_pidfd_open, pid, 0u));
}

int nr_pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0u);
}

int nr_pidfd_signal_group(int pidfd, int signal) {
    if (pidfd < 0) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, SIGNAL_PROCESS_GROUP);
}
