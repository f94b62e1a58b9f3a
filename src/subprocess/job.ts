// Owns: one job's life as the host knows it: the control's events turned into born, exited and closed, and the first cause.
// Never: a pipe, an option, or a signal to a bare pid.
import {constants} from 'node:os';
import type {Addon} from '../native.js';
import type {CauseName, Control, ControlEvents, FailedStage, FigureName, ReachName, ScopeName, Seen} from '../shepherd/control.js';
import type {ForkServer, Turn} from '../shepherd/server.js';
import type {IsolationSettings} from '../words/cgroup.js';
import {exitStatus, signalName} from '../words/exit.js';
import type {HeldBy} from '../words/result.js';
import type {Usage} from '../words/stats.js';
import type {End} from '../words/subprocess.js';
import {Doubt, type Doubted, REPORT_MS} from './doubt.js';
import {Leaf} from './leaf.js';
import {Moment} from './moment.js';
import {type Figures, usageFrom} from './usage.js';

/** How a birth ended. */
export type Birth =
  | {readonly kind: 'started'}
  | {readonly kind: 'failed'; readonly stage: FailedStage; readonly errno: number}
  /** The hire could not be sent: its fork server is gone. Nobody has it, so it may be sent to another one. */
  | {readonly kind: 'unsent'}
  /** No shepherd ever answered: the hire may be sent once more. */
  | {readonly kind: 'unheard'}
  /** A shepherd took it and was gone before it said what became of it. */
  | {readonly kind: 'lost'; readonly proven: boolean}
  /** It was ended before the program ran. */
  | {readonly kind: 'stopped'};

/** Why the host (or the shepherd's timeout) ended a job; the first one wins. */
export type Ending = Exclude<End['reason'], 'exit' | 'signal' | 'lost' | 'unkillable'> | 'input' | 'output' | 'stop';

/** Of pidfd_send_signal(2), Linux 6.9: the group that the pidfd's process leads or led. */
const PIDFD_SIGNAL_PROCESS_GROUP = 4;

interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly exitStatus: number | null;
}

const UNKNOWN: Exit = {exitCode: null, signal: null, exitStatus: null};

/** What a job is told at its birth that it needs for its own deadlines, in ms. */
export interface JobTimes {
  readonly timeout: number | undefined;
  readonly killTimeout: number;
  readonly linger: 'stop' | 'wait' | 'leave';
  readonly isolation: IsolationSettings;
}

export class Job implements ControlEvents, Doubted {
  /** The conversation this job is told through. */
  control!: Control;
  readonly server: ForkServer;
  pid = -1;
  shepherd = -1;
  durationMs = 0;
  readonly leftovers: Seen[] = [];
  readonly born: Promise<Birth>;
  readonly exitedPromise: Promise<End>;
  readonly closedPromise: Promise<End>;
  /** As closedPromise, but with linger 'leave' once those who were left are gone too. */
  readonly overPromise: Promise<End>;
  /** Bytes of the pipes end here: called once, when nobody of the tree can write any more. */
  readonly whenGone = new Moment();
  /** Called once, when the job is closed: with linger 'leave' somebody may still write. */
  readonly whenClosed = new Moment();
  /** What holds the tree together, as far as is known. */
  isolation: HeldBy = 'tree';
  cause: {readonly reason: Ending; readonly error?: unknown} | undefined;

  #addon: Addon;
  #figures: Figures = {};
  #turn: Turn;
  #times: JobTimes;
  #pidfd = -1;
  #leaf: Leaf | undefined;
  #oom = false;
  #freezing: Promise<number> | undefined;
  #exit: Exit | undefined;
  #failure: {readonly stage: FailedStage; readonly errno: number} | undefined;
  #unkillable: Seen[] = [];
  #forced = false;
  #proven = false;
  #lost = false;
  #settled = false;
  #closed = false;
  #doubt: Doubt;
  #madeAt = performance.now();
  #resolveBorn!: (birth: Birth) => void;
  #resolveExited!: (end: End) => void;
  #resolveClosed!: (end: End) => void;
  #resolveOver!: (end: End) => void;

  constructor(addon: Addon, server: ForkServer, turn: Turn, times: JobTimes) {
    this.#addon = addon;
    this.server = server;
    this.#turn = turn;
    this.#times = times;
    this.born = new Promise((resolve) => {
      this.#resolveBorn = resolve;
    });
    this.exitedPromise = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
    this.closedPromise = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.overPromise = new Promise((resolve) => {
      this.#resolveOver = resolve;
    });
    this.#doubt = new Doubt(this);
  }

