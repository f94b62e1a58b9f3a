/* Owns: every number that crosses between the host, the fork server and the shepherds, each with its meaning.
 * Never: behaviour. native/protocol_ts.c prints src/shepherd/protocol.gen.ts from these rows; `npm run check` compares. */
#ifndef NR_PROTOCOL_H
#define NR_PROTOCOL_H

#include <stdint.h>

/* Raised whenever a row below changes meaning. Both ends say theirs and refuse a stranger's. */
#define NR_PROTOCOL_VERSION 1

/* Every message after the request is one frame of 16 bytes, little-endian. Fields a row does not name are zero.
 * Signals and errno travel as numbers: both ends share a kernel. */
#define NR_FRAME_SIZE 16
struct nr_frame {
    uint8_t type;
    uint8_t kind;
    uint16_t zero;
    int32_t value;
    uint64_t extra;
};

/* X(name, number, doc) */
#define NR_FRAMES(X)                                                                                                     \
    /* host -> idle shepherds, on the hire socket: the first and only message, with the job's fds (control first) */     \
    X(HIRE, 1, "take this job; value = killTimeout in ms (for the fork server), extra = protocol version")               \
    /* host -> shepherd, on control; each carries an id in `extra` and is answered by DONE(id) */                        \
    X(KILL, 16, "send one signal; kind = reach, value = signal, extra = id")                                             \
    X(STOP, 17, "end the tree: polite signal, grace, SIGKILL; value = grace in ms, -1 = the request's, extra = id")      \
    X(PING, 18, "are you there; extra = id; answered by PONG")                                                           \
    X(FREEZE, 20, "stop everybody of the tree where he is; extra = id; DONE comes once that is so")                      \
    X(THAW, 21, "let them go on; extra = id")                                                                            \
    X(USAGE_ASK, 22, "what has it cost so far; extra = id; USAGE rows come before the DONE")                             \
    /* host -> fork server, on the server socket */                                                                      \
    X(WAKE, 32, "send SIGCONT to every shepherd that is stopped")                                                        \
    X(REPLACE, 33, "a woken shepherd is silent: SIGKILL; value = its pid, kind = 0: only if it is stopped again, 1: anyway") \
    /* shepherd -> host, on control */                                                                                   \
    X(HELLO, 64, "a shepherd took the job; value = its pid, extra = protocol version")                                   \
    X(DONE, 65, "answer to KILL or STOP; value = 0 or errno (ESRCH: nobody left), extra = id")                           \
    X(STARTED, 66, "exec succeeded; value = pid, a pidfd of the child rides along where the kernel has them")            \
    X(FAILED, 67, "there is no child; kind = stage, value = errno; GONE follows")                                        \
    X(STOPPED, 68, "the child was stopped; value = signal")                                                              \
    X(CONTINUED, 69, "the child was continued")                                                                          \
    X(STOPPING, 70, "the tree is being ended; kind = cause, value = grace in ms")                                        \
    X(EXITED, 71, "the child is reaped; kind = how, value = code or signal, extra = ns from its birth to its exit")               \
    X(LEFTOVER, 72, "alive when the child exited; value = pid, kind = half (0, 1), extra = 8 bytes of its name")         \
    X(USAGE, 73, "kind = figure, value = scope, extra = the figure")                                                     \
    X(UNKILLABLE, 74, "still alive 5 s after SIGKILL; kind = state letter, value = pid, extra = 8 bytes of its name")    \
    X(GONE, 75, "proven empty (ECHILD); kind = 1 when SIGKILL was sent, value = how many leftovers there were")          \
    X(PONG, 76, "answer to PING; extra = id")                                                                            \
    X(ISOLATED, 80, "what holds the tree together; kind = isolation; the directory of its own cgroup rides along if there is one") \
    X(OOM, 81, "the kernel has killed in the job's cgroup for lack of memory; extra = how many")                         \
    /* fork server -> host, on the server socket */                                                                      \
    X(READY, 128, "it runs; value = its pid, extra = protocol version; a detached one's pidfd rides along")              \
    X(SWEPT, 129, "a shepherd ended without GONE; value = its pid, kind = how its tree is proven empty, extra = killed")  \
    X(FORK_FAILED, 130, "no shepherd could be forked; value = errno")

