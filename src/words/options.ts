// Owns: the options users give, each with its meaning, and the types that read, check and merge them.
// Never: a default's value at run time (settings.ts), what a result looks like (result.ts).
import type {Limits} from './bounds.js';
import type {CgroupOptions, Isolation} from './cgroup.js';
import type {Input} from './input.js';
import type {Owner} from './owner.js';
import type {ExtraTarget, OutputTarget, StderrTarget, Target} from './target.js';
import type {OutputLimit} from './truncation.js';

/** All three at once: one word for all, or [stdin, stdout, stderr], where `undefined` leaves the default. */
export type Stdio =
  | 'pipe'
  | 'ignore'
  | 'inherit'
  | readonly [stdin: Target | undefined, stdout: OutputTarget | undefined, stderr: StderrTarget | undefined];

type Bare<Name> = Name extends `SIG${infer Rest}` ? Rest : never;

/** A signal by name, with or without SIG ('SIGTERM', 'TERM'), or by number (1 to 31). */
export type Signal = NodeJS.Signals | Bare<NodeJS.Signals> | number;

/** How far a signal goes: the child alone, its process group, or the child and all its descendants wherever they went. */
export type Reach = 'leader' | 'group' | 'tree';

/** A pseudo-terminal to run in. Sizes are in characters, from 1 to 65,535. */
export interface Pty {
  /** Columns. Default: 80. */
  readonly cols?: number | undefined;
  /** Rows. Default: 24. */
  readonly rows?: number | undefined;
  /** TERM for the child. Default: TERM as `env` gives it, else 'xterm-256color'. */
  readonly term?: string | undefined;
  /** Whether the terminal writes back what is typed, until the program decides otherwise. Default: true. */
  readonly echo?: boolean | undefined;
}

/**
 * Every option. Times are in milliseconds, sizes in bytes. `undefined` means "not given" everywhere. A wrong name or value is refused
 * before anything starts: RunError, reason 'invalid', code ERR_INVALID_OPTION.
 */