  /** The conversation this job is told through; set right after the constructor, before anything can arrive. */
  attach(control: Control): void {
    this.control = control;
  }

  /** The child is not reaped yet, as far as is known. */
  get alive(): boolean {
    return this.pid >= 0 && this.#exit === undefined;
  }

  /** The tree is proven empty, or the wait for it was given up. */
  get over(): boolean {
    return this.#closed;
  }

  /** What the tree has cost, as far as it is told: all of it once it is gone. null: nothing yet. */
  get usageSoFar(): Usage | null {
    return usageFrom(this.#figures, this.#closed);
  }

  /** Ends the tree. Only the first cause is remembered; a later call may only bring the end nearer. */
  end(reason: Ending, graceMs: number, error?: unknown): void {
    // That a limit was passed, or a copy failed, may be found only with what a tree that is gone has left in its pipe.
    if (!this.#closed || reason === 'max-output' || reason === 'output') this.cause ??= error === undefined ? {reason} : {reason, error};
    if (this.#closed) return;
    this.#doubt.endsWithin(graceMs);
    void this.#doubt.asked(this.control.stop(graceMs));
  }

  /** For a job that was never born: nobody waits for it any more. */
  abandon(): void {
    this.whenClosed.come();
    this.whenGone.come();
  }

  /** errno of kill(2) as the shepherd saw it: 0 delivered, ESRCH nobody left. */
  kill(reach: ReachName, signal: number): Promise<number> {
    return this.#doubt.asked(this.control.kill(reach, signal));
  }

  /** 0 once everybody is stopped; it takes as long as the kernel does, so no answer is due but that the shepherd has heard it. */
  freeze(): Promise<number> {
    if (this.#freezing) return this.#freezing;
    void this.#doubt.asked(this.control.ping());
    const asked = this.control.freeze().finally(() => {
      if (this.#freezing === asked) this.#freezing = undefined;
    });
    this.#freezing = asked;
    return asked;
  }

  thaw(): Promise<number> {
    this.#freezing = undefined; // the next freeze() is a question of its own
    return this.#doubt.asked(this.control.thaw());
  }

  /** Resolves once `usageSoFar` is that of now, or final. */
  async count(): Promise<void> {
    if (!this.#closed) await this.#doubt.asked(this.control.askUsage());
  }

  ref(): void {
    this.control.ref();
  }

  unref(): void {
    this.control.unref();
  }

  hello(shepherd: number): void {
    this.#turn.answered();
    this.shepherd = shepherd;
    this.server.greeted(shepherd, this.#madeAt);
    const {timeout, killTimeout} = this.#times;
    if (timeout !== undefined) this.#doubt.limited(timeout, killTimeout);
  }

  started(pid: number, pidfd: number): void {
    this.pid = pid;
    this.#pidfd = pidfd;
    this.#resolveBorn({kind: 'started'});
  }

  isolated(level: HeldBy | 'auto', leaf: number): void {
    this.isolation = level === 'auto' ? 'tree' : level;
    this.#leaf?.close();
    const depth = this.#times.isolation.cgroup?.path?.split('/').length ?? 0;
    this.#leaf = leaf < 0 ? undefined : new Leaf(leaf, depth);
  }

  oom(): void {
    this.#oom = true;
  }

  failed(stage: FailedStage, errno: number): void {
    this.#failure = {stage, errno};
  }

  stopped(): void {}

  continued(): void {}

  stopping(cause: CauseName, graceMs: number): void {
    if (cause === 'timeout') this.cause ??= {reason: 'timeout'};
    this.#doubt.unlimited();
    this.#doubt.endsWithin(graceMs);
  }

  usage(scope: ScopeName, figure: FigureName, amount: number): void {
    this.#figures[scope] ??= {};
    this.#figures[scope][figure] = amount;
  }

  leftover(seen: Seen): void {
    this.leftovers.push(seen);
  }

  exited(code: number | null, signal: number | null, ns: number): void {
    this.durationMs = ns / 1e6;
    this.#exit = {exitCode: code, signal: signal === null ? null : signalName(signal), exitStatus: exitStatus(code, signal)};
    this.#settleExited();
    // GONE comes with the same words when nobody is left.
    if (this.#times.linger === 'leave') setImmediate(() => this.#leave());
  }

  unkillable(seen: Seen): void {
    this.#unkillable.push(seen);
    // The rows of one report come together; the promise resolves once all of them are read.
    if (this.#unkillable.length === 1) setImmediate(() => this.#close());
  }

  gone(forced: boolean): void {
    this.#forced = forced;
    this.#proven = true;
    this.control.close();
    this.#leaf?.close();
    if (this.pid < 0) this.#resolveBorn(this.#failure ? {kind: 'failed', ...this.#failure} : {kind: 'stopped'});
    this.#close();
    this.#dropPidfd();
  }

  ended(): void {
    this.#turn.answered();
    if (this.#proven) return;
    if (this.control.reads === 0) return this.#resolveBorn({kind: 'unheard'});
    void this.#loseShepherd();
  }

  /** The shepherd ended without GONE: the fork server sweeps what it left, and says so. */
  async #loseShepherd(): Promise<void> {
    this.#lost = true;
    this.#doubt.lose();
    this.server.wake(); // a fork server that somebody has stopped sweeps nothing
    this.#settleExited();
    const swept = await this.server.swept(this.shepherd, REPORT_MS);
    if (this.#closed) return;
    this.#proven = swept?.proven === true;
    if (!swept) {
      this.#killGroup();
      await this.#leaf?.end();
    }
    if (this.#failure) this.#resolveBorn({kind: 'failed', ...this.#failure});
    else if (this.cause && this.#proven) this.#resolveBorn({kind: 'stopped'});
    else this.#resolveBorn({kind: 'lost', proven: this.#proven});
    this.#leaf?.close();
    this.#close();
    this.#dropPidfd();
  }

  /** Nobody could be brought to say how it ended: the job says that nothing is proven. */
  giveUp(): void {
    if (this.#closed) return;
    this.control.close();
    // A shepherd that takes the hire only now finds control closed, and makes no child.
    if (this.control.reads === 0) return this.#resolveBorn({kind: 'stopped'});
    this.#lost = true;
    this.#killGroup();
    void this.#leaf?.end();
    if (this.pid < 0) this.#resolveBorn({kind: 'lost', proven: false});
    this.#close();
    this.#dropPidfd();
  }

  /** Nobody of ours can reach the tree any more. The child's group is proven to be ours by its pidfd, which no number can stand in for. */
  #killGroup(): void {
    if (this.#pidfd >= 0) this.#addon.signal(this.#pidfd, constants.signals.SIGKILL, PIDFD_SIGNAL_PROCESS_GROUP);
  }

  #dropPidfd(): void {
    if (this.#pidfd >= 0) this.#addon.close(this.#pidfd);
    this.#pidfd = -1;
  }

  #settleExited(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#resolveExited(this.outcome());
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#doubt.end();
    const end = this.#settleClosed();
    this.whenGone.come();
    this.#resolveOver(end);
  }

  /** Somebody lives on, on purpose: the job is closed, its shepherd stays silent until they end or the host does. */
  #leave(): void {
    if (this.#closed) return;
    this.#doubt.unlimited();
    this.#settleClosed();
  }

  #settleClosed(): End {
    this.control.unref();
    this.#settleExited();
    this.whenClosed.come();
    const end = this.outcome();
    this.#resolveClosed(end);
    return end;
  }

  /** What is known now. */
  outcome(): End {
    const unproven = this.#closed && !this.#proven;
    const {exitCode, signal, exitStatus} = this.#exit ?? UNKNOWN;
    return {
      exitCode,
      signal,
      exitStatus,
      durationMs: this.durationMs,
      reason: this.#reason(unproven),
      forced: this.#forced,
      proven: this.#proven,
      oom: this.#oom,
      leftovers: this.#unkillable.length > 0 ? this.#unkillable : this.leftovers,
    };
  }

  #reason(unproven: boolean): End['reason'] {
    if (this.#lost && this.#exit === undefined) return 'lost';
    if (unproven) return this.#unkillable.length > 0 ? 'unkillable' : 'lost';
    const cause = this.cause?.reason;
    if (cause !== undefined && cause !== 'stop' && cause !== 'input' && cause !== 'output') return cause;
    return this.#exit?.signal ? 'signal' : 'exit';
  }
}