/* KILL.kind, and the request's STOP_SCOPE */
#define NR_REACHES(X)                                         \
    X(LEADER, 0, "the child alone")                           \
    X(GROUP, 1, "the child's process group")                  \
    X(TREE, 2, "the child and all its descendants")

/* EXITED.kind */
#define NR_HOWS(X)                                            \
    X(CODE, 0, "it exited; value = exit code")                \
    X(SIGNAL, 1, "it died of a signal; value = signal")       \
    X(CORE, 2, "it died of a signal and dumped core")

/* SWEPT.kind */
#define NR_PROOFS(X)                                          \
    X(NONE, 0, "it is not, as far as is known")               \
    X(SWEEP, 1, "the fork server has swept it")               \
    X(ITSELF, 2, "the shepherd had proven it, and could not say so")

/* STOPPING.kind: why the tree is being ended; the first cause wins */
#define NR_CAUSES(X)                                          \
    X(ASKED, 0, "a STOP frame")                               \
    X(TIMEOUT, 1, "the request's timeout")                    \
    X(HOST_GONE, 2, "control ended")                          \
    X(LEFTOVERS, 3, "the child exited and left descendants")  \
    X(MALFORMED, 4, "the host sent something unreadable")

/* LINGER field: what the child's exit means for its leftovers */
#define NR_LINGERS(X)                                         \
    X(STOP, 0, "end them within leftoverTimeout")             \
    X(WAIT, 1, "wait until they end by themselves")           \
    X(LEAVE, 2, "leave them alone until the host is gone")

/* GROUP field: which session and process group the child gets (ARCHITECTURE.md, Terminals) */
#define NR_GROUPINGS(X)                                                                         \
    X(SESSION, 0, "a new session without a controlling terminal")                               \
    X(JOIN, 1, "the host's process group, because a terminal is inherited on fd 0")             \
    X(FOREGROUND, 2, "a new group of the host's session, made the terminal's foreground group")        \
    X(TERMINAL, 3, "a new session whose controlling terminal is fd 0, a pseudo-terminal of the host")

/* DETACHMENT field: what lives on when the host is gone */
#define NR_DETACHMENTS(X)                                                              \
    X(NONE, 0, "nothing: the host's end is the job's end")                              \
    X(LEFTOVERS, 1, "what the child left at its own exit; until then as NONE")          \
    X(ALL, 2, "the whole tree: the host's end means nothing")

/* USAGE.kind; scope in USAGE.value */
#define NR_FIGURES(X)                                                        \
    X(USER_US, 0, "user CPU time, microseconds")                             \
    X(SYSTEM_US, 1, "system CPU time, microseconds")                         \
    X(MAX_RSS, 2, "peak resident set of the largest single process, bytes")  \
    X(MINOR_FAULTS, 3, "page faults served without I/O")                     \
    X(MAJOR_FAULTS, 4, "page faults served with I/O")                        \
    X(VOLUNTARY, 5, "voluntary context switches")                            \
    X(INVOLUNTARY, 6, "involuntary context switches")                        \
    X(MEMORY, 7, "memory charged to the cgroup now, bytes")                  \
    X(MEMORY_PEAK, 8, "the most memory charged to it so far, bytes")         \
    X(PROCESSES, 9, "processes in it now")                                   \
    X(IO_READ, 10, "bytes read from block devices")                          \
    X(IO_WRITTEN, 11, "bytes written to block devices")
#define NR_SCOPES(X)                                                                  \
    X(REAPED, 1, "all that was reaped for this job, sent before EXITED, and before GONE if it is more") \
    X(CGROUP, 2, "the job's own cgroup, sent before GONE")

