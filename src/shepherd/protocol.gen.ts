// Owns: the protocol's numbers, printed from native/protocol.h by native/protocol_ts.c.
// Never: edited by hand (`npm run protocol` prints it again, `npm run check` compares).

export const PROTOCOL_VERSION = 1;
export const FRAME_SIZE = 16;
export const REQUEST_MAX = 67108864;

export const Frame = {
  /** take this job; value = killTimeout in ms (for the fork server), extra = protocol version */
  HIRE: 1,
  /** send one signal; kind = reach, value = signal, extra = id */
  KILL: 16,
  /** end the tree: polite signal, grace, SIGKILL; value = grace in ms, -1 = the request's, extra = id */
  STOP: 17,
  /** are you there; extra = id; answered by PONG */
  PING: 18,
  /** stop everybody of the tree where he is; extra = id; DONE comes once that is so */
  FREEZE: 20,
  /** let them go on; extra = id */
  THAW: 21,
  /** what has it cost so far; extra = id; USAGE rows come before the DONE */
  USAGE_ASK: 22,
  /** send SIGCONT to every shepherd that is stopped */
  WAKE: 32,
  /** a woken shepherd is silent: SIGKILL; value = its pid, kind = 0: only if it is stopped again, 1: anyway */
  REPLACE: 33,
  /** a shepherd took the job; value = its pid, extra = protocol version */
  HELLO: 64,
  /** answer to KILL or STOP; value = 0 or errno (ESRCH: nobody left), extra = id */
  DONE: 65,
  /** exec succeeded; value = pid, a pidfd of the child rides along where the kernel has them */
  STARTED: 66,
  /** there is no child; kind = stage, value = errno; GONE follows */
  FAILED: 67,
  /** the child was stopped; value = signal */
  STOPPED: 68,
  /** the child was continued */
  CONTINUED: 69,
  /** the tree is being ended; kind = cause, value = grace in ms */
  STOPPING: 70,
  /** the child is reaped; kind = how, value = code or signal, extra = ns from its birth to its exit */
  EXITED: 71,
  /** alive when the child exited; value = pid, kind = half (0, 1), extra = 8 bytes of its name */
  LEFTOVER: 72,
  /** kind = figure, value = scope, extra = the figure */
  USAGE: 73,
  /** still alive 5 s after SIGKILL; kind = state letter, value = pid, extra = 8 bytes of its name */
  UNKILLABLE: 74,
  /** proven empty (ECHILD); kind = 1 when SIGKILL was sent, value = how many leftovers there were */
  GONE: 75,
  /** answer to PING; extra = id */
  PONG: 76,
  /** what holds the tree together; kind = isolation; the directory of its own cgroup rides along if there is one */
  ISOLATED: 80,
  /** the kernel has killed in the job's cgroup for lack of memory; extra = how many */
  OOM: 81,
  /** it runs; value = its pid, extra = protocol version; a detached one's pidfd rides along */
  READY: 128,
  /** a shepherd ended without GONE; value = its pid, kind = how its tree is proven empty, extra = killed */
  SWEPT: 129,
  /** no shepherd could be forked; value = errno */
  FORK_FAILED: 130,
} as const;

export const Reach = {
  /** the child alone */
  LEADER: 0,
  /** the child's process group */
  GROUP: 1,
  /** the child and all its descendants */
  TREE: 2,
} as const;

export const How = {
  /** it exited; value = exit code */
  CODE: 0,
  /** it died of a signal; value = signal */
  SIGNAL: 1,
  /** it died of a signal and dumped core */
  CORE: 2,
} as const;

export const Proof = {
  /** it is not, as far as is known */
  NONE: 0,
  /** the fork server has swept it */
  SWEEP: 1,
  /** the shepherd had proven it, and could not say so */
  ITSELF: 2,
} as const;

export const Cause = {
  /** a STOP frame */
  ASKED: 0,
  /** the request's timeout */
  TIMEOUT: 1,
  /** control ended */
  HOST_GONE: 2,
  /** the child exited and left descendants */
  LEFTOVERS: 3,
  /** the host sent something unreadable */
  MALFORMED: 4,
} as const;

export const Linger = {
  /** end them within leftoverTimeout */
  STOP: 0,
  /** wait until they end by themselves */
  WAIT: 1,
  /** leave them alone until the host is gone */
  LEAVE: 2,
} as const;

export const Grouping = {
  /** a new session without a controlling terminal */
  SESSION: 0,
  /** the host's process group, because a terminal is inherited on fd 0 */
  JOIN: 1,
  /** a new group of the host's session, made the terminal's foreground group */
  FOREGROUND: 2,
  /** a new session whose controlling terminal is fd 0, a pseudo-terminal of the host */
  TERMINAL: 3,
} as const;

export const Detachment = {
  /** nothing: the host's end is the job's end */
  NONE: 0,
  /** what the child left at its own exit; until then as NONE */
  LEFTOVERS: 1,
  /** the whole tree: the host's end means nothing */
  ALL: 2,
} as const;

