// Owns: the Subprocess that start() hands out: one job with its streams, pull style or Node style.
// Never: a birth, an option's default, or collecting output to the end.
import {constants} from 'node:os';
import type {Readable, Writable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import {types} from 'node:util';
import {Copies, type CopyTo} from '../io/copy.js';
import {ReadFailed} from '../io/failure.js';
import {feed} from '../io/feed.js';
import {NotFound, Source} from '../io/readable.js';
import type {Terminal} from '../io/terminal.js';
import {Sink} from '../io/writable.js';
import type {Addon, Collector} from '../native.js';
import {answer} from '../words/answer.js';
import {invalid, misuse, unsupported, waitedInVain} from '../words/errors.js';
import {checkSize, settleKillTimeout, settleReach, settleTimeout} from '../words/given.js';
import type {Reach as ReachName, Signal} from '../words/options.js';
import type {CommandLine} from '../words/quote.js';
import type {HeldBy} from '../words/result.js';
import type {Settings} from '../words/settings.js';
import {resolveSignal} from '../words/signals.js';
import type {Stats, Usage} from '../words/stats.js';
import type {End, Subprocess as Face, Foreground, Match, MatchOf, ReadOptions, WaitOptions} from '../words/subprocess.js';
import {consume} from './collect.js';
import {endWhenCollected, keptFor, reachedBy} from './collected.js';
import {memberOf} from './foreground.js';
import {type Watched, watchIdle} from './idle.js';
import type {Job} from './job.js';
import {Keeper} from './keeper.js';
import {keptText, peekKept} from './kept.js';
import {Patience} from './patience.js';
import type {Spawned} from './spawn.js';
import {CONSUME_HALF, limitCopies} from './stage.js';

const DEFAULT_READ = 65_535;

export class Subprocess implements Face {
  readonly command: CommandLine;
  readonly pid: number;
  #job: Job;
  #settings: Settings;
  #startedAt = performance.now();
  #in: Sink | undefined;
  #out: Source | undefined;
  #err: Source | undefined;
  #consumed: Collector | undefined;
  /** What a Collector would keep of a stderr that others get copies of. */
  #drained: Keeper | undefined;
  #terminal: Terminal | undefined;
  /** What is read here for others: it has got there when the job is closed. */
  #drains: Promise<void>[] = [];
  /** Only with `input`: whether the child took all of it. */
  #fed: Promise<boolean> | undefined;
  #closed: Promise<End>;

  constructor(command: CommandLine, settings: Settings, {addon, job, stdin, stdout, stderr, terminal, copies}: Spawned) {
    this.command = command;
    this.pid = job.pid;
    this.#job = job;
    this.#settings = settings;
    this.#terminal = terminal;
    if (stdin >= 0) this.#in = this.#sink(addon, stdin);
    if (stdout >= 0) this.#out = this.#source(addon, stdout, 'stdout', copies.stdout);
    // A pipe that nobody reads any more says so to who writes; a terminal has other ends that keep it.
    if (terminal) this.#out?.whenClosed(() => job.over || void job.kill('tree', constants.signals.SIGHUP));
    const failed = (name: string) => (error: unknown) => {
      job.end('output', settings.killTimeout, new ReadFailed(name, error));
      return null;
    };
    if (stderr >= 0 && settings.stderr === 'consume' && copies.stderr.length === 0)
      this.#consumed = consume(addon, job, stderr, failed('stderr'));
    else if (stderr >= 0) this.#err = this.#source(addon, stderr, 'stderr', copies.stderr);
    if (this.#out && settings.stdout === 'copy') this.#drains.push(drain(this.#out, failed('stdout')));
    if (this.#err && settings.stderr === 'consume') this.#drained = new Keeper(CONSUME_HALF, CONSUME_HALF);
    if (this.#err && settings.stderr !== 'pipe') this.#drains.push(drain(this.#err, failed('stderr'), this.#drained));
    this.#closed = closedWith(job.closedPromise, settings.linger === 'leave' ? [] : this.#drains, this.#fed);
    if (settings.idleTimeout !== undefined) watchIdle(job, this.#watched(), settings.idleTimeout, settings.killTimeout);
    if (settings.owner === 'gc') endWhenCollected(this, job, settings.killTimeout);
    if (settings.detached === true) this.unref();
  }

  get exited(): Promise<End> {
    return this.#kept(this.#job.exitedPromise);
  }

  get closed(): Promise<End> {
    return this.#kept(this.#closed);
  }

  get stdin(): Writable | null {
    return this.#reaching(this.#in && this.#settings.input === undefined ? this.#in.toWritable() : null);
  }

  get stdout(): Readable | null {
    return this.#settings.stdout === 'pipe' ? this.#reaching(this.#out?.toReadable() ?? null) : null;
  }

  get stderr(): Readable | null {
    return this.#settings.stderr === 'pipe' ? this.#reaching(this.#err?.toReadable() ?? null) : null;
  }

  get stderrTail(): string {
    if (this.#drained) return keptText(this.#drained.take(), 'utf8');
    return this.#consumed ? keptText(peekKept(this.#consumed), 'utf8') : '';
  }

  get isolation(): HeldBy {
    return this.#job.isolation;
  }

  get alive(): boolean {
    return this.#job.alive;
  }

  read(max: number = DEFAULT_READ, options: ReadOptions = {}): Promise<Buffer | null> {
    return this.#answer(() => this.#from(this.#out, 'stdout').read(max, options.signal));
  }

  readStderr(max: number = DEFAULT_READ, options: ReadOptions = {}): Promise<Buffer | null> {
    return this.#answer(() => this.#from(this.#err, 'stderr').read(max, options.signal));
  }

  readInto(target: Uint8Array, options: ReadOptions = {}): Promise<number> {
    return this.#answer(() => this.#from(this.#out, 'stdout').readInto(target, options.signal));
  }

  toReadable(): Readable {
    return this.#reaching(this.#from(this.#out, 'stdout').toReadable());
  }

  toReadableStream(): ReadableStream<Uint8Array> {
    return this.#reaching(this.#from(this.#out, 'stdout').toReadableStream());
  }

  waitFor<P extends string | RegExp>(pattern: P, options: WaitOptions = {}): Promise<Match<MatchOf<P>>> {
    return this.#answer(async () => {
      const isRegExp = types.isRegExp(pattern);
      if (!isRegExp && (typeof pattern !== 'string' || pattern === ''))
        throw invalid('ERR_INVALID_ARGS', 'waitFor() needs a RegExp, or a string that is not empty', undefined, this.command);
      const timeout = settleTimeout(options.timeout);
      const from = this.#from(this.#out, 'stdout');
      const patience = new Patience(timeout, options.signal);
      try {
        const {match, before} = await from.search(pattern, patience.signal);
        return {match, before} as Match<MatchOf<P>>;
      } catch (error) {
        if (error instanceof NotFound) throw waitedInVain(error.why, pattern, this.command, error.text);
        if (patience.isOver && timeout !== undefined) throw waitedInVain({timeout}, pattern, this.command, from.peek());
        throw error;
      } finally {
        patience.end();
      }
    });
  }

  write(data: string | NodeJS.ArrayBufferView | ArrayBufferLike): Promise<boolean> {
    return this.#answer(() => this.#to(this.#in).write(data));
  }

  closeStdin(): void {
    if (this.#settings.input !== undefined || !this.#in) return;
    if (!this.#in.ended && this.#terminal?.raw) {
      const now = 'its program reads character by character now, so no character ends its input';
      throw misuse('ERR_TERMINAL_RAW', `stdin of ${this.command} cannot be closed: ${now}; write('\\x04') types ^D`, this.command);
    }
    this.#in.end();
  }

  resize(cols: number, rows: number): boolean {
    checkSize(cols, rows);
    if (this.#terminal) return this.#terminal.resize(cols, rows);
    throw misuse('ERR_NOT_A_TERMINAL', `${this.command} has no terminal to resize; start it with \`pty\``, this.command);
  }

  get foreground(): Foreground | null {
    const group = this.#terminal?.group;
    return group === undefined ? null : memberOf(group);
  }

  kill(signal: Signal = 'SIGTERM', options: {readonly reach?: ReachName | undefined} = {}): Promise<boolean> {
    return this.#answer(async () => {
      const number = resolveSignal(signal);
      const reach = settleReach(options.reach) ?? 'group';
      const errno = await this.#job.kill(reach, number);
      if (errno === 0 || errno === constants.errno.ESRCH) return errno === 0;
      throw unsupported('ERR_ACCESS_DENIED', `${this.command} could not be sent ${signal}: it runs as another user (errno ${errno})`);
    });
  }

  stop(options: {readonly killTimeout?: number | undefined} = {}): Promise<End> {
    return this.#answer(() => {
      this.#job.end('stop', settleKillTimeout(options.killTimeout) ?? this.#settings.killTimeout);
      this.#job.ref(); // whoever stops it waits for that, unref'ed or not
      return closedWith(this.#job.overPromise, this.#drains);
    });
  }

  freeze(): Promise<boolean> {
    return this.#answer(async () => this.#answered(await this.#job.freeze(), 'frozen'));
  }

  thaw(): Promise<boolean> {
    return this.#answer(async () => this.#answered(await this.#job.thaw(), 'thawed'));
  }

  usage(): Promise<Usage | null> {
    return this.#answer(async () => {
      await this.#job.count();
      return this.#job.usageSoFar;
    });
  }

  /** Nobody left, being ended and thawed meanwhile are answers; what the kernel refuses is an error. */
  #answered(errno: number, what: string): boolean {
    const {ESRCH, EBUSY, ECANCELED} = constants.errno;
    if (errno === 0 || errno === ESRCH || errno === EBUSY || errno === ECANCELED) return errno === 0;
    throw unsupported('ERR_ACCESS_DENIED', `${this.command} could not be ${what}: the kernel refused it (errno ${errno})`);
  }

  stats(): Stats {
    const {durationMs} = this.#job;
    return {
      bytesIn: this.#in?.bytes ?? 0,
      bytesOut: this.#out?.bytes ?? 0,
      bytesErr: (this.#err ?? this.#consumed)?.bytes ?? 0,
      readCount: (this.#out?.count ?? 0) + ((this.#err ?? this.#consumed)?.count ?? 0),
      writeCount: this.#in?.count ?? 0,
      durationMs: this.alive ? performance.now() - this.#startedAt : durationMs,
      exitStatus: this.#job.outcome().exitStatus,
      usage: this.#job.usageSoFar,
    };
  }

  ref(): void {
    for (const each of [this.#job, this.#in, this.#out, this.#err, this.#consumed]) each?.ref();
  }

  unref(): void {
    for (const each of [this.#job, this.#in, this.#out, this.#err, this.#consumed]) each?.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const end = await this.stop();
    this.#out?.close();
    this.#err?.close();
    if (end.proven) return;
    const alive = end.leftovers.map(({pid, name}) => `${pid} (${name})`).join(', ');
    process.emitWarning(
      `net-runner: ${this.command} was disposed, but its end is not proven (${end.reason})${alive && `; still alive: ${alive}`}`,
      {code: end.reason === 'unkillable' ? 'ERR_UNKILLABLE' : 'ERR_SHEPHERD_LOST'},
    );
  }

  #answer<T>(call: () => Promise<T>): Promise<T> {
    return this.#kept(answer(call));
  }

  /** Whoever waits for an answer still wants the job. */
  #kept<T>(promise: Promise<T>): Promise<T> {
    return this.#settings.owner === 'gc' ? keptFor(promise, this) : promise;
  }

  #reaching<T extends object | null>(stream: T): T {
    return this.#settings.owner === 'gc' ? reachedBy(stream, this) : stream;
  }

  #to(to: Sink | undefined): Sink {
    const fed = this.#settings.input !== undefined;
    if (to && !fed) return to;
    const why = fed ? 'its stdin is fed from `input`' : "its stdin is no pipe; start it with stdin: 'pipe'";
    throw misuse('ERR_STDIN_CLOSED', `${this.command} cannot be written to: ${why}`, this.command);
  }

  #from(from: Source | undefined, name: 'stdout' | 'stderr'): Source {
    if (from && this.#settings[name] === 'pipe') return from;
    if (this.#terminal) {
      throw misuse('ERR_STREAM_CLAIMED', `${this.command} runs in a terminal, which has no stderr of its own: read stdout`, this.command);
    }
    const what = this.#settings[name] === 'consume' ? "it is consumed; see stderrTail, or start it with stderr: 'pipe'" : 'it is no pipe';
    throw misuse('ERR_STREAM_CLAIMED', `${name} of ${this.command} cannot be read: ${what}`, this.command);
  }

  #source(addon: Addon, fd: number, name: 'stdout' | 'stderr', targets: readonly CopyTo[]): Source {
    const {killTimeout} = this.#settings;
    const job = this.#job;
    const {command} = this; // not this: what reads must not keep it from being collected
    const copies = targets.length === 0 ? undefined : new Copies(targets, (error) => job.end('output', killTimeout, error));
    if (copies) limitCopies(job, copies);
    const made = new Source(addon, fd, {toString: () => `${name} of ${command}`}, copies);
    const terminal = this.#terminal;
    job.whenGone.push(() => {
      made.finish();
      if (terminal) made.hold();
    });
    return made;
  }

  /** What somebody reads by asking counts only while he waits: what he leaves in the pipe keeps the child silent. */
  #watched(): Watched[] {
    const read = [this.#out, this.#err].filter((each) => each !== undefined);
    const consumed = this.#consumed;
    if (consumed === undefined) return read;
    const waits = read.length === 0;
    return [
      ...read,
      {
        get bytes() {
          return consumed.bytes;
        },
        waits,
      },
    ];
  }

  #sink(addon: Addon, fd: number): Sink {
    const sink = new Sink(addon, fd, this.#terminal);
    const job = this.#job;
    job.whenGone.push(() => sink.close());
    const {input, killTimeout} = this.#settings;
    if (input !== undefined) {
      this.#fed = feed(sink, input).then((ended) => {
        if ('error' in ended) job.end('input', killTimeout, ended.error);
        return ended.complete;
      });
    }
    return sink;
  }
}

/** The end of a job, once what it wrote for others has got there, and how its input ended is known. */
function closedWith(over: Promise<End>, drains: readonly Promise<void>[], fed?: Promise<boolean>): Promise<End> {
  if (drains.length === 0 && fed === undefined) return over;
  return over.then(async (end) => {
    await Promise.all(drains);
    return fed ? {...end, inputComplete: await fed} : end;
  });
}

/** Reads for the others who get a copy, and keeps what is to be kept. Its end comes with the job's at the latest. */
async function drain(source: Source, failed: (error: unknown) => null, keeper?: Keeper): Promise<void> {
  for (;;) {
    const chunk = await source.read().catch(failed);
    if (chunk === null) return;
    keeper?.add(chunk);
  }
}
