// Owns: when a daemon is started again: its states as one table, and how often and how fast. Pure.
// Never: a clock, a timer, a process, or chance: they are given.
import type {DaemonState, RestartWhen} from '../words/daemon.js';

/** What happens to a daemon. */
export type DaemonEvent =
  /** It is to be started (first, or after a halt). */
  | 'start'
  /** Its `ready` has come true. */
  | 'ready'
  /** It has been ready for `resetAfter`. */
  | 'stable'
  /** It is no use as it is (not ready in time, unhealthy, somebody wants it new), and is to be started again. */
  | 'bad'
  /** It is no use as it is, and is not to be started again. */
  | 'hopeless'
  /** Its tree is gone, or it could not be started; it is to be started again / is done / has failed for good. */
  | 'ended-again'
  | 'ended-done'
  | 'ended-failed'
  /** The delay is over. */
  | 'due'
  | 'stop';

/** What is to be done about it, in this order. */
export type DaemonAction =
  /** Start a process, and ask it whether it is ready. */
  | 'spawn'
  /** It is ready: tell, ask for its health, count to `resetAfter`. */
  | 'settle'
  /** Delays begin at their smallest again. */
  | 'forget'
  /** End the process; where there is none, it has ended. */
  | 'end'
  /** Count the delay. */
  | 'wait';

type Row = Partial<Readonly<Record<DaemonEvent, readonly [to: DaemonState, ...actions: DaemonAction[]]>>>;

/** What happens to a process that runs, whatever is known of it. */
const UP: Row = {
  bad: ['backoff', 'end'],
  hopeless: ['stopping', 'end'],
  'ended-again': ['backoff', 'wait'],
  'ended-done': ['stopped'],
  'ended-failed': ['failed'],
  stop: ['stopping', 'end'],
};

/** An event that a state has no row for changes nothing there: it comes too late. */
export const TABLE: Readonly<Record<DaemonState, Row>> = {
  starting: {...UP, ready: ['ready', 'settle']},
  ready: {...UP, stable: ['running', 'forget']},
  running: UP,
  // Until the old process is gone nothing is counted, and then the delay is.
  backoff: {
    'ended-again': ['backoff', 'wait'],
    'ended-failed': ['failed'],
    due: ['starting', 'spawn'],
    stop: ['stopping', 'end'],
  },
  stopping: {'ended-done': ['stopped'], 'ended-failed': ['failed']},
  stopped: {start: ['starting', 'spawn']},
  failed: {start: ['starting', 'spawn']},
};

/** The row for one event; undefined: it changes nothing. */
export function step(
  state: DaemonState,
  event: DaemonEvent,
): {readonly to: DaemonState; readonly actions: readonly DaemonAction[]} | undefined {
  const row = TABLE[state][event];
  if (row === undefined) return undefined;
  const [to, ...actions] = row;
  return {to, actions};
}

/** A restart policy with everything filled in; times in ms. */
export interface RestartPolicy {
  readonly policy: RestartWhen;
  readonly max: number;
  readonly within: number;
  readonly backoff: {readonly min: number; readonly max: number};
  readonly resetAfter: number;
}

/** What becomes of a daemon that ended. */
export type Verdict = {readonly event: 'ended-again'; readonly delay: number} | {readonly event: 'ended-done' | 'ended-failed'};

/** How many restarts lie within a window. */
export class Intensity {
  readonly #max: number;
  readonly #within: number;
  #times: number[] = [];

  constructor({max, within}: {readonly max: number; readonly within: number}) {
    this.#max = max;
    this.#within = within;
  }

  /** Counts one at `now` (ms of any monotonic clock); false: it is one too many, and was not counted. */
  take(now: number): boolean {
    this.#times = this.#times.filter((time) => now - time < this.#within);
    if (this.#times.length >= this.#max) return false;
    // Without a limit there is nothing to remember.
    if (Number.isFinite(this.#max)) this.#times.push(now);
    return true;
  }
}

/** The memory of one daemon's restarts. */
export class Restarts {
  readonly #policy: RestartPolicy;
  readonly #random: () => number;
  readonly #intensity: Intensity;
  /** Restarts since it was last stable. */
  #row = 0;
  /** Whether the limit of the policy, not the failure itself, ended it. */
  gaveUp = false;

  /** `random`: as Math.random. */
  constructor(policy: RestartPolicy, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
    this.#intensity = new Intensity(policy);
  }

  /** It ended at `now`: a failure, or done by itself. */
  judge(failed: boolean, now: number): Verdict {
    const {policy} = this.#policy;
    const again = policy === 'always' || (policy === 'on-failure' && failed);
    if (!again) return {event: failed ? 'ended-failed' : 'ended-done'};
    if (!this.#intensity.take(now)) {
      this.gaveUp = true;
      return {event: 'ended-failed'};
    }
    return {event: 'ended-again', delay: this.#delay()};
  }

  /** It was stable: delays begin at their smallest again. The window of `within` forgets by itself. */
  forget(): void {
    this.#row = 0;
  }

  /** Doubled each time; a random half is left out, so that those that failed together do not come back together. */
  #delay(): number {
    const {min, max} = this.#policy.backoff;
    const full = Math.min(max, min * 2 ** this.#row);
    // Beyond this, doubling changes nothing but the exponent.
    if (this.#row < 52) this.#row++;
    return full * (0.5 + this.#random() / 2);
  }
}
