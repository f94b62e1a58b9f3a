// Owns: one daemon's walk through the table of restart.ts: its timers, its count of restarts, and why it is where it is.
// Never: a process: what is started and ended is somebody else's (Body); a clock of its own.
import type {DaemonState, RestartNotice} from '../words/daemon.js';
import type {RestartSetting} from '../words/daemon_settings.js';
import {type DaemonAction, type DaemonEvent, Restarts, step} from './restart.js';

/** Time and chance. */
export interface Clock {
  /** ms, monotonic. */
  now(): number;
  /** Calls once, `ms` from now; what is returned withdraws it. */
  after(ms: number, call: () => void): () => void;
  /** As Math.random. */
  random(): number;
}

/** What the table's actions mean. */
export interface Body {
  /** Starts a process. It answers by ready(), bad() or ended(), now or later. */
  spawn(): void;
  /** Ends the process that is there or coming, and answers by ended(); at once where there is none. */
  end(): void;
  /** It is ready. */
  settle(): void;
  /** Asked when a delay is over; the next process is started once it resolves. */
  clear(): Promise<void>;
  changed(state: DaemonState, previous: DaemonState): void;
  restarting(notice: RestartNotice): void;
}

export class Lifecycle {
  state: DaemonState = 'stopped';
  restarts = 0;
  /** One sentence: what happened last that was not wanted. */
  why = '';
  readonly #body: Body;
  readonly #clock: Clock;
  readonly #memory: Restarts;
  readonly #resetAfter: number;
  /** It has been ready once: until then a failure is told to whoever started it, and not tried again. */
  #proven = false;
  #failing = false;
  #delay = 0;
  /** The old process is gone, and the delay is being counted. */
  #waiting = false;
  /** Withdraws what the present state waits for. */
  #withdraw: () => void = () => {};
  /** What happened while something else was being done about: listeners may do anything. undefined: nothing is. */
  #later: DaemonEvent[] | undefined;

  constructor(policy: RestartSetting, body: Body, clock: Clock) {
    this.#body = body;
    this.#clock = clock;
    this.#memory = new Restarts(policy, () => clock.random());
    this.#resetAfter = policy.resetAfter;
  }

  /** Its restart policy, not the failure alone, has ended it. */
  get gaveUp(): boolean {
    return this.#memory.gaveUp;
  }

  start(): void {
    this.#failing = false;
    this.#dispatch('start');
  }

  ready(): void {
    this.#proven = true;
    this.#dispatch('ready');
  }

  /** The process that is there is no use. `anew`: somebody wants another at once, and that is no failure. */
  bad(why: string, anew = false): void {
    if (this.state !== 'starting' && this.state !== 'ready' && this.state !== 'running') {
      this.#delay = anew ? 0 : this.#delay;
      if (anew && this.#waiting) this.#dispatch('due');
      return;
    }
    this.why = why;
    if (anew) {
      this.#delay = 0;
      this.#dispatch('bad');
    } else this.#dispatch(this.#judge(true) === 'ended-again' ? 'bad' : 'hopeless');
  }

  /** Its tree is gone, or nothing could be started. `unproven`: it may not be gone, so nothing is started beside it. */
  ended(failed: boolean, why: string, unproven = false): void {
    if (unproven && this.state !== 'stopping') {
      this.why = why;
      return this.#dispatch('ended-failed');
    }
    if (this.state === 'backoff') return this.#dispatch('ended-again');
    if (this.state === 'stopping') return this.#dispatch(this.#failing ? 'ended-failed' : 'ended-done');
    this.why = why;
    this.#dispatch(this.#judge(failed));
  }

  stop(): void {
    this.#dispatch('stop');
  }

  #judge(failed: boolean): 'ended-again' | 'ended-done' | 'ended-failed' {
    const verdict = this.#proven ? this.#memory.judge(failed, this.#clock.now()) : ({event: 'ended-failed'} as const);
    if (verdict.event === 'ended-again') {
      this.#delay = verdict.delay;
      this.restarts++;
      this.#body.restarting({attempt: this.restarts, delay: verdict.delay, why: this.why});
    }
    this.#failing = verdict.event === 'ended-failed';
    return verdict.event;
  }

  #dispatch(event: DaemonEvent): void {
    if (this.#later) {
      this.#later.push(event);
      return;
    }
    this.#later = [event];
    try {
      for (const next of this.#later) this.#happen(next);
    } finally {
      this.#later = undefined;
    }
  }

  #happen(event: DaemonEvent): void {
    const row = step(this.state, event);
    if (row === undefined) return;
    const previous = this.state;
    this.state = row.to;
    this.#withdraw();
    this.#withdraw = () => {};
    this.#waiting = false;
    if (row.to !== previous) this.#body.changed(row.to, previous);
    for (const action of row.actions) this.#do(action);
  }

  #do(action: DaemonAction): void {
    switch (action) {
      case 'spawn':
        return this.#body.spawn();
      case 'end':
        return this.#body.end();
      case 'settle':
        this.#withdraw = this.#clock.after(this.#resetAfter, () => this.#dispatch('stable'));
        return this.#body.settle();
      case 'forget':
        return this.#memory.forget();
      case 'wait': {
        let waits = true;
        this.#waiting = true;
        const withdraw = this.#clock.after(this.#delay, () => {
          void this.#body.clear().then(() => {
            if (waits) this.#dispatch('due');
          });
        });
        this.#withdraw = () => {
          waits = false;
          withdraw();
        };
      }
    }
  }
}
