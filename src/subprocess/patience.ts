// Owns: how long one call waits: a time limit beside its caller's AbortSignal.
// Never: a limit of the job's own: those are counted in the shepherd.

/** setTimeout() fires at once for more. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A time limit beside the caller's signal. */
export class Patience {
  readonly signal: AbortSignal | undefined;
  isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #leave = () => {};

  constructor(timeout: number | undefined, given: AbortSignal | undefined) {
    this.signal = given;
    if (timeout === undefined) return;
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#timer = setTimeout(
      () => {
        this.isOver = true;
        controller.abort();
      },
      Math.min(timeout, LONGEST_TIMER),
    );
    if (given === undefined) return;
    const onAbort = () => controller.abort(given.reason);
    if (given.aborted) onAbort();
    else given.addEventListener('abort', onAbort);
    this.#leave = () => given.removeEventListener('abort', onAbort);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#leave();
  }
}
