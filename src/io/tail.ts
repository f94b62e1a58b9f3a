// Owns: the last bytes of a program's two outputs, and from them its last lines in the order of their arrival.
// Never: reads; grows beyond what it was made for.
import {LineSplitter} from './lines.js';

type Name = 'stdout' | 'stderr';

/** The last `size` bytes of one stream. Memory is taken at the first byte. */
export class Ring {
  readonly #size: number;
  #block: Buffer | undefined;
  /** Where the next byte goes. */
  #at = 0;
  /** Bytes that came in all. */
  bytes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#block ??= Buffer.allocUnsafeSlow(this.#size);
    const last = chunk.length > this.#size ? chunk.subarray(chunk.length - this.#size) : chunk;
    const room = this.#size - this.#at;
    this.#block.set(last.length > room ? last.subarray(0, room) : last, this.#at);
    if (last.length > room) this.#block.set(last.subarray(room), 0);
    this.#at = (this.#at + last.length) % this.#size;
  }

  /** How many bytes are kept. */
  get kept(): number {
    return Math.min(this.bytes, this.#size);
  }

  /** A copy of what is kept, oldest first. */
  peek(): Buffer {
    if (this.#block === undefined) return Buffer.alloc(0);
    if (this.bytes <= this.#size) return Buffer.from(this.#block.subarray(0, this.bytes));
    return Buffer.concat([this.#block.subarray(this.#at), this.#block.subarray(0, this.#at)]);
  }
}

/** So many pieces in a row from one stream and the other are remembered; older ones only as what each stream said. */
const MOST_RUNS = 4_096;

export class Tail {
  readonly #rings: Readonly<Record<Name, Ring>>;
  readonly #encoding: BufferEncoding;
  /** Who wrote how much, oldest first; neighbours differ. */
  #runs: {readonly stream: Name; bytes: number}[] = [];

  constructor(size: number, encoding: BufferEncoding) {
    this.#rings = {stdout: new Ring(size), stderr: new Ring(size)};
    this.#encoding = encoding;
  }

  push(stream: Name, chunk: Uint8Array): void {
    this.#rings[stream].push(chunk);
    const last = this.#runs.at(-1);
    if (last?.stream === stream) last.bytes += chunk.length;
    else this.#runs.push({stream, bytes: chunk.length});
    if (this.#runs.length > MOST_RUNS) this.#runs = this.#runs.slice(MOST_RUNS / 2);
  }

  /** What is kept of one stream, as text. */
  text(stream: Name): string {
    return this.#rings[stream].peek().toString(this.#encoding);
  }

  /** What is kept of a line that has no end yet. */
  open(stream: Name): Buffer {
    const bytes = this.#rings[stream].peek();
    return bytes.subarray(bytes.lastIndexOf(0x0a) + 1);
  }

  /** The last `most` lines, of both streams or of one. A line whose beginning is not kept is left out, unless there is no other. */
  lines(most: number, only?: Name): string[] {
    const streams = (only === undefined ? ['stdout', 'stderr'] : [only]) as Name[];
    const readers = new Map(streams.map((stream) => [stream, new Reader(this.#rings[stream], this.#encoding)]));
    const lines: string[] = [];
    // What came before the runs that are remembered has no order between the streams.
    for (const [stream, reader] of readers) lines.push(...reader.take(reader.left - this.#remembered(stream)));
    // Of the oldest runs some bytes may be gone.
    const gone = new Map(streams.map((stream) => [stream, this.#remembered(stream) - (readers.get(stream) as Reader).left]));
    for (const {stream, bytes} of this.#runs) {
      const reader = readers.get(stream);
      if (reader === undefined) continue;
      const missing = Math.min(bytes, Math.max(0, gone.get(stream) as number));
      gone.set(stream, (gone.get(stream) as number) - missing);
      lines.push(...reader.take(bytes - missing));
    }
    for (const reader of readers.values()) lines.push(...reader.end());
    return most <= 0 ? [] : lines.slice(-most);
  }

  #remembered(stream: Name): number {
    return this.#runs.reduce((sum, run) => sum + (run.stream === stream ? run.bytes : 0), 0);
  }
}

/** Reads what a ring keeps, piece by piece, as whole lines. */
class Reader {
  readonly #bytes: Buffer;
  readonly #splitter: LineSplitter;
  #at = 0;

  constructor(ring: Ring, encoding: BufferEncoding) {
    const bytes = ring.peek();
    // The first line is cut where something is gone; what cannot be told from the middle of a character goes with it.
    const cut = ring.bytes > bytes.length ? bytes.indexOf(0x0a) + 1 : 0;
    this.#bytes = bytes.subarray(cut === bytes.length ? 0 : cut);
    this.#splitter = new LineSplitter(encoding);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(bytes: number): string[] {
    if (bytes <= 0) return [];
    const piece = this.#bytes.subarray(this.#at, this.#at + bytes);
    this.#at += piece.length;
    return this.#splitter.push(piece);
  }

  end(): string[] {
    return [...this.take(this.left), ...this.#splitter.end()];
  }
}
