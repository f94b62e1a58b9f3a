// Owns: an output that is pulled, seen as a Node stream or as a web stream.
// Never: pulls before somebody asks.
import {Readable} from 'node:stream';
import type {ReadableStream as WebStream} from 'node:stream/web';

/** What a face needs of the output behind it. All of it may throw or reject, ERR_STREAM_CLAIMED among others. */
export interface Pulled {
  /** The next bytes, null at the end: themselves, if they are there already. */
  pull(): Buffer | null | Promise<Buffer | null>;
  /** The same into `target`: how many, 0 at the end. */
  pullInto(target: Uint8Array): Promise<number>;
  /** Nobody wants more. May be called after the end, and more than once. A promise, which never rejects: until what it ends is gone. */
  leave(): Promise<void> | void;
}

/** What a stream holds at the most beside one chunk. */
const HIGH_WATER = 65_536;

/** `claim` is called at the first read or listener, and throws when another consumer has the output. */
export class PulledReadable extends Readable {
  #pulled: Pulled;
  #claim: () => void;

  constructor(pulled: Pulled, claim: () => void) {
    super({highWaterMark: HIGH_WATER});
    this.#pulled = pulled;
    this.#claim = claim;
  }

  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    if (event === 'data' || event === 'readable') this.#claim();
    return super.on(event, listener as (...args: unknown[]) => void);
  }

  override addListener(event: string | symbol, listener: (...args: never[]) => void): this {
    return this.on(event, listener);
  }

  override _read(): void {
    try {
      this.#claim();
      const chunk = this.#pulled.pull();
      if (chunk instanceof Promise)
        chunk.then(
          (late) => this.push(late),
          (error) => this.destroy(error as Error),
        );
      else this.push(chunk);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const left = isOurs(this.#claim) ? this.#pulled.leave() : undefined;
    if (left instanceof Promise) void left.then(() => callback(error));
    else callback(error);
  }
}

/** A byte stream: a BYOB reader's own memory is read into. It pulls nothing ahead of its reader. */
export function pulledReadableStream(pulled: Pulled, claim: () => void): WebStream<Uint8Array> {
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        claim();
        const request = controller.byobRequest;
        const view = request?.view as Uint8Array | null | undefined;
        if (request && view) {
          const length = await pulled.pullInto(view);
          if (length === 0) controller.close();
          request.respond(length);
          return;
        }
        const chunk = await pulled.pull();
        if (chunk === null) controller.close();
        else controller.enqueue(ofItsOwn(chunk));
      },
      async cancel() {
        if (isOurs(claim)) await pulled.leave();
      },
    },
    {highWaterMark: 0},
  ) as WebStream<Uint8Array>;
}

/** Claims it if nobody has. false: somebody else reads it, and whoever was refused must not end it for him. */
function isOurs(claim: () => void): boolean {
  try {
    claim();
    return true;
  } catch {
    return false;
  }
}

/** A byte stream takes the memory of what it is given away from everybody else: it must be the chunk's own. */
function ofItsOwn(chunk: Buffer): Uint8Array {
  if (chunk.buffer.byteLength === chunk.byteLength) return new Uint8Array(chunk.buffer);
  return new Uint8Array(chunk);
}
