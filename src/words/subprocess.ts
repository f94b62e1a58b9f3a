// Owns: the type of a running child, of its end, and of start().
// Never: a running child.
import type {Readable, Writable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import type {Get, Known, Merge, None, Reach, Signal} from './options.js';
import type {CommandLine} from './quote.js';
import type {HeldBy, Leftover, StderrOf, StdinOf, StdoutOf} from './result.js';
import type {Runnable, Startable, StartOptions} from './runnable.js';
import type {Stats, Usage} from './stats.js';

/** Why a job ended. The first cause wins. */
export type EndReason = 'exit' | 'signal' | 'timeout' | 'idle' | 'abort' | 'max-output' | 'lost' | 'unkillable';

/** How a job ended: what `exited`, `closed` and stop() resolve to. They never reject. */
export interface End {
  /** null: it died of a signal, or nobody saw its exit. */
  readonly exitCode: number | null;
  /** null: it exited by itself, or nobody saw its exit. */
  readonly signal: NodeJS.Signals | null;
  /** The exit code, or 128 + n after signal n; null when lost. */
  readonly exitStatus: number | null;
  /**
   * 'exit' and 'signal': by itself, by kill() or by stop(). 'timeout', 'idle', 'abort', 'max-output': stopped for that. 'lost': the shepherd
   * is gone, nobody saw the end. 'unkillable': somebody is still alive 5 s after SIGKILL.
   */
  readonly reason: EndReason;
  /** Milliseconds from the birth of the child to its exit. */
  readonly durationMs: number;
  /** Whether SIGKILL had to be sent. */
  readonly forced: boolean;
  /** Whether the tree is proven empty. Always so on `closed`, but for 'lost' and 'unkillable'; often not yet on `exited`. */
  readonly proven: boolean;
  /** Whether the kernel killed for lack of memory, as the job's cgroup says. */
  readonly oom: boolean;
  /** Who was alive when the child exited; with 'unkillable', who still is. */
  readonly leftovers: readonly Leftover[];
  /** Only on `closed`, and only with `input`. false: the child stopped reading before the end of it, which is no error. */
  readonly inputComplete?: boolean;
}

/** A process as a terminal knows it. */
export interface Foreground {
  readonly pid: number;
  /** The name the kernel knows it by, at most 15 bytes. */
  readonly name: string;
}

/** Options of read() and readStderr(). */
export interface ReadOptions {
  /** Gives up waiting: the read rejects with `signal.reason`, and no byte is lost for the next one. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of waitFor(). */
export interface WaitOptions {
  /** Milliseconds to wait. Default, 0 and Infinity: until the output ends. */
  readonly timeout?: number | undefined;
  /** Gives up waiting: rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** What waitFor() found. */
export interface Match<M = string | RegExpExecArray> {
  /** The string itself, or what `exec()` gives: `match[0]`, its groups, `match.groups`. */
  readonly match: M;
  /** The text in front of it, unread until now. */
  readonly before: string;
}

/** What is found of a pattern of type P. */
export type MatchOf<P extends string | RegExp> = P extends string ? string : RegExpExecArray;

/**
 * One running child. Generic in its streams: null where there is no pipe of ours. It is not thenable: wait for `exited` or `closed`.
 * While it runs it keeps the event loop alive; see unref().
 */
export interface Subprocess<
  I extends Writable | null = Writable | null,
  U extends Readable | null = Readable | null,
  E extends Readable | null = Readable | null,
> extends AsyncDisposable {
  /** The child's process id; stays readable after the exit, when it may belong to somebody else. */
  readonly pid: number;
  /** What runs; `String(p.command)` is quoted and copyable. */
  readonly command: CommandLine;
  /** A Node stream to the child, when stdin is a pipe that no `input` feeds. Never emits 'error' for a child that stopped reading. */
  readonly stdin: I;
  /** A Node stream of its output, when stdout is 'pipe'. Claimed by the first read or listener: read() is ERR_STREAM_CLAIMED after that. */
  readonly stdout: U;
  /** The same for stderr. */
  readonly stderr: E;
  /** With stderr 'consume' (the default): what is kept, its first and last 32 KiB, as text; else ''. */
  readonly stderrTail: string;
  /**
   * The next bytes of stdout, as soon as there are any: at most `max` (default 65,535); null at the end, again and again. What was
   * written stays readable after the exit. Rejects ('misuse', ERR_STREAM_CLAIMED) when stdout is no pipe or is read as a stream.
   */
  read(max?: number, options?: ReadOptions): Promise<Buffer | null>;
  /** The same for stderr. */
  readStderr(max?: number, options?: ReadOptions): Promise<Buffer | null>;
  /**
   * The next bytes of stdout into memory of yours, without an allocation: how many, 0 at the end. Do not touch `target` until it settles.
   * Rejects as read() does.
   * @example for (let length; (length = await p.readInto(block)) > 0; ) hash.update(block.subarray(0, length));
   */
  readInto(target: Uint8Array, options?: ReadOptions): Promise<number>;
  /** stdout as a Node stream: the same as `stdout`. Throws ('misuse', ERR_STREAM_CLAIMED) when stdout is no pipe. */
  toReadable(): Readable;
  /** stdout as a web stream of bytes; a BYOB reader's own memory is read into. Claimed by its first read. Throws as toReadable() does. */
  toReadableStream(): ReadableStream<Uint8Array>;
  /**
   * Waits until stdout holds `pattern`, and reads up to and including its first match; what comes behind stays unread. Text is UTF-8. A RegExp
   * sees what has come so far, so let it end with something that shows its end: /\$ $/ and not /\d+/. Rejects with RunError: 'timeout'
   * (ETIMEDOUT), 'not-ready' (ERR_NOT_READY) when the output ends first or 16 MiB hold no match; then nothing is consumed. One reader,
   * as with read(): 'misuse' (ERR_STREAM_CLAIMED).
   * @example const {before} = await p.waitFor('>>> ', {timeout: 5_000})
   */
  waitFor<P extends string | RegExp>(pattern: P, options?: WaitOptions): Promise<Match<MatchOf<P>>>;
  /**
   * Writes to stdin: true once the kernel took all of it, false once the child no longer reads. Rejects ('misuse', ERR_STDIN_CLOSED) after
   * closeStdin(), or when stdin is no pipe or is fed from `input`.
   */
  write(data: string | NodeJS.ArrayBufferView | ArrayBufferLike): Promise<boolean>;
  /**
   * Ends the child's input once what was written before is through. Idempotent, also after the exit. In a terminal (`pty`) it types the
   * character that ends input (VEOF, ^D), which means that only while the terminal gathers lines: throws RunError ('misuse',
   * ERR_TERMINAL_RAW) while a program reads character by character, as shells do at their prompt; write('\x04') types ^D at any time.
   */
  closeStdin(): void;
  /**
   * Changes the size of its terminal; the foreground program gets SIGWINCH. true: done; false: the terminal is gone. Throws RunError,
   * 'misuse' (ERR_NOT_A_TERMINAL) without `pty` and 'invalid' (ERR_INVALID_ARGS) for a size that is not 1 to 65535 each.
   * @example term.resize(120, 40)
   */
  resize(cols: number, rows: number): boolean;
  /** Who has its terminal now: the leader of the foreground group, or another member of it. null: nobody, or there is no `pty`. */
  readonly foreground: Foreground | null;
  /**
   * Sends one signal now. Default: SIGTERM to the process group. true: delivered; false: nobody left. Rejects (ERR_UNKNOWN_SIGNAL,
   * ERR_INVALID_OPTION) on wrong use only.
   * @example await p.kill('SIGINT', {reach: 'tree'})
   */
  kill(signal?: Signal, options?: {readonly reach?: Reach | undefined}): Promise<boolean>;
  /**
   * Ends the tree: the polite signal, `killTimeout` milliseconds of grace (default: the job's own), SIGKILL, until it is empty. Resolves
   * to what `closed` resolves to. A second stop() may only bring SIGKILL nearer.
   */
  stop(options?: {readonly killTimeout?: number | undefined}): Promise<End>;
  /**
   * Stops everybody of the tree where he is, without a signal that they could see: resolves once that is so. true: frozen; false: nobody is
   * left, it is being ended, or thaw() came first. Without a cgroup it is SIGSTOP for one after the other. Time limits go on counting; a
   * stop() thaws first.
   */
  freeze(): Promise<boolean>;
  /** Lets them go on. false: nobody is left. */
  thaw(): Promise<boolean>;
  /**
   * What the job has cost so far; with a cgroup exactly and of everybody, else what has been reaped until now (which is nothing for a child
   * that runs and has ended no process). After the end the final figures; null when nobody could count.
   */
  usage(): Promise<Usage | null>;
  /** What holds the tree together. */
  readonly isolation: HeldBy;
  /** The child is reaped. Never rejects; waits for no reader. */
  readonly exited: Promise<End>;
  /**
   * The whole tree is gone, and what the host reads for others (a list of targets without 'pipe') has been written to them: of a job that was
   * stopped until one of them takes nothing for a second; with linger 'leave' it is not waited for. Never rejects; waits for no reader.
   */
  readonly closed: Promise<End>;
  /** Whether the child runs, as far as the host has heard. */
  readonly alive: boolean;
  /** The counters now; final after the exit. */
  stats(): Stats;
  /** Keeps the event loop alive until `closed`, again. */
  ref(): void;
  /** Lets the host end before the child does, which ends the child. */
  unref(): void;
  /** stop(), and closes what is unread. Resolves always; warns when something is still alive. */
  [Symbol.asyncDispose](): Promise<void>;
}

type If<T, Is, Then> = T extends Is ? Then : null;

/** A list of targets has a stream of ours when 'pipe' is in it. */
type Stream<T> = T extends readonly unknown[]
  ? number extends T['length']
    ? Readable | null
    : Extract<T[number], 'pipe'> extends never
      ? null
      : Readable
  : If<T, 'pipe', Readable>;

/** The default D of a stream; what is detached has none of our pipes. */
type Tied<O, D> = Get<O, 'detached', false> extends infer T ? (T extends false ? D : 'ignore') : never;

/** stdin belongs to `input` where that is given. */
type Fed<O> = Get<O, 'input', null> extends infer G ? (G extends null ? StdinOf<O, Tied<O, 'pipe'>> : 'fed') : never;

/** The Subprocess that start() gives under O. */
export type Started<O> = Subprocess<
  If<Fed<O>, 'pipe', Writable>,
  Stream<StdoutOf<O, Tied<O, 'pipe'>>>,
  Stream<StderrOf<O, Tied<O, 'consume'>>>
>;

/** The type of start(). */
export interface Start {
  <C = None>(command: Runnable<C> & Startable<C>, options?: undefined): Promise<Started<C>>;
  <const O extends StartOptions, C = None>(
    command: Runnable<C> & Startable<C>,
    options: Known<O, StartOptions> | undefined,
  ): Promise<Started<Merge<C, O>>>;
}
