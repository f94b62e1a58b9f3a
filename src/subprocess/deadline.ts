// Owns: a deadline on the host's side of a job, believed only after its sockets were read.
// Never: a grace or timeout itself: those are kept by the shepherd, where a blocked event loop cannot delay them.

/** setTimeout(3) counts in 32 bits of ms; beyond that a timer would fire at once. */
const LONGEST_MS = 0x7fffffff;

export class Deadline {
  #drain: () => void;
  #overdue: () => void;
  #at = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `drain` reads what has arrived; `overdue` is called once if the deadline then still stands. */
  constructor(drain: () => void, overdue: () => void) {
    this.#drain = drain;
    this.#overdue = overdue;
  }

  /** Within `ms` from now; a nearer deadline stays. */
  within(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at || ms > LONGEST_MS) return;
    this.#at = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fire(), ms);
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** After a freeze libuv runs timers before it reads sockets: what was said in time is heard before it is called late. */
  #fire(): void {
    this.#drain();
    setImmediate(() => {
      if (this.#timer === undefined) return;
      this.clear();
      this.#overdue();
    });
  }
}