/* ISOLATION field and ISOLATED.kind: what holds a tree together besides the shepherd */
#define NR_ISOLATIONS(X)                                                                        \
    X(TREE, 0, "nothing: a subreaper and signals")                                              \
    X(AUTO, 1, "a cgroup where one was handed to us, else nothing; asked for, never answered")  \
    X(CGROUP, 2, "a cgroup of its own")                                                         \
    X(PIDNS, 3, "a pid namespace of its own")

/* Rows of the CGROUP_LIMITS field, in the order of their stages. */
#define NR_CGROUP_FILES(X)                                                    \
    X(MEMORY_MAX, 0, "memory.max")                                            \
    X(MEMORY_HIGH, 1, "memory.high")                                          \
    X(SWAP_MAX, 2, "memory.swap.max")                                         \
    X(OOM_GROUP, 3, "memory.oom.group")                                       \
    X(PIDS_MAX, 4, "pids.max")                                                \
    X(CPU_MAX, 5, "cpu.max")                                                  \
    X(CPU_WEIGHT, 6, "cpu.weight")                                            \
    X(IO_MAX, 7, "io.max")
#define NR_CGROUP_FILE_COUNT 8

/* Rows of the LIMITS field, in the order of their stages. */
#define NR_LIMITS(X)                                                          \
    X(NOFILE, 0, "descriptors")                                               \
    X(NPROC, 1, "processes and threads of the user")                          \
    X(CORE, 2, "bytes of a core file")                                        \
    X(FSIZE, 3, "bytes of a file it writes")                                  \
    X(AS, 4, "bytes of address space of each process")                        \
    X(CPU, 5, "seconds of CPU of each process")

/* FAILED.kind: the numbered stages of a birth, in the order they happen */
#define NR_STAGES(X)                                                                            \
    X(RECEIVE, 1, "recvmsg", "the shepherd could not take the job's descriptors")               \
    X(CREDENTIALS, 2, "getsockopt", "host and shepherd no longer have the same identity")       \
    X(REQUEST, 3, "recvmsg", "the request could not be read")                                   \
    X(SHEPHERD, 4, "fork", "no shepherd could be made")                                         \
    X(PREPARE, 5, "pipe2", "the shepherd could not prepare the birth")                          \
    X(FORK, 6, "vfork", "the child could not be forked")                                        \
    X(SESSION, 16, "setsid", "no new session")                                                  \
    X(GROUP, 17, "setpgid", "the process group could not be joined or made")                    \
    X(FOREGROUND, 18, "tcsetpgrp", "the terminal could not be handed over")                     \
    X(FDS, 19, "dup2", "a descriptor could not be put in place")                                \
    X(CHDIR, 20, "chdir", "the working directory cannot be entered")                            \
    X(PDEATHSIG, 21, "prctl", "the shepherd died, or its death signal could not be armed")      \
    X(SIGNALS, 22, "rt_sigprocmask", "signal dispositions or mask could not be reset")          \
    X(EXEC, 23, "execve", "the program cannot be executed")                                     \
    X(INTERPRETER, 24, "execve", "the program's interpreter is missing")                           \
    X(OOM_SCORE_ADJ, 36, "write", "/proc/self/oom_score_adj could not be written")              \
    X(NICE, 37, "setpriority", "the priority could not be set")                                 \
    X(LIMIT_NOFILE, 38, "setrlimit", "RLIMIT_NOFILE could not be set")                          \
    X(LIMIT_NPROC, 39, "setrlimit", "RLIMIT_NPROC could not be set")                            \
    X(LIMIT_CORE, 40, "setrlimit", "RLIMIT_CORE could not be set")                              \
    X(LIMIT_FSIZE, 41, "setrlimit", "RLIMIT_FSIZE could not be set")                            \
    X(LIMIT_AS, 42, "setrlimit", "RLIMIT_AS could not be set")                                  \
    X(LIMIT_CPU, 43, "setrlimit", "RLIMIT_CPU could not be set")                                \
    X(SETGROUPS, 44, "setgroups", "the supplementary groups could not be taken")                \
    X(SETGID, 45, "setresgid", "the group could not be taken")                                  \
    X(SETUID, 46, "setresuid", "the user could not be taken")                                   \
    X(NO_NEW_PRIVS, 47, "prctl", "new privileges could not be ruled out")                       \
    X(CGROUP_FIND, 48, "open", "there is no cgroup that may be divided")                        \
    X(CGROUP_PATH, 49, "mkdir", "the path of the cgroup could not be made or entered")          \
    X(CGROUP_MEMORY_MAX, 50, "write", "memory.max could not be written")                        \
    X(CGROUP_MEMORY_HIGH, 51, "write", "memory.high could not be written")                      \
    X(CGROUP_SWAP_MAX, 52, "write", "memory.swap.max could not be written")                     \
    X(CGROUP_OOM_GROUP, 53, "write", "memory.oom.group could not be written")                   \
    X(CGROUP_PIDS_MAX, 54, "write", "pids.max could not be written")                            \
    X(CGROUP_CPU_MAX, 55, "write", "cpu.max could not be written")                              \
    X(CGROUP_CPU_WEIGHT, 56, "write", "cpu.weight could not be written")                        \
    X(CGROUP_IO_MAX, 57, "write", "io.max could not be written")                                \
    X(CGROUP_LEAF, 58, "mkdir", "the job's own cgroup could not be made")                       \
    X(CGROUP_JOIN, 59, "write", "the job's own cgroup could not be joined")                     \
    X(NAMESPACE, 62, "clone", "no pid namespace can be made")                                   \
    X(CHOWN, 63, "fchown", "the child's pipes could not be given to its user") \
    X(TERMINAL, 32, "ioctl", "the pseudo-terminal could not become the controlling terminal")

