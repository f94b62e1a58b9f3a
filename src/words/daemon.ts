// Owns: the types of a daemon: its options, states, events, end, and Daemon.start().
// Never: a running one (api/daemon.ts), or what is right of an option's value (daemon_settings.ts).
import type {EventEmitter} from 'node:events';
import type {OptionsOf} from './applies.js';
import type {None, Reach, Signal} from './options.js';
import type {CommandLine} from './quote.js';
import type {Fits, Runnable} from './runnable.js';
import type {Usage} from './stats.js';
import type {End} from './subprocess.js';

/** Which of the two outputs something was written to. */
export type OutputName = 'stdout' | 'stderr';

/**
 * Where a daemon stands. 'starting': it is being started, or its `ready` has not come true. 'ready': it has. 'running': it has been ready for
 * `resetAfter`, so the next backoff begins anew. 'backoff': it ended, and is started again after a delay. 'stopping': it is being ended.
 * 'stopped': it is over, as was wanted, or because it was done. 'failed': it is over, and should not be.
 */
export type DaemonState = 'starting' | 'ready' | 'running' | 'backoff' | 'stopping' | 'stopped' | 'failed';

/** How often and for how long is asked. */
export interface Asking {
  /** Milliseconds until it is given up. For `ready` all in all (default 30,000), for `health` each time (default 5,000). */
  readonly timeout?: number | undefined;
  /** Milliseconds between one question and the next. Default: 100 for `ready`, 10,000 for `health`. */
  readonly interval?: number | undefined;
}