export interface Options {
  /**
   * Arguments appended to those of the command. Nothing is split or parsed. Default: none. A NUL character: ERR_INVALID_ARGS.
   * @example await run('npm', {args: ['test']})
   */
  args?: readonly string[] | undefined;
  /**
   * The directory the child starts in, as a path or a file: URL. A relative program path (with a '/') starts there too.
   * Default: the host's own. One that cannot be entered: reason 'spawn' with stage 'chdir'.
   * @example await run(['git', 'status'], {cwd: '/srv/repo'})
   */
  cwd?: string | URL | undefined;
  /**
   * Variables for the child, over the host's own (see `extendEnv`); `undefined` removes one. Values are strings: write String(8080).
   * The program is searched in this PATH. Default: the host's environment.
   * @example await run(['node', 'server.js'], {env: {PORT: '8080', DEBUG: undefined}})
   */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Whether `env` is added to the host's environment (true) or is the child's whole environment (false). Default: true.
   * @example await run(['/usr/bin/env'], {env: {A: '1'}, extendEnv: false})
   */
  extendEnv?: boolean | undefined;
  /**
   * What the program sees as argv[0]. Default: the file as given.
   * @example await run('/bin/busybox', {argv0: 'ls'})
   */
  argv0?: string | undefined;
  /**
   * Shorthand for stdin, stdout and stderr: one word for all three, or [stdin, stdout, stderr]. A single option beats its place here.
   * @example await run(['vim', file], {stdio: 'inherit'})
   */
  stdio?: Stdio | undefined;
  /**
   * The child's standard input. 'pipe' (fed from `input`, or by `write()` after start()), 'ignore' (/dev/null), 'inherit', {file}, a stream
   * with a descriptor, or an open descriptor. Default: 'pipe' with `input` and in start(), else 'ignore'. Anything but 'pipe' beside `input`
   * is refused; 'pipe' without `input` is an empty input in run(). A file that cannot be opened: reason 'spawn' with stage 'open'.
   * @example await run(['sort'], {stdin: {file: 'names.txt'}})
   */
  stdin?: Target | undefined;
  /**
   * The child's standard output. 'pipe' (collected by run(), read by you after start()), 'ignore', 'inherit', {file, append?}, a stream with
   * a descriptor, an open descriptor, or a list of these: each gets everything, written by the host as it reads, and the slowest sets the
   * pace (a list may hold any Node stream). A copy that cannot be written stops the tree: reason 'output', ERR_OUTPUT. A file that several
   * of a command's streams name is appended to by all of them. Default: 'pipe'.
   * @example await run(['make'], {stdout: ['pipe', 'inherit', {file: 'make.log'}]})
   */
  stdout?: OutputTarget | undefined;
  /**
   * The child's standard error. As stdout, and 'stdout' (into stdout's own pipe, in the exact order of writing) or 'consume' (drained by
   * us, its first and last 32 KiB kept). Default: 'pipe' in run(), 'consume' in start() and stream(), which takes no 'pipe'.
   * @example await run(['make'], {stderr: 'stdout'})
   */
  stderr?: StderrTarget | undefined;
  /**
   * More descriptors for the child, by their number there, from 3 on: 'ignore', 'inherit' (the host's descriptor of that number), {file,
   * append?} (for writing), a stream with a descriptor, or an open descriptor. Default: none, the child has 0, 1 and 2.
   * @example await run(['gpg', '--status-fd', '3', '--verify', file], {extraFds: {3: {file: 'status.txt'}}})
   */
  extraFds?: Readonly<Record<number, ExtraTarget | undefined>> | undefined;
  /**
   * What the child reads: a string, bytes, a Blob, a Node or web stream, an iterable or async iterable of strings and bytes. Written
   * while output is read; its source is closed when the child stops reading. `process.stdin` means stdin: 'inherit'. Default: none.
   * A source that fails stops the job: reason 'input', ERR_INPUT, with its error as `cause`.
   * @example await run(['sort'], {input: 'b\na\n'})
   */
  input?: Input | undefined;
  /**
   * Runs the command in a pseudo-terminal of its own: it is the leader of a session, all three standard streams are the terminal, and
   * stdout carries everything (there is no stderr of its own, and lines end in \r\n, as terminals have it). Size and TERM are right from the
   * first moment. `killSignal` becomes 'SIGHUP', as when a terminal window is closed: interactive shells ignore SIGTERM. Refused beside
   * `stdio`, `stdin`, `stdout`, `stderr` and `foreground`. Default: false.
   * @example const term = await start(['bash'], {pty: {cols: 120, rows: 40}}); term.resize(80, 24)
   */
  pty?: boolean | Pty | undefined;
  /**
   * How collected output becomes a value: 'buffer' gives bytes, the others text by one decoder per stream, so that no character is torn.
   * Default: 'utf8' in run(); 'buffer' in stream(), where lines(), text() and json() are utf8 all the same. start() hands out bytes and takes
   * 'buffer' only.
   * @example const {stdout} = await run(['cat', 'photo.jpg'], {encoding: 'buffer'})
   */
  encoding?: BufferEncoding | 'buffer' | undefined;
  /**
   * Gives collected output as an array of lines, without their line ends. Default: false. Refused with encoding 'buffer', by start() and
   * by stream(), which has .lines().
   * @example const {stdout} = await run(['git', 'branch'], {lines: true})
   */
  lines?: boolean | undefined;
  /**
   * Takes one line end off the end of collected output. Default: false; true in $. Refused by start() and stream().
   * @example const {stdout: head} = await run(['git', 'rev-parse', 'HEAD'], {stripFinalNewline: true})
   */
  stripFinalNewline?: boolean | undefined;
  /**
   * Milliseconds the child may run, counted in the shepherd, so also while the event loop is blocked. Then the whole tree is stopped and
   * run() rejects: reason 'timeout', ETIMEDOUT, with the output so far. Opening what it is given (a FIFO waits for its other end) may take as
   * long before that, else nothing starts. Default, 0 and Infinity: no limit.
   * @example await run(['npm', 'test'], {timeout: 60_000})
   */
  timeout?: number | undefined;
  /**
   * Milliseconds in which the child has to write something while somebody waits for it: always in run(), in start() and stream() while a
   * read waits. Then the tree is stopped: reason 'idle', ETIMEDOUT. Looked at ten times in that span, and late while the event loop is
   * blocked. Refused when neither stdout nor stderr is read by the host. Default, 0 and Infinity: no limit.
   * @example await run(['npm', 'install'], {idleTimeout: 60_000})
   */
  idleTimeout?: number | undefined;
  /**
   * The polite signal: what a stop sends first. Default: 'SIGTERM' ('SIGHUP' with `pty`). An unknown one: ERR_UNKNOWN_SIGNAL.
   * @example await start(['postgres'], {killSignal: 'SIGINT'})
   */
  killSignal?: Signal | undefined;
  /**
   * Milliseconds between the polite signal and SIGKILL to the whole tree, at every stop. 0: SIGKILL at once. Default: 5000.
   * @example await start(['node', 'server.js'], {killTimeout: 2_000})
   */
  killTimeout?: number | undefined;
  /**
   * Milliseconds that descendants still alive after the child's own exit get between the polite signal and SIGKILL (never more than
   * killTimeout). Default: 500.
   * @example await run(['sh', '-c', 'worker & true'], {leftoverTimeout: 2_000})
   */
  leftoverTimeout?: number | undefined;
  /**
   * Who gets the polite signal of a stop: 'tree', 'group' or 'leader' (the child alone, which postgres wants). SIGKILL always means the
   * tree. Default: 'tree'.
   * @example await start(['postgres'], {stopScope: 'leader'})
   */
  stopScope?: Reach | undefined;
  /**
   * Stops the tree when it is aborted: reason 'abort', ABORT_ERR, with `signal.reason` as `cause`. One that is aborted already starts
   * nothing. Default: none.
   * @example await run(['curl', url], {signal: AbortSignal.timeout(5_000)})
   */
  signal?: AbortSignal | undefined;
  /**
   * Bytes that stdout and stderr may each have before run() stops the tree and rejects: reason 'max-output', ERR_MAX_OUTPUT, with exactly
   * the first maxOutputSize bytes in `result`. Default: 104_857_600 (100 MiB), in stream() none; Infinity: no limit. Refused by start(),
   * which keeps nothing, and beside `output`, whose `max` it is. Of commands joined by pipe() it counts the stdout of the last one alone.
   * @example await run(['yes'], {maxOutputSize: 1_000})
   */
  maxOutputSize?: number | undefined;
  /**
   * How much of stdout and of stderr is kept, and what happens beyond: see OutputLimit. `truncated` in the result says what is missing.
   * Refused by start() and stream(), which keep nothing.
   * @example const {stdout, truncated} = await run(['make'], {output: {max: 64_000, overflow: 'head+tail', spill: true}})
   */
  output?: OutputLimit | undefined;
  /**
   * Whether an exit status is an error: true accepts exit code 0 only, a list accepts its codes; anything else rejects with reason 'exit'
   * (ERR_EXIT) or 'signal' (ERR_SIGNAL). Default: false, an exit status is a value; true in stream() and $. Refused by start().
   * @example await run(['grep', 'x', file], {check: [0, 1]})
   */
  check?: boolean | readonly number[] | undefined;
  /**
   * Gives the child a process group of its own and makes it the terminal's foreground group while it runs, as a shell does. One job at a
   * time, and only where the host is in the foreground. Default: false (a child that inherits a terminal joins the host's group).
   * @example await run(['bash'], {stdio: 'inherit', foreground: true})
   */
  foreground?: boolean | undefined;
  /**
   * What the child's own exit means for descendants that are still alive: 'stop' ends them within leftoverTimeout, 'wait' waits until
   * they end by themselves, 'leave' settles at once and leaves them alone until the host ends (they are in `leftovers`, and `proven` is
   * false; what they write to a pipe of ours after that is not read by run()). Default: 'stop'.
   * @example await run(['sh', '-c', 'build & build2 &'], {linger: 'wait'})
   */
  linger?: 'stop' | 'wait' | 'leave' | undefined;
  /**
   * To whom the job belongs: when this target emits this event the tree is stopped, as by `signal` (reason 'abort', with an error that says
   * so as `cause`). A stream that is closed already starts nothing. An http request with 'close' is refused: that fires when its body was
   * read; give the response. 'gc', in start() only: when nobody holds the Subprocess any more, nor a stream or promise of it, and the
   * garbage collector has noticed (which may take long). Default: none, and a job that runs is never collected.
   * @example await run(['convert', file, '-'], {owner: [res, 'close']})
   */
  owner?: Owner | 'gc' | undefined;
  /**
   * What lives on when the host is gone, in whatever way; in start() only. true: the whole job, in a session of its own; it ends by itself,
   * at its `timeout`, or by stop() while the host lives, and does not keep the event loop alive. 'leftovers': only what the command leaves
   * running at its own exit; until then it ends with the host (`linger` is 'leave'). A pipe to us would break with us, so all three streams
   * are 'ignore' unless given, and 'pipe', 'consume' and `input` are refused: ERR_INVALID_OPTION. Default: false.
   * @example await start(['redis-server'], {detached: true, stdout: logFd, stderr: 'stdout'})
   */
  detached?: boolean | 'leftovers' | undefined;
  /**
   * A cgroup (v2) of its own for the job, joined before the program runs and removed with its end: it is ended by the kernel at once, can be
   * frozen and is counted exactly. A relative path is where it lies; an object may have limits for all of the tree together. Where that
   * cannot be: reason 'spawn' with the stage ('cgroup_memory_max' ...) and what to do, or without one with `optional`. Default: none.
   * @example await run(['npm', 'test'], {cgroup: {memoryMax: '512M', pidsMax: 100, cpuMax: '50%'}})
   */
  cgroup?: string | CgroupOptions | undefined;
  /**
   * 'move-host': where limits cannot be had because the host sits in the cgroup that has to be divided, it and what it has started is moved
   * to a leaf of its own, `nr-host`. Default: nobody is moved.
   * @example await run(['make'], {cgroup: {memoryMax: '1G'}, cgroupSetup: 'move-host'})
   */
  cgroupSetup?: 'move-host' | undefined;
  /**
   * What holds the tree together besides the shepherd: 'tree' nothing, 'cgroup' a cgroup of its own, 'auto' a cgroup where one was handed to
   * this host, 'pidns' a pid namespace: the kernel ends all of it even when everybody of ours is killed at once, and its processes see other
   * pids than the host. Where that cannot be: reason 'spawn', stage 'namespace'. `result.isolation` says which it was. Default: 'cgroup' with `cgroup`, else 'tree'.
   * @example const {isolation} = await run(['make'], {isolation: 'auto'})
   */
  isolation?: Isolation | undefined;
  /**
   * Limits of each process of the tree (setrlimit): `nofile, nproc, core, fsize, as, cpu`. A number is both the soft and the hard value,
   * Infinity none; {soft, hard} sets each by itself. Default: the host's own. One above the host's hard limit: reason 'spawn', EPERM.
   * For what the whole tree may use together, see `cgroup`.
   * @example await run(['make'], {limits: {nofile: 256, core: 0, cpu: {soft: 60, hard: 70}}})
   */
  limits?: Limits | undefined;
  /**
   * The priority of the tree, from -20 (first) to 19 (last); an absolute value. Default: the host's own. A lower one than that needs root.
   * @example await run(['make', '-j8'], {nice: 10})
   */
  nice?: number | undefined;
  /**
   * The file mode creation mask. Default: the host's when it started its first job.
   * @example await run(['ssh-keygen', '-f', file], {umask: 0o077})
   */
  umask?: number | undefined;
  /**
   * The user the child runs as, by number; the pipes are his too. Needs `gid`, so that no right of the host's group is left, and root. The
   * supplementary groups go unless `groups` names some. Default: the host's own.
   * @example await run(['whoami'], {uid: 65_534, gid: 65_534})
   */
  uid?: number | undefined;
  /**
   * The group the child runs as, by number. Default: the host's own.
   * @example await run(['id'], {gid: 100})
   */
  gid?: number | undefined;
  /**
   * The supplementary groups, by number. Default: none with another `uid` or `gid`, else the host's own.
   * @example await run(['id'], {uid: 1000, gid: 1000, groups: [27]})
   */
  groups?: readonly number[] | undefined;
  /**
   * Whether exec can give nobody of the tree more rights than it has (setuid programs, file capabilities). Default: false.
   * @example await run(['sh', script], {noNewPrivileges: true})
   */
  noNewPrivileges?: boolean | undefined;
  /**
   * How readily the kernel ends the tree for lack of memory: -1000 (never) to 1000 (first). Default: the host's own; below it needs root.
   * @example await run(['node', 'build.js'], {oomScoreAdj: 500})
   */
  oomScoreAdj?: number | undefined;
}

/** Value of option K, or the default D where O lacks or may lack it. Unions stay unions: wide options give wide results. */
export type Get<O, K extends keyof Options, D> = K extends keyof O ? Exclude<O[K], undefined> | (undefined extends O[K] ? D : never) : D;

/** Refuses unknown keys even beside known ones, and values that A (by default all Options) does not take. Generic wrappers need it. */
export type Known<O, A = Options> = O & {readonly [K in keyof O]: K extends keyof A ? A[K] : never};

/** B over A key by key; an `undefined` in B is "not given". Never `A & B`: {lines: true} & {lines: false} is never. */
export type Merge<A, B> = {
  readonly [K in keyof A | keyof B]: K extends keyof B
    ? undefined extends B[K]
      ? Exclude<B[K], undefined> | (K extends keyof A ? A[K] : undefined)
      : B[K]
    : K extends keyof A
      ? A[K]
      : never;
};

/** No options at all. */
export type None = Record<never, never>;
