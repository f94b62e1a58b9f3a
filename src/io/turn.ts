// Owns: how many bytes one stream may move before the event loop gets its turn.
// Never: touches a byte.

/** Bytes per turn: a pipe whose other end keeps up never says "wait", and would hold the loop for ever. */
const PER_TURN = 1 << 20;

/** What any move counts for at least: small ones cost time, not bytes, and those of nothing at all might never end. */
const LEAST = 2048;

export class Turn {
  #left = PER_TURN;

  /** Counts bytes that were moved without waiting. */
  spend(bytes: number): void {
    this.#left -= Math.max(bytes, LEAST);
  }

  /** The loop has turned, because there was something to wait for. */
  renew(): void {
    this.#left = PER_TURN;
  }

  /** true: enough for this turn. `again` is called in a later one. */
  isOver(again: () => void): boolean {
    if (this.#left > 0) return false;
    setImmediate(() => {
      this.renew();
      again();
    });
    return true;
  }
}
