/* Owns: the start of a fork server: what it inherits, and that it inherits nothing else.
 * Never: speaks to it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon.h"
#include "fault.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* The descriptors it finds: 0-2 are /dev/null, then these. ERRORS is close-on-exec, so what stays open is 0 to 5. */
enum { HIRE = 3, SERVER = 4, HOST = 5, ERRORS = 6, FIRST_FREE = 7 };
/* Room in argv for the titles of the shepherds (NR_TITLE in native/shepherd). */
#define PADDING 240
#define MOST_TITLE 128
/* A kernel sigset and a kernel sigaction of all zeros: no signal, and the default disposition. */
#define KERNEL_SIGNALS 64
#define KERNEL_SIGSET (KERNEL_SIGNALS / 8)

struct start {
    char file[PATH_MAX], title[MOST_TITLE], padding[PADDING + 1];
    int null, hire, server, host, errors;      /* the far ends; host may be -1 */
    int near_hire, near_server, near_errors;
    const char *fault; /* what a build for faults tells it; NULL */
    int last_fd; /* up to here descriptors may be open, where the kernel has no better way */
};

static void close_all(struct start *it) {
    int *all[] = {&it->null, &it->hire, &it->server, &it->host, &it->errors, &it->near_hire, &it->near_server, &it->near_errors};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] >= 0) close(*all[i]);
        *all[i] = -1;
    }
}

/* A source below FIRST_FREE would be overwritten by the dup of another. */
static int move_up(int *fd) {
    if (*fd < 0 || *fd >= FIRST_FREE) return 0;
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FREE);
    if (higher < 0) return -errno;
    close(*fd);
    *fd = higher;
    return 0;
}

static int two(int result, const int fds[2], int *near, int *far) {
    if (result < 0) return -errno;
    *near = fds[0];
    *far = fds[1];
    return move_up(far);
}

static int open_all(struct start *it) {
    int fds[2], on = 1, error;
    error = two(NR_CALL("host-server", socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)), fds, &it->near_hire, &it->hire);
    if (error < 0) return error;
    /* A shepherd believes only the kernel about who hires it. */
    if (setsockopt(it->hire, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) return -errno;
    error = two(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), fds, &it->near_server, &it->server);
    if (error < 0) return error;
    error = two(pipe2(fds, O_CLOEXEC), fds, &it->near_errors, &it->errors);
    if (error < 0) return error;
    it->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (it->null < 0) return -errno;
    if ((error = move_up(&it->null)) < 0) return error;
    it->host = (int)syscall(SYS_pidfd_open, getpid(), 0u); /* an old kernel or a filter refuses: then without */
    if (it->host < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) return -errno;
    return move_up(&it->host);
}

static void close_listed(long directory) {
    struct entry {
        uint64_t inode;
        int64_t next;
        unsigned short length;
        unsigned char type;
        char name[];
    };
    _Alignas(struct entry) char bytes[1024];
    long got;
    while ((got = syscall(SYS_getdents64, directory, bytes, sizeof bytes)) > 0) {
        for (long at = 0; at < got;) {
            const struct entry *entry = (const void *)(bytes + at);
            int fd = 0;
            for (const char *digit = entry->name; *digit >= '0' && *digit <= '9'; digit++) fd = fd * 10 + *digit - '0';
            if (fd >= FIRST_FREE && fd != directory) syscall(SYS_close, fd);
            at += entry->length;
        }
    }
    syscall(SYS_close, directory);
}

static void close_the_rest(const struct start *it) {
    if (syscall(SYS_close_range, (unsigned)FIRST_FREE, ~0u, 0u) == 0) return;
    long directory = syscall(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) return close_listed(directory);
    for (int fd = FIRST_FREE; fd <= it->last_fd; fd++) syscall(SYS_close, fd);
}