/* The request: u32 total (bytes that follow), then fields {u16 tag, u16 zero, u32 length, bytes}, in any order, each at most
 * once. Numbers are i64 of 8 bytes. An unknown tag, a missing required field, a wrong length: FAILED(REQUEST, EPROTO). */
#define NR_REQUEST_MAX (64u << 20)
#define NR_FIELDS(X)                                                                                                          \
    X(FILE, 1, "required; the program: a path if it holds '/', else searched in the request's PATH; NUL-terminated")          \
    X(ARGV, 2, "required; argv[0] and the arguments, each NUL-terminated")                                                    \
    X(ENV, 3, "required; KEY=VALUE, each NUL-terminated; may be empty")                                                       \
    X(CWD, 4, "directory to enter before exec; NUL-terminated; required: the host's own when none was asked for")             \
    X(FDS, 5, "required; rows of {i32 target, i32 source, i32 inherited}: source counts the hire's fds after control from 0; " \
              "-1 is /dev/null; inherited = 1: it is the host's own description, O_NONBLOCK is taken off")                    \
    X(TIMEOUT, 6, "ms from the complete request; absent: none")                                                               \
    X(KILL_TIMEOUT, 7, "required; ms between polite signal and SIGKILL; 0: SIGKILL at once")                                  \
    X(LEFTOVER_TIMEOUT, 8, "required; ms between the child's own exit and SIGKILL for what it left")                          \
    X(KILL_SIGNAL, 9, "required; the polite signal")                                                                          \
    X(STOP_SCOPE, 10, "required; a reach: who gets the polite signal")                                                        \
    X(LINGER, 11, "required; what happens to leftovers")                                                                      \
    X(GROUPING, 12, "required; session or group of the child")                                                                \
    X(HOST_GROUP, 13, "the host's process group; required by JOIN and FOREGROUND")                                            \
    X(DETACHMENT, 14, "what lives on without the host; absent: nothing")                                                      \
    X(LIMITS, 28, "rows of {u32 limit, u32 parts, u64 soft, u64 hard}, each limit at most once; parts: 1 = soft is given, "   \
                  "2 = hard is given; all bits set: no limit")                                                                \
    X(NICE, 29, "the child's priority, -20 to 19")                                                                            \
    X(UMASK, 30, "the child's file mode creation mask")                                                                       \
    X(UID, 31, "real, effective and saved user id")                                                                           \
    X(GID, 32, "real, effective and saved group id")                                                                          \
    X(GROUPS, 33, "rows of u32: the supplementary groups; absent: none with another uid or gid, else the host's")             \
    X(NO_NEW_PRIVS, 34, "1: exec can never give more rights than there are")                                                  \
    X(OOM_SCORE_ADJ, 35, "-1000 to 1000")                                                                                     \
    X(ISOLATION, 36, "an isolation; absent: TREE, or CGROUP if one of the next three is there")                               \
    X(CGROUP_PATH, 37, "a relative path, whose leaf the job's own cgroup becomes; NUL-terminated")                            \
    X(CGROUP_LIMITS, 38, "pairs of {decimal number of a file, what to write}, each NUL-terminated")                           \
    X(CGROUP_OPTIONAL, 39, "1: without a cgroup if there can be none")                                                        \
    X(CGROUP_MOVE_HOST, 40, "1: the host may be moved into a leaf of its own, where that is what stands in the way")

