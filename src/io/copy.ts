// Owns: writing what comes through a pipe to everybody else who gets it: files, descriptors, Node streams. The slowest sets the pace.
// Never: reads; decides what a copy that fails means for the job.
import {close, write} from 'node:fs';

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
    return Promise.race([Promise.all(this.#targets.map((target) => this.#writeTo(target, bytes))), closed]);
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

/** Who hears how a stream fails: one listener for all, as many jobs may write to the same one. */
class Ear {
  static readonly #ears = new WeakMap<NodeJS.WritableStream, Ear>();
  readonly #stream: NodeJS.WritableStream;
  readonly #told = new Set<(error: unknown) => void>();
  readonly #tell = (error: unknown) => {
    for (const failed of [...this.#told]) failed(error);
  };
  /** One that closes before it has called back never will. */
  readonly #closed = () => this.#tell(new Error('it was closed'));

  private constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
  }

  static of(stream: NodeJS.WritableStream): Ear {
    const ear = Ear.#ears.get(stream) ?? new Ear(stream);
    Ear.#ears.set(stream, ear);
    return ear;
  }

  add(failed: (error: unknown) => void): void {
    if (this.#told.size === 0) this.#stream.on('error', this.#tell).on('close', this.#closed);
    this.#told.add(failed);
  }

  delete(failed: (error: unknown) => void): void {
    if (this.#told.delete(failed) && this.#told.size === 0)
      this.#stream.removeListener('error', this.#tell).removeListener('close', this.#closed);
  }
}

/** A stream that gets copies. Its 'error' is heard from the beginning to close(): without a listener it would end the host. */
export class StreamCopy {
  readonly #stream: NodeJS.WritableStream;
  #failure: {readonly error: unknown} | undefined;
  #reject: (error: unknown) => void = () => {};
  readonly #failed = (error: unknown) => {
    this.#failure ??= {error};
    this.#reject(error);
  };

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    Ear.of(stream).add(this.#failed);
  }

  /** Resolves when the stream calls back, which it does when it has passed the bytes on: its own backpressure. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure.error);
      this.#reject = reject;
      this.#stream.write(bytes, (error?: Error | null) => (error ? reject(error) : resolve()));
    });
  }

  /** A stream tells a failure twice, the second time as an event in a later turn. */
  close(): void {
    setImmediate(() => Ear.of(this.#stream).delete(this.#failed));
  }
}
