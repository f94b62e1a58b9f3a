// Owns: writing what comes through a pipe to everybody else who gets it: files, descriptors, Node streams. The slowest sets the pace.
// Never: reads; decides what a copy that fails means for the job.
import {close, write} from 'node:fs';
import type {StreamCopy} from './stream_copy.js';

/** One who gets a copy. `name` is for sentences. A descriptor that is `owned` is closed with the copies. */
export type CopyTo =
  | {readonly name: string; readonly fd: number; readonly owned: boolean}
  | {readonly name: string; readonly stream: StreamCopy};

/** A copy could not be written; `cause` is the error of the file or stream. */
export class CopyFailed extends Error {
  override readonly name = 'CopyFailed';

  constructor(target: string, cause: unknown) {
    super(`${target} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {cause});
  }
}

/** ms until a descriptor that takes nothing now is asked again: nobody tells when somebody else's is ready. */
const FULL_MS = 5;

export class Copies {
  #targets: CopyTo[];
  #failed: (error: CopyFailed) => void;
  /** Those that are being written to: they close themselves when that is through. */
  #writing = new Set<CopyTo>();
  #giveUp = () => {};
  /** Nobody is waited for longer than so many ms. */
  #limit: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `failed` is called for a target that takes no more; the others go on. */
  constructor(targets: readonly CopyTo[], failed: (error: CopyFailed) => void) {
    this.#targets = [...targets];
    this.#failed = failed;
  }

  /** Resolves once everybody has taken all of it, or after close(). Not to be called again before; `bytes` must not change until then. Never rejects. */
  write(bytes: Uint8Array): Promise<unknown> {
    const closed = new Promise<void>((resolve) => {
      this.#giveUp = resolve;
    });
    this.#startTimer();
    const written = Promise.all(this.#targets.map((target) => this.#writeTo(target, bytes)));
    return Promise.race([written, closed]).finally(() => clearTimeout(this.#timer));
  }

  /** From now on a write, the one that waits now included, is given up after `ms`, and with it all that would follow. */
  limit(ms: number): void {
    this.#limit = ms;
    if (this.#writing.size > 0) this.#startTimer();
  }

  #startTimer(): void {
    if (this.#limit !== undefined) this.#timer = setTimeout(() => this.close(), this.#limit).unref();
  }

  /** Nobody gets anything any more, and nobody is waited for. What is owned is closed once what was written is through. Idempotent. */
  close(): void {
    this.#giveUp();
    for (const target of this.#targets.splice(0)) if (!this.#writing.has(target)) drop(target);
  }

  async #writeTo(target: CopyTo, bytes: Uint8Array): Promise<void> {
    this.#writing.add(target);
    try {
      await ('fd' in target ? writeAll(target.fd, bytes, () => this.#targets.includes(target)) : target.stream.write(bytes));
    } catch (error) {
      const at = this.#targets.indexOf(target);
      if (at >= 0) {
        this.#targets.splice(at, 1);
        this.#failed(new CopyFailed(target.name, error));
      }
    }
    this.#writing.delete(target);
    // Closed meanwhile, or failed just now.
    if (!this.#targets.includes(target)) drop(target);
  }
}

/** Lets go of one to whom nothing is being written. */
function drop(target: CopyTo): void {
  if ('stream' in target) target.stream.close();
  else if (target.owned) close(target.fd, () => {});
}

/**
 * Writes all of `bytes` at the descriptor's own place, in the thread pool: a slow disk holds up nobody else. Ends early once `goesOn` says
 * so: a descriptor that is not ours may be closed then, and its number somebody else's.
 */
export async function writeAll(fd: number, bytes: Uint8Array, goesOn: () => boolean = () => true): Promise<void> {
  for (let at = 0; at < bytes.length && goesOn(); ) {
    const put = await new Promise<number>((resolve, reject) => {
      write(fd, bytes, at, bytes.length - at, null, (error, count) => {
        if (!error) resolve(count);
        else if (error.code === 'EAGAIN') resolve(-1);
        else reject(error);
      });
    });
    if (put < 0) await new Promise((resolve) => setTimeout(resolve, FULL_MS));
    else at += put;
  }
}
