// Owns: the first and last bytes of a stream that the host reads itself, as the addon's Collector keeps them of one that it drains.
// Never: reads; holds more than head + tail bytes.
import type {Kept} from './kept.js';

export class Keeper {
  /** Bytes that came in all. */
  total = 0;
  #mostHead: number;
  #mostTail: number;
  #head = new Growing();
  /** A ring once it has grown to its most. */
  #tail = new Growing();
  #tailTotal = 0;

  constructor(head: number, tail: number) {
    this.#mostHead = head;
    this.#mostTail = tail;
  }

  /** Whether so many more bytes would push something out. */
  overflowsWith(length: number): boolean {
    return this.total + length > this.#mostHead + this.#mostTail;
  }

  /** Copies what is to be kept: the chunk stays the caller's. */
  add(chunk: Uint8Array): void {
    this.total += chunk.length;
    const room = Math.min(chunk.length, this.#mostHead - this.#head.length);
    if (room > 0) this.#head.append(chunk.subarray(0, room), this.#mostHead);
    const rest = chunk.subarray(room);
    if (this.#mostTail > 0 && rest.length > 0) this.#addToTail(rest);
  }

  /** What is kept now, in the order in which it came. */
  take(): Kept {
    const head = this.#head.bytes();
    const tail = this.#tail.bytes();
    const at = this.#tailTotal > this.#mostTail ? this.#tailTotal % this.#mostTail : 0;
    const ordered = at === 0 ? tail : Buffer.concat([tail.subarray(at), tail.subarray(0, at)]);
    return {head, tail: ordered, dropped: this.total - head.length - ordered.length};
  }

  #addToTail(bytes: Uint8Array): void {
    const growing = Math.min(bytes.length, this.#mostTail - this.#tail.length);
    if (growing > 0) this.#tail.append(bytes.subarray(0, growing), this.#mostTail);
    this.#tailTotal += growing;
    let rest = bytes.subarray(growing);
    if (rest.length > this.#mostTail) {
      this.#tailTotal += rest.length - this.#mostTail;
      rest = rest.subarray(-this.#mostTail);
    }
    while (rest.length > 0) {
      const at = this.#tailTotal % this.#mostTail;
      const fits = rest.subarray(0, this.#mostTail - at);
      this.#tail.overwrite(at, fits);
      this.#tailTotal += fits.length;
      rest = rest.subarray(fits.length);
    }
  }
}

/** Bytes in one piece, in a block that doubles: many small chunks cost no object each. */
class Growing {
  length = 0;
  #block = Buffer.alloc(0);

  append(bytes: Uint8Array, most: number): void {
    const needed = this.length + bytes.length;
    if (needed > this.#block.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, this.#block.length * 2, 4_096)));
      this.#block.copy(larger, 0, 0, this.length);
      this.#block = larger;
    }
    this.#block.set(bytes, this.length);
    this.length = needed;
  }

  overwrite(at: number, bytes: Uint8Array): void {
    this.#block.set(bytes, at);
  }

  bytes(): Buffer {
    return this.#block.subarray(0, this.length);
  }
}