/** What a function is told that is asked whether a daemon is ready or healthy. */
export interface ProbeContext {
  readonly pid: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Asked until it does not throw, reject or give false. */
export type Check = (context: ProbeContext) => unknown;

/** What can be asked again and again. */
export type Probe =
  /** A TCP port that is listened to: on Linux by the daemon's own tree, else by anybody while it lives. `host`: 'localhost'. */
  | (Asking & {readonly port: number; readonly host?: string | undefined})
  /** A GET that is answered with one of these statuses. Default: any from 200 to 399. Redirects are not followed, certificates not checked. */
  | (Asking & {readonly http: string | URL; readonly status?: number | readonly number[] | undefined})
  /** A command that exits with 0; it has the daemon's directory and environment. */
  | (Asking & {readonly exec: string | readonly string[]})
  | (Asking & {readonly check: Check});

/** When a daemon counts as ready. */
export type Ready =
  | Probe
  /** A line of its output (without escape sequences) that matches; a string is the source of a regular expression. */
  | (Pick<Asking, 'timeout'> & {readonly line: RegExp | string})
  /** It writes a line end to this descriptor, or closes it after having written something (as s6 has it). Only 3. */
  | (Pick<Asking, 'timeout'> & {readonly fd: 3})
  | Check;

/** Whether a daemon that is ready still works. */
export type Health =
  | (Probe & {/** So many failures one after the other restart it. Default: 3. */ readonly failures?: number | undefined})
  | Check;

export type RestartWhen = 'never' | 'on-failure' | 'always';

/** When and how fast a daemon that ended is started again. */
export interface RestartOptions {
  /** 'on-failure': an exit code other than 0, a signal, not ready in time, unhealthy. 'always': also after exit code 0. Default: 'on-failure'. */
  readonly policy?: RestartWhen | undefined;
  /** At most so many restarts within `within`; one more and it has failed. Default: 5; Infinity: no limit. */
  readonly max?: number | undefined;
  /** Milliseconds. Default: 60,000. */
  readonly within?: number | undefined;
  /** Milliseconds before a restart: `min`, doubled with each that follows, at most `max`; a random half of it is left out. Default: 100, 30,000. */
  readonly backoff?: {readonly min?: number | undefined; readonly max?: number | undefined} | undefined;
  /** Milliseconds of being ready after which the delay begins at `min` again. Default: 10,000. */
  readonly resetAfter?: number | undefined;
}

/** Anything that can note a line: console, pino, winston. */
export interface Logger {
  info(message: string): unknown;
  warn(message: string): unknown;
  error(message: string): unknown;
}

/** What is done with each line of output. One at a time: the next call waits until a promise is settled. */
export type OnLine = (line: string, stream: OutputName) => unknown;

/** What only daemons have. */
export interface DaemonOnly {
  /**
   * When it counts as started. Default: as soon as the program runs. A port that somebody has already is refused, with who has it.
   * @example await Daemon.start(['redis-server', '--port', '6380'], {ready: {port: 6380}})
   */
  ready?: Ready | undefined;
  /**
   * Asked while it is ready; when it fails `failures` times in a row the daemon is ended and started again. Default: none.
   * @example await Daemon.start(['node', 'server.js'], {health: {http: 'http://localhost:8080/health', interval: 5_000}})
   */
  health?: Health | undefined;
  /**
   * Whether it is started again when it ends. Default: 'on-failure'. The first start is never tried twice.
   * @example await Daemon.start(['node', 'worker.js'], {restart: {policy: 'always', max: 10, within: 60_000}})
   */
  restart?: RestartWhen | RestartOptions | undefined;
  /**
   * What is done with its output, which is drained always: 'discard' (the last 64 KiB of each stream are kept, see tail()), 'log' (each line
   * goes to `logger`: stdout as info, stderr as warn), or a function. Default: 'discard'.
   *
   * A function that throws or rejects is reported once per kind of error (process.emitWarning) and is called for the next line all the same.
   * Lines that wait for a slow one are kept up to 1 MiB; what comes after that is dropped, and counted in stats().linesDropped.
   * @example await Daemon.start(['node', 'server.js'], {onOutput: (line, stream) => console.log(stream, line)})
   */
  onOutput?: 'discard' | 'log' | OnLine | undefined;
  /**
   * Who is told of restarts (warn) and failures (error), and with onOutput 'log' of lines. Default: nobody; with 'log', console.
   * @example await Daemon.start(['node', 'server.js'], {onOutput: 'log', logger: pino()})
   */
  logger?: Logger | undefined;
  /**
   * A file that all output is appended to as it comes. The daemon never waits for it: what a slow disk does not take is dropped, and counted
   * in stats().logDropped. Default: none.
   * @example await Daemon.start(['node', 'server.js'], {log: {file: 'server.log'}})
   */
  log?: {readonly file: string | URL} | undefined;
  /**
   * A file of NAME=VALUE lines, read at each start; `env` wins over it. A relative path is taken from `cwd`. Default: none.
   * @example await Daemon.start(['node', 'server.js'], {envFile: '.env'})
   */
  envFile?: string | URL | undefined;
}

/** Options of Daemon.start(). */
export type DaemonOptions = OptionsOf<'Daemon'> & DaemonOnly;

/** What is said when a restart was decided. */
export interface RestartNotice {
  /** Which restart it is, from 1. */
  readonly attempt: number;
  /** Milliseconds until it is started. */
  readonly delay: number;
  /** One sentence: why. */
  readonly why: string;
}

/** Events of a daemon. There is no 'error': a daemon that fails says so by its state and by `ended`. */
export interface DaemonEvents {
  state: [state: DaemonState, previous: DaemonState];
  restart: [notice: RestartNotice];
  line: [line: string, stream: OutputName];
}

/** How a daemon ended: what `ended` and stop() resolve to. They never reject. */
export interface DaemonEnd {
  /** Whether it ended as it should: stopped, or by an exit that its restart policy calls no failure. */
  readonly ok: boolean;
  /**
   * 'stop': stop(), dispose, the end of a scope. 'abort': its `signal` or `owner`. 'done': it exited and is not to be started again.
   * 'failed': it failed and is not to be started again. 'gave-up': it failed more often than `restart.max` allows.
   */
  readonly reason: 'stop' | 'abort' | 'done' | 'failed' | 'gave-up';
  /** One sentence, with the last of its output when it failed. */
  readonly message: string;
  /** How the last of its processes ended; null when that one never started. */
  readonly last: End | null;
  readonly restarts: number;
}

/** The counters of a daemon, over all its restarts. */
export interface DaemonStats {
  readonly restarts: number;
  /** Bytes written to stdout, to stderr, and taken from write(). */
  readonly bytesOut: number;
  readonly bytesErr: number;
  readonly bytesIn: number;
  /** Lines that a slow onOutput did not get. */
  readonly linesDropped: number;
  /** Bytes that a slow `log` file did not get. */
  readonly logDropped: number;
  /** What the last process that ended has cost; null before that. */
  readonly usage: Usage | null;
}

export interface LineMatch {
  readonly match: RegExpMatchArray;
  readonly line: string;
  readonly stream: OutputName;
}

/**
 * A program that is to keep running. It is drained always, started again by its `restart` policy, and ended with its whole tree by stop(),
 * with its scope, and with the host. While it is not over it keeps the event loop alive; see unref().
 */
export interface Daemon extends EventEmitter<DaemonEvents>, AsyncDisposable {
  readonly command: CommandLine;
  /** The process that runs now; null between two. */
  readonly pid: number | null;
  /** Whether a process runs now. */
  readonly alive: boolean;
  readonly state: DaemonState;
  /** Restarts so far. */
  readonly restarts: number;
  /** Milliseconds since the process that runs now was born; 0 between two. */
  readonly uptime: number;
  /** Writes to stdin, which has to be 'pipe': true once the kernel took all of it; false when nobody reads, between two processes too. */
  write(data: string | NodeJS.ArrayBufferView | ArrayBufferLike): Promise<boolean>;
  /**
   * Sends one signal now: SIGTERM to the process group by default. true: delivered. What ends by it is restarted as by any other end.
   * @example await daemon.kill('SIGHUP', {reach: 'leader'})
   */
  kill(signal?: Signal, options?: {readonly reach?: Reach | undefined}): Promise<boolean>;
  stats(): DaemonStats;
  /** The last lines of output, 20 by default, of both streams in the order of arrival, or of one. They outlive restarts and the end. */
  tail(lines?: number, stream?: OutputName): string[];
  /**
   * The first line that matches, of those kept or still to come; consumes nothing. Rejects with reason 'not-ready' after `timeout` ms
   * (default: no limit), or when the daemon is over without one.
   * @example const {match} = await daemon.waitFor(/listening on (\d+)/, {timeout: 5_000})
   */
  waitFor(pattern: RegExp | string, options?: {readonly timeout?: number | undefined}): Promise<LineMatch>;
  /** Ends its process and starts it again at once, without counting it. Resolves when it is ready; rejects as Daemon.start() does. */
  restart(): Promise<void>;
  /** Ends it for good: the polite signal, `killTimeout`, SIGKILL, until its tree is empty. Resolves to what `ended` resolves to. */
  stop(options?: {readonly killTimeout?: number | undefined}): Promise<DaemonEnd>;
  /** It is over and will not be started again. Never rejects. */
  readonly ended: Promise<DaemonEnd>;
  /** Keeps the event loop alive until it is over, again. */
  ref(): void;
  /** Lets the host end before the daemon does, which ends the daemon. */
  unref(): void;
  /** stop(). Resolves always; warns when something is still alive. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The type of Daemon.start(). */
export type StartDaemon = <C = None>(command: Runnable<C> & Fits<C, DaemonOptions>, options?: DaemonOptions | undefined) => Promise<Daemon>;
