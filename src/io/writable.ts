// Owns: the writing side of one pipe: promises that say whether the child took it, or a Node stream.
// Never: an error because the child no longer reads: that is an answer.
import {Writable} from 'node:stream';
import {types} from 'node:util';
import type {Addon, Writer} from '../native.js';
import {misuse} from '../words/errors.js';
import type {InputChunk} from '../words/input.js';
import type {Terminal} from './terminal.js';
import {Turn} from './turn.js';

interface Piece {
  readonly bytes: Uint8Array;
  offset: number;
  readonly settle: (taken: boolean) => void;
}

const NOTHING = new Uint8Array();

export class Sink {
  #addon: Addon;
  #fd: number;
  /** Made at the first write: most pipes are never written to. */
  #writer: Writer | undefined;
  #referenced = true;
  #pieces: Piece[] = [];
  #turn = new Turn();
  /** Something will call #pump(): the descriptor, or the next turn of the loop. */
  #parked = false;
  #ended = false;
  #closed = false;
  #terminal: Terminal | undefined;
  #stream: SinkStream | undefined;
  #onClosed: (() => void)[] = [];

  /** Takes over `fd`. `terminal`, if it is one: its end is typed, since it cannot be closed. */
  constructor(addon: Addon, fd: number, terminal?: Terminal) {
    this.#addon = addon;
    this.#fd = fd;
    this.#terminal = terminal;
  }

  /** Bytes that the kernel took so far. */
  get bytes(): number {
    return this.#writer?.bytes ?? 0;
  }

  /** Writes so far that moved bytes. */
  get count(): number {
    return this.#writer?.count ?? 0;
  }

  /**
   * true once the kernel took all of it, false once the child no longer reads. Calls are done in their order. The bytes must not be changed
   * until then. Rejects with ERR_STDIN_CLOSED after end().
   */
  write(data: InputChunk): Promise<boolean> {
    if (this.ended) return Promise.reject(afterEnd());
    const stream = this.#stream;
    if (!stream || stream.writableLength === 0) return this.put(data);
    return new Promise((resolve) => {
      stream.write(bytesOf(data), (error: unknown) => resolve(!error && (this.#ended || !this.#closed))); // behind what it still holds
    });
  }

  /** For the stream itself: write() when it is its turn. */
  put(data: InputChunk): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((settle) => {
      this.#pieces.push({bytes: bytesOf(data), offset: 0, settle});
      this.#pump();
    });
  }

  /** The end of the child's input, after all that was written before, what the stream still holds included. Idempotent. */
  end(): void {
    if (this.#stream && !this.#stream.destroyed) this.#stream.finish();
    else this.finish();
  }

  /** For the stream itself: end() when it holds nothing any more. */
  finish(): void {
    this.#ended = true;
    this.#pump();
  }

  /** end() was called, or that of the stream. */
  get ended(): boolean {
    return this.#ended || this.#stream?.writableEnded === true;
  }

  /** The one Node stream of this pipe. It never emits 'error' for a child that stopped reading: it emits 'close'. */
  toWritable(): Writable {
    if (!this.#stream) {
      const stream = new SinkStream(this);
      this.#stream = stream;
      this.whenClosed(() => stream.leave());
    }
    return this.#stream;
  }

  /** Called once no more can be written: after end(), after close(), or because the child no longer reads. */
  whenClosed(callback: () => void): void {
    if (this.#closed) callback();
    else this.#onClosed.push(callback);
  }

  /** Closes now; writes that wait resolve to false. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#writer) this.#writer.close();
    else this.#addon.close(this.#fd);
    for (const piece of this.#pieces.splice(0)) piece.settle(false);
    for (const callback of this.#onClosed.splice(0)) callback();
  }

  ref(): void {
    this.#referenced = true;
    this.#writer?.ref();
  }

  unref(): void {
    this.#referenced = false;
    this.#writer?.unref();
  }

  #write(bytes: Uint8Array, offset: number): number {
    if (!this.#writer) {
      this.#writer = new this.#addon.Writer(this.#fd, () => this.#resume());
      if (!this.#referenced) this.#writer.unref();
    }
    return this.#writer.write(bytes, offset);
  }

  #resume(): void {
    this.#turn.renew();
    this.#parked = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#parked && !this.#closed && this.#pieces.length > 0) {
      if (this.#turn.isOver(() => this.#resume())) {
        this.#parked = true;
        return;
      }
      const [piece] = this.#pieces as [Piece];
      const took = this.#write(piece.bytes, piece.offset);
      // EPIPE in the ordinary case; whatever else it is, nothing can be written any more.
      if (took < 0) {
        this.close();
        return;
      }
      this.#turn.spend(took);
      piece.offset += took;
      if (piece.offset < piece.bytes.length) {
        this.#parked = true;
        return;
      }
      this.#pieces.shift();
      this.#terminal?.typed(piece.bytes);
      piece.settle(true);
    }
    if (!this.#ended || this.#closed || this.#pieces.length > 0) return;
    const last = this.#terminal?.endOfInput() ?? NOTHING;
    this.#terminal = undefined;
    if (last.length === 0) return this.close();
    this.#pieces.push({bytes: last, offset: 0, settle: () => {}});
    this.#pump();
  }
}

/** The bytes of a chunk: the caller's own memory, or the UTF-8 of a string. */
export function bytesOf(data: unknown): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (types.isAnyArrayBuffer(data)) return new Uint8Array(data);
  throw new TypeError(`only strings and bytes can be written, not ${data === null ? 'null' : typeof data}`);
}

function afterEnd(): Error {
  return misuse('ERR_STDIN_CLOSED', 'stdin was closed before this write; write first, then closeStdin()');
}

class SinkStream extends Writable {
  #sink: Sink;
  #isFinishing = false;

  constructor(sink: Sink) {
    super();
    this.#sink = sink;
  }

  /** No more can be written. An end that the user asked for is 'finish'; else it is 'close', which stops whoever pipes into it. */
  leave(): void {
    if (!this.writableEnded) this.destroy();
  }

  /** Ends it by the owner's wish, not the stream's user's: what is written afterwards is no 'error', as it is none once this is closed. */
  finish(): void {
    this.#isFinishing = true;
    while (this.writableCorked > 0) this.uncork();
    if (!this.writableEnded) this.end();
  }

  override write(...args: unknown[]): boolean {
    if (!this.#isFinishing) return super.write(...(args as Parameters<Writable['write']>));
    const callback = args.at(-1);
    if (typeof callback === 'function') process.nextTick(callback, afterEnd());
    return false;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    void this.#sink.put(chunk).then(() => callback());
  }

  override _writev(chunks: {chunk: Buffer}[], callback: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({chunk}) => chunk)), 'utf8', callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#sink.finish();
    this.#sink.whenClosed(callback);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#sink.close();
    callback(error);
  }
}
