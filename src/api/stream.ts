// Owns: stream(): the output of a command as it comes, in the shapes that people read it in.
// Never: when the command starts, stops, or fails (flow.ts).
import type {Readable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import {PulledReadable, pulledReadableStream} from '../io/faces.js';
import {misuse} from '../words/errors.js';
import {shown} from '../words/excerpt.js';
import type {CommandLine} from '../words/quote.js';
import type {FailedResult} from '../words/result.js';
import type {Runnable, StreamOptions} from '../words/runnable.js';
import type {Stream as Face, LineOptions, OpenStream} from '../words/stream.js';
import {Flow, type Guard} from './flow.js';
import {BatchLoop, ChunkLoop, LineLoop} from './loops.js';
import {textOf, tooMuchText} from './outcome.js';
import {joinedTo, specOf} from './stages.js';

class Stream {
  #flow: Flow;
  #guard: Guard | undefined;
  #readable: Readable | undefined;
  #web: ReadableStream<Uint8Array> | undefined;

  constructor(flow: Flow, guard: Guard | undefined) {
    this.#flow = flow;
    this.#guard = guard;
  }

  get command(): CommandLine {
    return this.#flow.last.command;
  }

  get pid(): number | undefined {
    return this.#flow.pid;
  }

  get result(): Promise<FailedResult> {
    return this.#flow.result;
  }

  start(): Promise<this> {
    const started = this.#flow.begin().then(() => this);
    started.catch(() => {}); // its reader is told, too
    return started;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer | string> {
    return new ChunkLoop(this.#flow);
  }

  lines(options: LineOptions = {}): AsyncIterableIterator<string> {
    return new LineLoop(new BatchLoop(this.#flow, options, 'by lines()'));
  }

  lineBatches(options: LineOptions = {}): AsyncIterableIterator<string[]> {
    return new BatchLoop(this.#flow, options, 'by lineBatches()');
  }

  async bytes(): Promise<Buffer> {
    return this.#all('by bytes()');
  }

  async text(): Promise<string> {
    return this.#text(await this.#all('by text()'));
  }

  async json<T = unknown>(): Promise<T> {
    const text = await this.#text(await this.#all('by json()'));
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new SyntaxError(`${this.command} did not write JSON, but ${shown(text)}: ${(cause as Error).message}`, {cause});
    }
  }

  toReadable(): Readable {
    if (this.#readable === undefined) {
      const readable: PulledReadable = new PulledReadable(this.#flow, () => this.#flow.claim('as a Node stream', readable));
      this.#readable = readable;
      const {encoding} = this.#flow;
      if (encoding !== 'buffer') readable.setEncoding(encoding);
    }
    return this.#readable;
  }

  toReadableStream(): ReadableStream<Uint8Array> {
    this.#web ??= pulledReadableStream(this.#flow, () => this.#flow.claim('as a web stream', this));
    return this.#web;
  }

  pipe(command: Runnable, options?: StreamOptions): Stream {
    const before = this.#flow;
    let isOurs = false;
    const whole = new Flow(() => {
      const {specs, last} = before;
      before.claim('by pipe()', {});
      isOurs = true;
      if (before.hasBegun) throw misuse('ERR_STREAM_CLAIMED', `${last.command} was started already; call pipe() before`, last.command);
      return joinedTo(specs, specOf('stream', command, this.#guard ? this.#guard.adopt(command, options) : options));
    }, this.#guard);
    if (isOurs && !before.hasBegun) before.follow(whole);
    return new Stream(whole, this.#guard);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#flow.leave();
  }

  async #all(how: string): Promise<Buffer> {
    this.#flow.claim(how, {});
    const chunks: Buffer[] = [];
    for (let chunk = await this.#flow.pull(); chunk; chunk = await this.#flow.pull()) chunks.push(chunk);
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  async #text(bytes: Buffer): Promise<string> {
    const {encoding, last} = this.#flow;
    const text = textOf(bytes, encoding === 'buffer' ? 'utf8' : encoding);
    if (text !== undefined) return text;
    throw tooMuchText(last.command, await this.#flow.result);
  }
}

/** For a scope, and for stream() itself, which nobody owns. */
export function openStream(command: Runnable, options: StreamOptions | undefined, guard?: Guard): Face {
  const flow = new Flow(() => [specOf('stream', command, guard ? guard.adopt(command, options) : options)], guard);
  return new Stream(flow, guard) as unknown as Face;
}

/**
 * The output of a command as it comes. Nothing is started before the first pull, and nothing is read that is not asked for. See Stream for
 * the shapes it can be read in, and for what ends it.
 *
 * Never throws: what is wrong is what its reader gets, as RunError: reason 'invalid', 'unsupported', 'spawn', and at the end 'exit',
 * 'signal' (unless `check: false`), 'timeout', 'idle', 'abort', 'max-output', 'input', 'output', 'lost', 'unkillable'.
 * @example
 * for await (const line of stream(['journalctl', '-f']).lines()) if (line.includes('ready')) break; // the break stops journalctl
 */
export const stream = function stream(command: Runnable, options?: StreamOptions): unknown {
  return openStream(command, options);
} as OpenStream;