/* Shares the host's memory until it has exec'ed: raw system calls on what was prepared, nothing else. The calling thread stands still. */
static void become_server(const struct start *it) {
    static const unsigned char zeros[64];
    char *argv[] = {(char *)it->title, (char *)it->padding, NULL}, *envp[] = {(char *)it->fault, NULL};
    int error = 0;
    for (int signal = 1; signal <= KERNEL_SIGNALS; signal++) syscall(SYS_rt_sigaction, signal, zeros, NULL, KERNEL_SIGSET);
    const int from[] = {it->null, it->null, it->null, it->hire, it->server, it->host};
    for (int to = 0; to <= HOST; to++) {
        if (from[to] < 0)
            syscall(SYS_close, to);
        else if (syscall(SYS_dup3, from[to], to, 0) < 0)
            error = errno;
    }
    if (syscall(SYS_dup3, it->errors, ERRORS, O_CLOEXEC) < 0) syscall(SYS_exit_group, 127);
    close_the_rest(it);
    if (!error && syscall(SYS_setpgid, 0, 0) < 0) error = errno;
    if (!error && syscall(SYS_chdir, "/") < 0) error = errno;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, zeros, NULL, KERNEL_SIGSET);
    if (!error) {
        syscall(SYS_execve, it->file, argv, envp);
        error = errno;
    }
    syscall(SYS_write, ERRORS, &error, sizeof error);
    syscall(SYS_exit_group, 127);
}

/* vfork() returns twice into the same stack frame, so that frame holds nothing that could be damaged. */
static __attribute__((noinline)) pid_t split(const struct start *it) {
    pid_t pid = vfork();
    if (pid == 0) {
        become_server(it);
        _exit(127);
    }
    return pid;
}

/* The pid, or -errno. No handler of the host may run in the child, where it would work on the host's memory. */
static pid_t give_birth(const struct start *it) {
    unsigned char all[KERNEL_SIGSET], before[KERNEL_SIGSET];
    memset(all, 0xff, sizeof all);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, all, before, KERNEL_SIGSET);
    pid_t pid = NR_CALL("host-fork", split(it));
    int error = errno;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, before, NULL, KERNEL_SIGSET);
    return pid < 0 ? -error : pid;
}

/* 0 once exec has succeeded, which closed the pipe; else why it did not. A failed child is reaped. */
static int verdict(struct start *it, pid_t pid) {
    int error = 0;
    ssize_t got;
    close(it->errors);
    it->errors = -1;
    do got = read(it->near_errors, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    if (got == 0) return 0;
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return got == (ssize_t)sizeof error ? -error : -EIO;
}

static bool fill(napi_env env, napi_callback_info info, struct start *it) {
    napi_value arguments[2];
    size_t length;
    *it = (struct start){.null = -1, .hire = -1, .server = -1, .host = -1, .errors = -1, .near_hire = -1, .near_server = -1, .near_errors = -1};
    memset(it->padding, ' ', PADDING);
    it->fault = NR_FAULT_VARIABLE;
    struct rlimit limit = {1024, 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    it->last_fd = limit.rlim_cur > 65536 ? 65536 : (int)limit.rlim_cur;
    if (!nr_arguments(env, info, 2, arguments)) return false;
    if (napi_get_value_string_utf8(env, arguments[0], it->file, sizeof it->file, &length) == napi_ok && length < sizeof it->file - 1 &&
        napi_get_value_string_utf8(env, arguments[1], it->title, sizeof it->title, &length) == napi_ok)
        return true;
    nr_refuse(env, "a path and a title are needed here");
    return false;
}

static napi_value describe(napi_env env, struct start *it, pid_t pid) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0u);
    const struct {
        const char *name;
        int value;
    } fields[] = {{"pid", pid}, {"pidfd", pidfd < 0 ? -1 : pidfd}, {"hire", it->near_hire}, {"server", it->near_server}};
    napi_value result;
    if (napi_create_object(env, &result) != napi_ok) return nr_failed(env);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (napi_set_named_property(env, result, fields[i].name, nr_number(env, fields[i].value)) != napi_ok) return nr_failed(env);
    nr_servers_add(&nr_addon_of(env)->servers, pid);
    struct nr_bare *bare = &nr_addon_of(env)->bare;
    nr_bare_add(bare, it->near_hire);
    nr_bare_add(bare, it->near_server);
    nr_bare_add(bare, pidfd);
    it->near_hire = it->near_server = -1; /* the caller's now */
    return result;
}

napi_value nr_start_server(napi_env env, napi_callback_info info) {
    struct start *it = malloc(sizeof *it);
    if (!it) return nr_number(env, -ENOMEM);
    napi_value result = NULL;
    if (fill(env, info, it)) {
        int error = open_all(it);
        pid_t pid = error < 0 ? error : give_birth(it);
        if (pid > 0 && (error = verdict(it, pid)) < 0) pid = error;
        result = pid > 0 ? describe(env, it, pid) : nr_number(env, pid);
        close_all(it);
    }
    free(it);
    return result;
}
