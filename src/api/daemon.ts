// Owns: Daemon.start(), and the daemon it gives: its processes one after the other, its output, its waits.
// Never: when it is restarted (restart.ts, lifecycle.ts), or how it is asked whether it is ready (probe.ts).
import {constants} from 'node:os';
import path from 'node:path';
import {onAbort} from '../subprocess/abort.js';
import {Drained, type Reader} from '../subprocess/drained.js';
import {ownerSignal} from '../subprocess/owner.js';
import {answer} from '../words/answer.js';
import type {
  DaemonEnd,
  DaemonEvents,
  DaemonOptions,
  DaemonState,
  DaemonStats,
  Daemon as Face,
  LineMatch,
  OutputName,
  RestartNotice,
  StartDaemon,
} from '../words/daemon.js';
import {type DaemonSettings, pattern, settleDaemon} from '../words/daemon_settings.js';
import {atCaller, ended, invalid, misuse, RunError, unsupported} from '../words/errors.js';
import {lastLines} from '../words/excerpt.js';
import {settleKillTimeout, settleReach, settleTimeout} from '../words/given.js';
import type {Reach, Signal} from '../words/options.js';
import {type CommandLine, commandLine, quoteShort} from '../words/quote.js';
import type {FailedResult, HeldBy} from '../words/result.js';
import type {Runnable} from '../words/runnable.js';
import {resolveSignal} from '../words/signals.js';
import type {Usage} from '../words/stats.js';
import type {End} from '../words/subprocess.js';
import {toInvocation} from './command.js';
import {Delivery} from './delivery.js';
import {Emitter} from './emitter.js';
import {readEnvFile} from './env_file.js';
import {birthFailure} from './failure.js';
import {type Body, type Clock, Lifecycle} from './lifecycle.js';
import {LogFile} from './log_file.js';
import {Output} from './output.js';
import {pause} from './pause.js';
import {type Asked, taken} from './probe.js';
import {untilReady, untilUnhealthy} from './readiness.js';

/** Lines of output that an error shows. */
const SHOWN = 20;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, 0x7fffffff));
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** A command with its daemon's settings, checked. */
export interface DaemonPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly settings: DaemonSettings;
}

/** Throws RunError 'invalid'. */
export function planDaemon(command: unknown, options: unknown, hint?: (name: string) => string | undefined): DaemonPlan {
  const {file, args, options: merged} = toInvocation(command, options);
  const settings = settleDaemon(merged, hint);
  for (const each of [settings.ready, settings.health]) if (each?.probe.kind === 'exec') toInvocation(each.probe.command);
  return {file, args, settings};
}

/** One process of it, from before its birth until its tree is gone. */
interface Incarnation {
  /** Aborted once it is over or is to end: whatever waits for it stops. */
  readonly over: AbortController;
  body: Drained | undefined;
}

export class OwnedDaemon extends Emitter<DaemonEvents> implements Face {
  readonly command: CommandLine;
  readonly ended: Promise<DaemonEnd>;
  /** Its first process runs. Never rejects; pending when there never is one. */
  readonly born: Promise<void>;
  /** Asked before each restart, after its delay: a supervisor's word. */
  gate: () => Promise<void> = async () => {};
  /** begin() was called: until then there is nothing to halt. */
  begun = false;
  readonly #plan: DaemonPlan;
  readonly #settings: DaemonSettings;
  readonly #life: Lifecycle;
  readonly #output: Output;
  /** Before each line, and in sentences. */
  readonly #name: string;
  readonly #who: string;
  readonly #delivery: Delivery | undefined;
  #log: LogFile | undefined;
  #now: Incarnation | undefined;
  #last: End | null = null;
  #usage: Usage | null = null;
  #bytesIn = 0;
  /** The error of the last start that did not succeed. */
  #error: unknown;
  #killTimeout: number;
  #why: 'stop' | 'abort' | undefined;
  #abortReason: unknown;
  /** To be stopped for now only. */
  #halted = false;
  #over = false;
  #refs = true;
  #backoffTimer: NodeJS.Timeout | undefined;
  /** Who waits for the start that is under way, and for any change of state. */
  #onReady: {readonly resolve: () => void; readonly reject: (error: unknown) => void}[] = [];
  #onState: (() => void)[] = [];
  #lastPid = -1;
  #isolation: HeldBy = 'tree';
  readonly #withdraw: (() => void)[] = [];
  #resolveBorn!: () => void;
  #resolveEnded!: (end: DaemonEnd) => void;

