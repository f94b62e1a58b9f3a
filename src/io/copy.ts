// Owns: writing what comes through a pipe to everybody else who gets it: files, descriptors, Node streams. The slowest sets the pace.
// Never: reads; decides what a copy that fails means for the job.
import {close, write} from 'node:fs';

/** One who gets a copy. `name` is for sentences. A descriptor that is `owned` is closed with the copies. */
export type CopyTo =
  | {readonly name: string; readonly fd: number; readonly owned: boolean}
  | {readonly name: string; readonly stream: NodeJS.WritableStream};

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
  #last: Promise<unknown> = Promise.resolve();

  /** `failed` is called for a target that takes no more; the others go on. */
  constructor(targets: readonly CopyTo[], failed: (error: CopyFailed) => void) {
    this.#targets = [...targets];
    this.#failed = failed;
  }

  /** Resolves once everybody has taken all of it. Not to be called again before; `bytes` must not change until then. Never rejects. */
  write(bytes: Uint8Array): Promise<unknown> {
    this.#last = Promise.all(this.#targets.map((target) => this.#writeTo(target, bytes)));
    return this.#last;
  }

  /** Closes what is owned once what was written is through. Idempotent. */
  close(): void {
    const targets = this.#targets.splice(0);
    void this.#last.then(() => {
      for (const target of targets) drop(target);
    });
  }

  async #writeTo(target: CopyTo, bytes: Uint8Array): Promise<void> {
    try {
      await ('fd' in target ? writeAll(target.fd, bytes) : writeStream(target.stream, bytes));
    } catch (error) {
      const at = this.#targets.indexOf(target);
      if (at < 0) return; // it is being closed: what it says now is of no interest
      this.#targets.splice(at, 1);
      drop(target);
      this.#failed(new CopyFailed(target.name, error));
    }
  }
}

function drop(target: CopyTo): void {
  if ('fd' in target && target.owned) close(target.fd, () => {});
}

/** Writes all of `bytes` at the descriptor's own place, in the thread pool: a slow disk holds up nobody else. */
export async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
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

/** A stream calls back when it has passed the bytes on, which is its own backpressure. */
function writeStream(stream: NodeJS.WritableStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // One that closes before it has called back never will.
    const closed = () => reject(new Error('it was closed'));
    stream.once('close', closed);
    stream.write(bytes, (error?: Error | null) => {
      stream.removeListener('close', closed);
      if (error) reject(error);
      else resolve();
    });
  });
}