export const Figure = {
  /** user CPU time, microseconds */
  USER_US: 0,
  /** system CPU time, microseconds */
  SYSTEM_US: 1,
  /** peak resident set of the largest single process, bytes */
  MAX_RSS: 2,
  /** page faults served without I/O */
  MINOR_FAULTS: 3,
  /** page faults served with I/O */
  MAJOR_FAULTS: 4,
  /** voluntary context switches */
  VOLUNTARY: 5,
  /** involuntary context switches */
  INVOLUNTARY: 6,
  /** memory charged to the cgroup now, bytes */
  MEMORY: 7,
  /** the most memory charged to it so far, bytes */
  MEMORY_PEAK: 8,
  /** processes in it now */
  PROCESSES: 9,
  /** bytes read from block devices */
  IO_READ: 10,
  /** bytes written to block devices */
  IO_WRITTEN: 11,
} as const;

export const Scope = {
  /** all that was reaped for this job, sent before EXITED, and before GONE if it is more */
  REAPED: 1,
  /** the job's own cgroup, sent before GONE */
  CGROUP: 2,
} as const;

export const Isolation = {
  /** nothing: a subreaper and signals */
  TREE: 0,
  /** a cgroup where one was handed to us, else nothing; asked for, never answered */
  AUTO: 1,
  /** a cgroup of its own */
  CGROUP: 2,
  /** a pid namespace of its own */
  PIDNS: 3,
} as const;

export const CgroupFile = {
  /** memory.max */
  MEMORY_MAX: 0,
  /** memory.high */
  MEMORY_HIGH: 1,
  /** memory.swap.max */
  SWAP_MAX: 2,
  /** memory.oom.group */
  OOM_GROUP: 3,
  /** pids.max */
  PIDS_MAX: 4,
  /** cpu.max */
  CPU_MAX: 5,
  /** cpu.weight */
  CPU_WEIGHT: 6,
  /** io.max */
  IO_MAX: 7,
} as const;

export const Limit = {
  /** descriptors */
  NOFILE: 0,
  /** processes and threads of the user */
  NPROC: 1,
  /** bytes of a core file */
  CORE: 2,
  /** bytes of a file it writes */
  FSIZE: 3,
  /** bytes of address space of each process */
  AS: 4,
  /** seconds of CPU of each process */
  CPU: 5,
} as const;

export const Field = {
  /** required; the program: a path if it holds '/', else searched in the request's PATH; NUL-terminated */
  FILE: 1,
  /** required; argv[0] and the arguments, each NUL-terminated */
  ARGV: 2,
  /** required; KEY=VALUE, each NUL-terminated; may be empty */
  ENV: 3,
  /** directory to enter before exec; NUL-terminated; required: the host's own when none was asked for */
  CWD: 4,
  /** required; rows of {i32 target, i32 source, i32 inherited}: source counts the hire's fds after control from 0; -1 is /dev/null; inherited = 1: it is the host's own description, O_NONBLOCK is taken off */
  FDS: 5,
  /** ms from the complete request; absent: none */
  TIMEOUT: 6,
  /** required; ms between polite signal and SIGKILL; 0: SIGKILL at once */
  KILL_TIMEOUT: 7,
  /** required; ms between the child's own exit and SIGKILL for what it left */
  LEFTOVER_TIMEOUT: 8,
  /** required; the polite signal */
  KILL_SIGNAL: 9,
  /** required; a reach: who gets the polite signal */
  STOP_SCOPE: 10,
  /** required; what happens to leftovers */
  LINGER: 11,
  /** required; session or group of the child */
  GROUPING: 12,
  /** the host's process group; required by JOIN and FOREGROUND */
  HOST_GROUP: 13,
  /** what lives on without the host; absent: nothing */
  DETACHMENT: 14,
  /** rows of {u32 limit, u32 parts, u64 soft, u64 hard}, each limit at most once; parts: 1 = soft is given, 2 = hard is given; all bits set: no limit */
  LIMITS: 28,
  /** the child's priority, -20 to 19 */
  NICE: 29,
  /** the child's file mode creation mask */
  UMASK: 30,
  /** real, effective and saved user id */
  UID: 31,
  /** real, effective and saved group id */
  GID: 32,
  /** rows of u32: the supplementary groups; absent: none with another uid or gid, else the host's */
  GROUPS: 33,
  /** 1: exec can never give more rights than there are */
  NO_NEW_PRIVS: 34,
  /** -1000 to 1000 */
  OOM_SCORE_ADJ: 35,
  /** an isolation; absent: TREE, or CGROUP if one of the next three is there */
  ISOLATION: 36,
  /** a relative path, whose leaf the job's own cgroup becomes; NUL-terminated */
  CGROUP_PATH: 37,
  /** pairs of {decimal number of a file, what to write}, each NUL-terminated */
  CGROUP_LIMITS: 38,
  /** 1: without a cgroup if there can be none */
  CGROUP_OPTIONAL: 39,
  /** 1: the host may be moved into a leaf of its own, where that is what stands in the way */
  CGROUP_MOVE_HOST: 40,
} as const;

