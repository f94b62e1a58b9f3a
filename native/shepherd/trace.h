/* Owns: what exists only in special builds: a trace of decisions, and leaving with a leak check.
 * Never: behaviour of an ordinary build. */
#ifndef NR_TRACE_H
#define NR_TRACE_H

#include <unistd.h>

/* -DNR_TRACE_FILE='"/tmp/trace"' writes one line per decision: a shepherd's own stderr is /dev/null. */
#ifdef NR_TRACE_FILE
#include <fcntl.h>
#include <stdio.h>
#define NR_TRACE(...)                                                                  \
    do {                                                                               \
        int trace_fd = open(NR_TRACE_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); \
        dprintf(trace_fd, "%d: ", (int)getpid());                                      \
        dprintf(trace_fd, __VA_ARGS__);                                                \
        dprintf(trace_fd, "\n");                                                       \
        close(trace_fd);                                                               \
    } while (0)
#else
#define NR_TRACE(...) ((void)0)
#endif

/* _exit() skips LeakSanitizer's own check, and nothing of ours may run exit handlers after a fork. */
#ifdef NR_SANITIZED
#include <sanitizer/lsan_interface.h>
#define nr_exit(code) (__lsan_do_leak_check(), _exit(code))
#else
#define nr_exit(code) _exit(code)
#endif

#endif