  /** Opens its log file; throws RunError 'invalid' when that fails. Starts nothing. `name`: what sentences call it. */
  constructor(plan: DaemonPlan, name?: string) {
    const {file, args, settings} = plan;
    const command = commandLine(file, args);
    super(name === undefined ? `daemon ${quoteShort(command)}` : `service '${name}'`);
    this.command = command;
    this.#name = name ?? path.basename(file);
    this.#who = name ?? quoteShort(command);
    this.#plan = plan;
    this.#settings = settings;
    this.#killTimeout = settings.common.killTimeout;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.born = new Promise((resolve) => {
      this.#resolveBorn = resolve;
    });
    this.#output = new Output(settings.common.encoding as BufferEncoding);
    this.#life = new Lifecycle(settings.restart, this.#body(), this.#clock());
    this.#delivery = this.#deliver();
    if (settings.logFile !== undefined) this.#log = this.#openLog(settings.logFile);
    this.onDemand('line', () => this.#output.listen((line, stream) => this.tell('line', line, stream)));
    this.#obeySignals();
  }

  get pid(): number | null {
    return this.#now?.body?.pid ?? null;
  }

  get alive(): boolean {
    return this.#now?.body?.alive ?? false;
  }

  get state(): DaemonState {
    return this.#life.state;
  }

  get restarts(): number {
    return this.#life.restarts;
  }

  get uptime(): number {
    const body = this.#now?.body;
    return body === undefined ? 0 : performance.now() - body.bornAt;
  }

  /** It will not be started again. */
  get over(): boolean {
    return this.#over;
  }

  /** How the last of its processes ended. */
  get lastEnd(): End | null {
    return this.#last;
  }

  /** The first start: resolves when it is ready; else it is over, and this rejects. */
  async begin(): Promise<void> {
    if (this.#over) throw this.#failure();
    this.begun = true;
    this.#life.start();
    await this.untilReady();
  }

  /** Ends it until resume(). Resolves when its tree is gone. */
  async halt(): Promise<void> {
    if (this.#over) return;
    // One that is being ended for good must not take this for a pause.
    if (this.#why === undefined) {
      this.#halted = true;
      this.#life.stop();
    }
    while (this.state !== 'stopped' && this.state !== 'failed') await new Promise<void>((resolve) => this.#onState.push(resolve));
  }

  /** After halt(). As begin(), but what fails is tried again by its policy. */
  async resume(): Promise<void> {
    if (this.#over) throw this.#isOver();
    if (!this.#halted) return;
    this.#halted = false;
    this.#life.start();
    await this.untilReady();
  }

  get isHalted(): boolean {
    return this.#halted;
  }

  restart(): Promise<void> {
    return answer(async () => {
      if (this.#over || this.#why !== undefined) throw this.#isOver();
      // It is on its way down for another one's sake, and is started anew when that allows it.
      if (this.#halted) return this.untilReady();
      this.#life.bad('it was asked to', true);
      // Where a listener has asked, that comes after what it was told of: who waits for this start is told first.
      await undefined;
      await this.untilReady();
    });
  }

  write(data: string | NodeJS.ArrayBufferView | ArrayBufferLike): Promise<boolean> {
    return answer(async () => {
      if (this.#settings.common.stdin !== 'pipe') {
        throw misuse(
          'ERR_STDIN_CLOSED',
          `${this.command} cannot be written to: its stdin is no pipe; start it with stdin: 'pipe'`,
          this.command,
        );
      }
      return (await this.#now?.body?.write(data)) ?? false;
    });
  }

  kill(signal: Signal = 'SIGTERM', options: {readonly reach?: Reach | undefined} = {}): Promise<boolean> {
    return answer(async () => {
      const number = resolveSignal(signal);
      const reach = settleReach(options.reach) ?? 'group';
      const body = this.#now?.body;
      if (!body?.alive) return false;
      const errno = await body.kill(reach, number);
      if (errno === 0 || errno === constants.errno.ESRCH) return errno === 0;
      throw unsupported('ERR_ACCESS_DENIED', `${this.command} could not be sent ${signal}: it runs as another user (errno ${errno})`);
    });
  }

  stats(): DaemonStats {
    return {
      restarts: this.restarts,
      bytesOut: this.#output.bytes.stdout,
      bytesErr: this.#output.bytes.stderr,
      bytesIn: this.#bytesIn + (this.#now?.body?.bytesIn ?? 0),
      linesDropped: this.#delivery?.dropped ?? 0,
      logDropped: this.#log?.dropped ?? 0,
      usage: this.#usage,
    };
  }

  tail(lines = SHOWN, stream?: OutputName): string[] {
    return this.#output.tail.lines(lines, stream);
  }

  waitFor(wanted: RegExp | string, options: {readonly timeout?: number | undefined} = {}): Promise<LineMatch> {
    return answer(() => this.#waitFor(pattern('pattern', wanted), settleTimeout(options.timeout)));
  }

  stop(options: {readonly killTimeout?: number | undefined} = {}): Promise<DaemonEnd> {
    return answer(async () => {
      this.#end('stop', settleKillTimeout(options.killTimeout));
      return this.ended;
    });
  }

  ref(): void {
    this.#refs = true;
    this.#now?.body?.ref();
    this.#backoffTimer?.ref();
  }

  unref(): void {
    this.#refs = false;
    this.#now?.body?.unref();
    this.#backoffTimer?.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    const last = this.#last;
    if (last === null || last.proven) return;
    const alive = last.leftovers.map(({pid, name}) => `${pid} (${name})`).join(', ');
    process.emitWarning(
      `net-runner: ${this.command} was disposed, but its end is not proven (${last.reason})${alive && `; still alive: ${alive}`}`,
      {code: last.reason === 'unkillable' ? 'ERR_UNKILLABLE' : 'ERR_SHEPHERD_LOST'},
    );
  }

  /** The first cause wins; a later one may bring SIGKILL nearer. */
  #end(why: 'stop' | 'abort', killTimeout: number | undefined, reason?: unknown): void {
    if (this.#over) return;
    this.#halted = false;
    if (this.#why === undefined) {
      this.#why = why;
      this.#abortReason = reason;
    }
    if (killTimeout !== undefined) this.#killTimeout = killTimeout;
    if (this.state === 'stopping') this.#endNow();
    else if (this.state === 'stopped' || this.state === 'failed') this.#finish();
    else this.#life.stop();
  }

  #body(): Body {
    return {
      spawn: () => void this.#spawn(),
      end: () => this.#endNow(),
      settle: () => this.#keepAsking(),
      clear: () => this.gate(),
      changed: (state, previous) => this.#changed(state, previous),
      restarting: (notice) => this.#restarting(notice),
    };
  }

  /** The delay of a restart is all that keeps a host alive between two processes. */
  #clock(): Clock {
    return {
      ...systemClock,
      after: (ms, call) => {
        const timer = setTimeout(call, Math.min(ms, 0x7fffffff));
        if (this.state !== 'backoff' || !this.#refs) timer.unref();
        if (this.state === 'backoff') this.#backoffTimer = timer;
        return () => clearTimeout(timer);
      },
    };
  }

  async #spawn(): Promise<void> {
    const {ready} = this.#settings;
    const now: Incarnation = {over: new AbortController(), body: undefined};
    this.#now = now;
    this.#error = undefined;
    const {signal} = now.over;
    try {
      const probe = ready && ready.probe.kind !== 'line' && ready.probe.kind !== 'fd' ? ready.probe : undefined;
      const theirs = probe && (await taken(probe));
      if (theirs !== undefined) throw this.#notReady(`was not started: ${theirs}; end that, or choose another port`);
      // Its lines are heard from the first on.
      const said = ready?.probe.kind === 'line' ? this.#output.heard(ready.probe.line, signal).then(() => true) : undefined;
      if (signal.aborted) throw this.#notReady('was stopped before it was started');
      const body = await this.#birth();
      now.body = body;
      this.#lastPid = body.pid;
      this.#isolation = body.isolation;
      this.#resolveBorn();
      if (!this.#refs) body.unref();
      // It was to end while it was being born.
      if (signal.aborted) body.stop(this.#grace);
      void body.over.then((end) => this.#ended(now, end));
      const noted = ready?.probe.kind === 'fd' ? body.noted() : undefined;
      const answer = await untilReady(ready, said ?? noted, this.#asked(body, signal));
      if (signal.aborted || answer === undefined) return;
      if (answer === true) this.#life.ready();
      else {
        this.#error = this.#notReady(`was not ready within ${ready?.timeout} ms (${answer}) and was stopped`);
        this.#life.bad(`it was not ready within ${ready?.timeout} ms (${answer})`);
      }
    } catch (error) {
      if (this.#now !== now) return;
      this.#now = undefined;
      now.over.abort();
      this.#error ??= error;
      this.#life.ended(true, `it could not be started: ${error instanceof RunError ? error.shortMessage : String(error)}`);
    }
  }

  /** Rejects with the error users meet. */
  async #birth(): Promise<Drained> {
    const {file, args, settings} = this.#plan;
    const {common, envFile} = settings;
    const env = envFile === undefined ? common.env : {...readEnvFile(envFile, common.cwd), ...common.env};
    // Its own signal and owner end the daemon, which ends its process.
    const own = {...common, env, signal: undefined, owner: undefined};
    try {
      const reader: Reader = {
        bytes: (stream, bytes) => {
          this.#log?.write(bytes);
          this.#output.push(stream, bytes);
        },
        failed: ({message}) => process.emitWarning(`net-runner: ${this.#who}: ${message}, and is closed`, {code: 'ERR_OUTPUT'}),
      };
      return await Drained.start({file, args, settings: own}, reader, this.#settings.ready?.probe.kind === 'fd');
    } catch (error) {
      throw birthFailure(error, this.command, common);
    }
  }

  /** Its health, for as long as this process lives. */
  #keepAsking(): void {
    const {health} = this.#settings;
    const {over, body} = this.#now ?? {};
    if (health === undefined || over === undefined || body === undefined) return;
    void untilUnhealthy(health, this.#asked(body, over.signal)).then((why) => {
      if (why !== undefined && !over.signal.aborted) this.#life.bad(`it is not healthy (${why})`);
    });
  }

  #asked({pid, shepherd}: Drained, signal: AbortSignal): Asked {
    return {pid, shepherd, settings: this.#settings.common, signal};
  }

  /** Ends the process that is there or coming. */
  #endNow(): void {
    const now = this.#now;
    if (now === undefined) return this.#life.ended(false, 'it was stopped');
    now.over.abort();
    now.body?.stop(this.#grace);
  }

  /** What stop() was told counts for the end only. */
  get #grace(): number {
    return this.#why === undefined ? this.#settings.common.killTimeout : this.#killTimeout;
  }

  #ended(now: Incarnation, end: End): void {
    if (this.#now !== now) return;
    this.#now = undefined;
    now.over.abort();
    this.#output.flush();
    this.#last = end;
    this.#usage = now.body?.usage ?? null;
    this.#bytesIn += now.body?.bytesIn ?? 0;
    const how = howItEnded(end);
    if (this.state === 'starting') this.#error = this.#notReady(`${how} before it was ready`);
    this.#life.ended(end.reason !== 'exit' || end.exitCode !== 0, `it ${how}`, !end.proven);
  }

  #changed(state: DaemonState, previous: DaemonState): void {
    if (state === 'failed') this.#report('error', this.#sentence());
    this.tell('state', state, previous);
    for (const wake of this.#onState.splice(0)) wake();
    if (state === 'ready') for (const {resolve} of this.#onReady.splice(0)) resolve();
    else if (state === 'backoff' && previous === 'starting') this.#rejectReady();
    if (state === 'failed' || (state === 'stopped' && !this.#halted)) this.#finish();
  }

  #restarting(notice: RestartNotice): void {
    this.#report('warn', `${this.#who}: ${notice.why}; restart ${notice.attempt} in ${Math.round(notice.delay)} ms`);
    this.tell('restart', notice);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#log?.close();
    for (const withdraw of this.#withdraw.splice(0)) withdraw();
    this.#rejectReady();
    const failed = this.state === 'failed';
    this.#resolveEnded({
      ok: !failed,
      reason: failed ? (this.#life.gaveUp ? 'gave-up' : 'failed') : (this.#why ?? 'done'),
      message: this.#sentence(),
      last: this.#last,
      restarts: this.restarts,
    });
  }

  #sentence(): string {
    const who = this.#who;
    if (this.state !== 'failed') return this.#why === undefined ? `${who}: ${this.#life.why}` : `${who} was stopped`;
    if (this.#error instanceof RunError && !this.#life.gaveUp) return this.#error.message;
    const {max, within} = this.#settings.restart;
    const tail = lastLines(this.tail(SHOWN), SHOWN);
    const gave = this.#life.gaveUp ? `; it was restarted ${max} times within ${within} ms, and is given up` : '; it is not restarted';
    return `${who}: ${this.#life.why}${gave}${tail && `\n${tail}`}`;
  }

  /** Resolves when it is ready, be it after a halt; rejects when the start that is under way, or that comes next, has come to nothing. */
  async untilReady(): Promise<void> {
    // A listener may have ended it within the call that was to start it.
    if (this.#over) throw this.#failure();
    await new Promise<void>((resolve, reject) => this.#onReady.push({resolve, reject}));
  }

  #rejectReady(): void {
    for (const {reject} of this.#onReady.splice(0)) reject(this.#failure());
  }

  #failure(): unknown {
    if (this.#why === 'abort') return ended({reason: 'abort', command: this.command, cause: this.#abortReason});
    if (this.#why === 'stop') return this.#notReady('was stopped before it was ready');
    return this.#error ?? this.#notReady('ended before it was ready');
  }

  #notReady(why: string): RunError {
    const lines = this.tail(SHOWN);
    const result = this.#result();
    return ended({reason: 'not-ready', command: this.command, why, lines, ...(result && {result})});
  }

  /** What is known of the process it is about, if there was one. */
  #result(): FailedResult | undefined {
    const end = this.#last;
    if (this.#lastPid < 0) return undefined;
    const text = {stdout: this.#output.tail.text('stdout'), stderr: this.#output.tail.text('stderr')};
    const {exitCode, signal, exitStatus, durationMs, leftovers, oom} = end ?? NOTHING;
    return {
      ...{command: this.command, pid: this.#lastPid, exitCode, signal, exitStatus, ok: false, ...text},
      ...{durationMs, usage: this.#usage, oom, leftovers, isolation: this.#isolation},
    };
  }

  #isOver(): RunError {
    return misuse('ERR_DAEMON_ENDED', `${this.command} is over and cannot be restarted; start another`, this.command);
  }

  async #waitFor(wanted: RegExp, timeout: number | undefined): Promise<LineMatch> {
    const said = this.#output.said(wanted);
    if (said) return said;
    const over = new AbortController();
    try {
      const heard = this.#output.heard(wanted, over.signal);
      const late = pause(timeout || Number.POSITIVE_INFINITY, over.signal).then(() => 'late' as const);
      const first = await Promise.race([heard, this.ended.then(() => 'over' as const), late]);
      if (first === 'over') throw this.#notReady(`ended without a line that matches ${wanted}`);
      if (first === 'late') throw this.#notReady(`wrote no line that matches ${wanted} within ${timeout} ms`);
      return first;
    } finally {
      over.abort();
    }
  }

  #deliver(): Delivery | undefined {
    const {onOutput} = this.#settings;
    if (onOutput === 'discard') return undefined;
    const delivery = new Delivery(onOutput === 'log' ? (line, stream) => this.#note(line, stream) : onOutput, this.complaints);
    this.#output.listen((line, stream) => delivery.push(line, stream));
    return delivery;
  }

  #note(line: string, stream: OutputName): void {
    this.#settings.logger?.[stream === 'stdout' ? 'info' : 'warn'](`${this.#name}: ${line}`);
  }

  #report(level: 'warn' | 'error', message: string): void {
    this.complaints.around('logger', () => this.#settings.logger?.[level](message));
  }

  #openLog(file: string): LogFile {
    try {
      return new LogFile(file, (error) => this.complaints.tell('writing its log file', error));
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      throw invalid('ERR_INVALID_OPTION', `\`log.file\` ${file} cannot be opened (${code}); make its directory, or name another`);
    }
  }

  /** Its own AbortSignal and owner end it for good. */
  #obeySignals(): void {
    const {signal, owner} = this.#settings.common;
    for (const each of [signal, owner === undefined || owner === 'gc' ? undefined : ownerSignal(owner)]) {
      if (each === undefined) continue;
      const end = (reason: unknown) => this.#end('abort', undefined, reason);
      if (each.aborted) end(each.reason);
      else this.#withdraw.push(onAbort(each, end));
    }
  }
}

const NOTHING = {exitCode: null, signal: null, exitStatus: null, durationMs: 0, leftovers: [], oom: false} as const;

function howItEnded({exitCode, signal, reason, proven, oom}: End): string {
  if (reason === 'lost') return `was lost: nobody saw its exit${proven ? '' : ', and processes of it may still run'}`;
  if (reason === 'unkillable') return 'left processes that SIGKILL does not end';
  return `${exitCode === null ? `was ended by ${signal}` : `exited with code ${exitCode}`}${oom ? ' (the kernel killed for lack of memory)' : ''}`;
}

/**
 * Starts a program that is to keep running: drained always, restarted by a policy, ended with its whole tree. Resolves once it is ready
 * (without `ready`: once it runs).
 *
 * Rejects with RunError, and then nothing of it is left: reason 'invalid', 'unsupported', 'spawn', 'abort', or 'not-ready' (ERR_NOT_READY)
 * with the last 20 lines of its output. The first start is never tried twice. Never throws synchronously.
 * @example
 * const redis = await Daemon.start(['redis-server', '--port', '6380'], {ready: {port: 6380}});
 * redis.on('restart', ({why, delay}) => console.warn(`${why}; again in ${delay} ms`));
 * await redis.stop();
 */
const start: StartDaemon = async function start(command: Runnable, options?: DaemonOptions): Promise<Face> {
  const daemon = new OwnedDaemon(planDaemon(command, options));
  try {
    await daemon.begin();
  } catch (error) {
    throw atCaller(error, start);
  }
  return daemon;
} as StartDaemon;

/** Programs that are to keep running. See Daemon.start(). */
export const Daemon: {readonly start: StartDaemon} = Object.freeze({start});
export type Daemon = Face;
