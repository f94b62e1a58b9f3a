// Owns: a file that a daemon's output is appended to, without the daemon ever waiting for it.
// Never: more in memory than a bound; rotation (append mode goes well with a copy and a truncate).
import {closeSync, openSync, write} from 'node:fs';

const MOST_WAITING = 1_048_576;

export class LogFile {
  /** Bytes that were not written: the disk was slow, or refused. */
  dropped = 0;
  readonly #fd: number;
  readonly #failed: (error: Error) => void;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing = false;
  #closing = false;

  /** Opens it now; throws as openSync() does. `failed` is told of a write that failed. */
  constructor(file: string, failed: (error: Error) => void) {
    this.#fd = openSync(file, 'a', 0o666);
    this.#failed = failed;
  }

  /** Copies the bytes. */
  write(bytes: Uint8Array): void {
    if (this.#closing || this.#waitingBytes + bytes.length > MOST_WAITING) {
      this.dropped += bytes.length;
      return;
    }
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingBytes += bytes.length;
    this.#pump();
  }

  /** Writes what waits, and closes. Idempotent. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#pump();
  }

  #pump(): void {
    if (this.#writing) return;
    if (this.#waiting.length === 0) {
      if (this.#closing) closeSync(this.#fd);
      return;
    }
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#writing = true;
    this.#put(bytes, 0);
  }

  /** A write may take a part only. */
  #put(bytes: Buffer, from: number): void {
    write(this.#fd, bytes, from, bytes.length - from, null, (error, took) => {
      if (!error && from + took < bytes.length) return this.#put(bytes, from + took);
      if (error) {
        this.dropped += bytes.length - from;
        this.#failed(error);
      }
      this.#waitingBytes -= bytes.length;
      this.#writing = false;
      this.#pump();
    });
  }
}
