// Owns: a Node stream that gets copies of an output: writing to it, and hearing how it fails for as long as it gets any.
// Never: ends the stream, which is its owner's; decides what a failure means for the job.

/** Who hears how a stream fails: one listener for all, as many jobs may write to the same one. */
class FailureWatch {
  static readonly #watches = new WeakMap<NodeJS.WritableStream, FailureWatch>();
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

  static of(stream: NodeJS.WritableStream): FailureWatch {
    const watch = FailureWatch.#watches.get(stream) ?? new FailureWatch(stream);
    FailureWatch.#watches.set(stream, watch);
    return watch;
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
    FailureWatch.of(stream).add(this.#failed);
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
    setImmediate(() => FailureWatch.of(this.#stream).delete(this.#failed));
  }
}