export const STAGES: Readonly<Record<number, {readonly name: string; readonly syscall: string; readonly doc: string}>> = {
  1: {name: 'RECEIVE', syscall: 'recvmsg', doc: "the shepherd could not take the job's descriptors"},
  2: {name: 'CREDENTIALS', syscall: 'getsockopt', doc: "host and shepherd no longer have the same identity"},
  3: {name: 'REQUEST', syscall: 'recvmsg', doc: "the request could not be read"},
  4: {name: 'SHEPHERD', syscall: 'fork', doc: "no shepherd could be made"},
  5: {name: 'PREPARE', syscall: 'pipe2', doc: "the shepherd could not prepare the birth"},
  6: {name: 'FORK', syscall: 'vfork', doc: "the child could not be forked"},
  16: {name: 'SESSION', syscall: 'setsid', doc: "no new session"},
  17: {name: 'GROUP', syscall: 'setpgid', doc: "the process group could not be joined or made"},
  18: {name: 'FOREGROUND', syscall: 'tcsetpgrp', doc: "the terminal could not be handed over"},
  19: {name: 'FDS', syscall: 'dup2', doc: "a descriptor could not be put in place"},
  20: {name: 'CHDIR', syscall: 'chdir', doc: "the working directory cannot be entered"},
  21: {name: 'PDEATHSIG', syscall: 'prctl', doc: "the shepherd died, or its death signal could not be armed"},
  22: {name: 'SIGNALS', syscall: 'rt_sigprocmask', doc: "signal dispositions or mask could not be reset"},
  23: {name: 'EXEC', syscall: 'execve', doc: "the program cannot be executed"},
  24: {name: 'INTERPRETER', syscall: 'execve', doc: "the program's interpreter is missing"},
  36: {name: 'OOM_SCORE_ADJ', syscall: 'write', doc: "/proc/self/oom_score_adj could not be written"},
  37: {name: 'NICE', syscall: 'setpriority', doc: "the priority could not be set"},
  38: {name: 'LIMIT_NOFILE', syscall: 'setrlimit', doc: "RLIMIT_NOFILE could not be set"},
  39: {name: 'LIMIT_NPROC', syscall: 'setrlimit', doc: "RLIMIT_NPROC could not be set"},
  40: {name: 'LIMIT_CORE', syscall: 'setrlimit', doc: "RLIMIT_CORE could not be set"},
  41: {name: 'LIMIT_FSIZE', syscall: 'setrlimit', doc: "RLIMIT_FSIZE could not be set"},
  42: {name: 'LIMIT_AS', syscall: 'setrlimit', doc: "RLIMIT_AS could not be set"},
  43: {name: 'LIMIT_CPU', syscall: 'setrlimit', doc: "RLIMIT_CPU could not be set"},
  44: {name: 'SETGROUPS', syscall: 'setgroups', doc: "the supplementary groups could not be taken"},
  45: {name: 'SETGID', syscall: 'setresgid', doc: "the group could not be taken"},
  46: {name: 'SETUID', syscall: 'setresuid', doc: "the user could not be taken"},
  47: {name: 'NO_NEW_PRIVS', syscall: 'prctl', doc: "new privileges could not be ruled out"},
  48: {name: 'CGROUP_FIND', syscall: 'open', doc: "there is no cgroup that may be divided"},
  49: {name: 'CGROUP_PATH', syscall: 'mkdir', doc: "the path of the cgroup could not be made or entered"},
  50: {name: 'CGROUP_MEMORY_MAX', syscall: 'write', doc: "memory.max could not be written"},
  51: {name: 'CGROUP_MEMORY_HIGH', syscall: 'write', doc: "memory.high could not be written"},
  52: {name: 'CGROUP_SWAP_MAX', syscall: 'write', doc: "memory.swap.max could not be written"},
  53: {name: 'CGROUP_OOM_GROUP', syscall: 'write', doc: "memory.oom.group could not be written"},
  54: {name: 'CGROUP_PIDS_MAX', syscall: 'write', doc: "pids.max could not be written"},
  55: {name: 'CGROUP_CPU_MAX', syscall: 'write', doc: "cpu.max could not be written"},
  56: {name: 'CGROUP_CPU_WEIGHT', syscall: 'write', doc: "cpu.weight could not be written"},
  57: {name: 'CGROUP_IO_MAX', syscall: 'write', doc: "io.max could not be written"},
  58: {name: 'CGROUP_LEAF', syscall: 'mkdir', doc: "the job's own cgroup could not be made"},
  59: {name: 'CGROUP_JOIN', syscall: 'write', doc: "the job's own cgroup could not be joined"},
  62: {name: 'NAMESPACE', syscall: 'clone', doc: "no pid namespace can be made"},
  63: {name: 'CHOWN', syscall: 'fchown', doc: "the child's pipes could not be given to its user"},
  32: {name: 'TERMINAL', syscall: 'ioctl', doc: "the pseudo-terminal could not become the controlling terminal"},
};
