// Owns: what becomes of a daemon's output: its last bytes kept, its lines handed to whoever wants them.
// Never: splits into lines what nobody wants as lines; lets a listener's error out.
import {stripVTControlCharacters} from 'node:util';
import {LineSplitter} from '../io/lines.js';
import {Tail} from '../io/tail.js';
import type {LineMatch, OutputName} from '../words/daemon.js';

/** Bytes kept of each stream. */
const KEPT = 64 * 1024;
/** A line of more characters without an end is handed out in parts. */
const LONGEST_LINE = 64 * 1024;
const NEWLINE = Buffer.from('\n');

type OnLine = (line: string, stream: OutputName) => void;

export class Output {
  readonly tail: Tail;
  /** What was written so far, by all its processes. */
  readonly bytes: Record<OutputName, number> = {stdout: 0, stderr: 0};
  readonly #encoding: BufferEncoding;
  /** Who wants lines. They must not throw. */
  readonly #ears = new Set<OnLine>();
  readonly #splitters = new Map<OutputName, LineSplitter>();
  /** The last byte of a stream was no line end. */
  readonly #open: Record<OutputName, boolean> = {stdout: false, stderr: false};

  constructor(encoding: BufferEncoding) {
    this.tail = new Tail(KEPT, encoding);
    this.#encoding = encoding;
  }

  /** Calls `ear` for every line from now on; what is returned ends that. */
  listen(ear: OnLine): () => void {
    this.#ears.add(ear);
    return () => {
      this.#ears.delete(ear);
      if (this.#ears.size === 0) this.#splitters.clear();
    };
  }

  /** The first line that matches, of those that are kept. */
  said(pattern: RegExp): LineMatch | undefined {
    for (const stream of ['stdout', 'stderr'] as const)
      for (const line of this.tail.lines(Number.MAX_SAFE_INTEGER, stream)) {
        const found = matched(line, stream, pattern);
        if (found) return found;
      }
    return undefined;
  }

  /** The first line from now on that matches. Pending for ever once `signal` is aborted. */
  heard(pattern: RegExp, signal: AbortSignal): Promise<LineMatch> {
    return new Promise((resolve) => {
      if (signal.aborted) return;
      const stop = this.listen((line, stream) => {
        const found = matched(line, stream, pattern);
        if (found === undefined) return;
        signal.removeEventListener('abort', stop);
        stop();
        resolve(found);
      });
      signal.addEventListener('abort', stop, {once: true});
    });
  }

  push(stream: OutputName, bytes: Uint8Array): void {
    this.bytes[stream] += bytes.length;
    if (this.#ears.size > 0) {
      const lines = this.#splitter(stream).push(bytes);
      this.tail.push(stream, bytes);
      this.#open[stream] = bytes.at(-1) !== 0x0a;
      for (const line of lines) this.#tell(line, stream);
      return;
    }
    this.tail.push(stream, bytes);
    this.#open[stream] = bytes.at(-1) !== 0x0a;
  }

  /** A process has ended: its last line, if it had no end, is one. */
  flush(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#open[stream]) {
        if (this.#ears.size > 0) for (const line of this.#splitter(stream).end()) this.#tell(line, stream);
        this.tail.push(stream, NEWLINE);
        this.#open[stream] = false;
      }
      this.#splitters.delete(stream);
    }
  }

  #tell(line: string, stream: OutputName): void {
    for (const ear of this.#ears) ear(line, stream);
  }

  /** One that begins in the middle of a line knows its beginning. */
  #splitter(stream: OutputName): LineSplitter {
    let splitter = this.#splitters.get(stream);
    if (splitter === undefined) {
      splitter = new LineSplitter(this.#encoding, LONGEST_LINE);
      this.#splitters.set(stream, splitter);
      if (this.#open[stream]) splitter.push(this.tail.open(stream));
    }
    return splitter;
  }
}

/** A line is matched as it is read: without colours. */
function matched(line: string, stream: OutputName, pattern: RegExp): LineMatch | undefined {
  const match = stripVTControlCharacters(line).match(pattern);
  return match === null ? undefined : {match, line, stream};
}