#define NR_ROW(prefix, name, number) prefix##name = number,
enum nr_frame_type {
#define X(n, v, d) NR_ROW(NR_, n, v)
    NR_FRAMES(X)
#undef X
};
enum nr_reach {
#define X(n, v, d) NR_ROW(NR_REACH_, n, v)
    NR_REACHES(X)
#undef X
};
enum nr_how {
#define X(n, v, d) NR_ROW(NR_HOW_, n, v)
    NR_HOWS(X)
#undef X
};
enum nr_proof {
#define X(n, v, d) NR_ROW(NR_PROOF_, n, v)
    NR_PROOFS(X)
#undef X
};
enum nr_cause {
#define X(n, v, d) NR_ROW(NR_CAUSE_, n, v)
    NR_CAUSES(X)
#undef X
};
enum nr_linger {
#define X(n, v, d) NR_ROW(NR_LINGER_, n, v)
    NR_LINGERS(X)
#undef X
};
enum nr_grouping {
#define X(n, v, d) NR_ROW(NR_GROUPING_, n, v)
    NR_GROUPINGS(X)
#undef X
};
enum nr_detachment {
#define X(n, v, d) NR_ROW(NR_DETACHMENT_, n, v)
    NR_DETACHMENTS(X)
#undef X
};
enum nr_figure {
#define X(n, v, d) NR_ROW(NR_FIGURE_, n, v)
    NR_FIGURES(X)
#undef X
};
enum nr_scope {
#define X(n, v, d) NR_ROW(NR_SCOPE_, n, v)
    NR_SCOPES(X)
#undef X
};
enum nr_isolation {
#define X(n, v, d) NR_ROW(NR_ISOLATION_, n, v)
    NR_ISOLATIONS(X)
#undef X
};
enum nr_cgroup_file {
#define X(n, v, d) NR_ROW(NR_CGROUP_FILE_, n, v)
    NR_CGROUP_FILES(X)
#undef X
};
enum nr_limit {
#define X(n, v, d) NR_ROW(NR_LIMIT_, n, v)
    NR_LIMITS(X)
#undef X
};
enum nr_stage {
#define X(n, v, s, d) NR_ROW(NR_STAGE_, n, v)
    NR_STAGES(X)
#undef X
};
enum nr_field {
#define X(n, v, d) NR_ROW(NR_FIELD_, n, v)
    NR_FIELDS(X)
#undef X
};

#endif
