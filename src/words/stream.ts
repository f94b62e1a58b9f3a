// Owns: the type of a stream, and of stream().
// Never: a stream.
import type {Readable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import type {Get, Known, Merge, None} from './options.js';
import type {CommandLine} from './quote.js';
import type {Result, StageResult, StderrOf} from './result.js';
import type {Fits, Runnable, StreamOptions} from './runnable.js';

/** Options of lines() and lineBatches(). */
export interface LineOptions {
  /**
   * Characters that a line may have, so that an output without line ends cannot fill the memory. A longer one stops the tree and rejects:
   * reason 'max-output', ERR_MAX_OUTPUT. Default: 67_108_864; Infinity: no limit.
   */
  readonly maxLineLength?: number | undefined;
}

/**
 * The output of a command as it comes. Lazy: the command starts at the first pull (or at start()), and what nobody asks for stays in its
 * pipe and keeps it waiting. It has one reader, in one shape, once; a second is refused ('misuse', ERR_STREAM_CLAIMED).
 *
 * At the end a reader gets the RunError that run() would reject with under the same options (`check` is true here), with the end of stderr
 * in its message. Leaving early (break, return, a throw in the loop's body, destroy(), cancel(), dispose) stops the tree, waits until it is
 * gone, and throws nothing.
 */
export interface Stream<T extends Buffer | string = Buffer | string, R = unknown> extends AsyncDisposable {
  /** What runs; of commands joined by pipe() the last. */
  readonly command: CommandLine;
  /** Its process id, once it runs. */
  readonly pid: number | undefined;
  /** Starts it without reading. Resolves once exec has succeeded; rejects as start() does. A stream that was started cannot be piped. */
  start(): Promise<this>;
  /** Chunks as they come: Buffers, or with a text `encoding` strings by one decoder, so that no character is torn. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
  /**
   * Lines without their ends (LF or CRLF); a last line without an end is one. utf8, or what `encoding` says.
   * @example for await (const line of stream(['tail', '-f', log]).lines()) if (done(line)) break;
   */
  lines(options?: LineOptions): AsyncIterableIterator<string>;
  /** The same, all lines of a chunk at once: several times as fast where lines are short. */
  lineBatches(options?: LineOptions): AsyncIterableIterator<string[]>;
  /** All of it as text. utf8, or what `encoding` says. */
  text(): Promise<string>;
  /** All of it. */
  bytes(): Promise<Buffer>;
  /** All of it, parsed. Rejects with a SyntaxError that names the command when it is no JSON. */
  json<J = unknown>(): Promise<J>;
  /** A Node stream. Destroying it stops the tree. */
  toReadable(): Readable;
  /** A web stream of bytes; a BYOB reader's own memory is read into. Cancelling it stops the tree. */
  toReadableStream(): ReadableStream<Uint8Array>;
  /**
   * Joins the next command: its stdin is this one's stdout, by a pipe of the kernel, so no byte comes through Node (unless this one's
   * `stdout` is a list, or it has an `idleTimeout`). What is read then is the output of the last. A command whose reader has ended is
   * stopped, and that, or its death by SIGPIPE, counts as success.
   * @example const top = await stream(['cat', log]).pipe(['sort']).pipe(['uniq', '-c']).text();
   */
  pipe<C = None>(command: Runnable<C> & Fits<C, StreamOptions>, options?: undefined): Stream<Chunk<C>, PipedResult<C>>;
  pipe<const O extends StreamOptions, C = None>(
    command: Runnable<C> & Fits<C, StreamOptions>,
    options: Known<O, StreamOptions> | undefined,
  ): Stream<Chunk<Merge<C, O>>, PipedResult<Merge<C, O>>>;
  /**
   * What became of it, once its output was read to the end or given up: as run() resolves, without stdout. Rejects as its reader does, but
   * not when the reader left early. When nobody reads by the next turn of the event loop, it starts the command and throws the output away.
   */
  readonly result: Promise<R>;
  /** As leaving early. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What iterating gives. */
export type Chunk<O> = Get<O, 'encoding', 'buffer'> extends infer E ? (E extends 'buffer' ? Buffer : string) : never;

/** What `result` of a stream resolves to: stderr is text in any case. */
export type StreamResult<O = None> = Result<{
  readonly check: false;
  readonly stdout: 'ignore';
  readonly stderr: StderrOf<O, 'consume'>;
  readonly input: Get<O, 'input', undefined>;
  readonly encoding: 'utf8';
}>;

/** The same for commands joined by pipe(). */
export type PipedResult<O = None> = StreamResult<O> & {
  /** Of each command, in their order. */
  readonly stages: readonly StageResult[];
};

/** The type of stream(). */
export interface OpenStream {
  <C = None>(command: Runnable<C> & Fits<C, StreamOptions>, options?: undefined): Stream<Chunk<C>, StreamResult<C>>;
  <const O extends StreamOptions, C = None>(
    command: Runnable<C> & Fits<C, StreamOptions>,
    options: Known<O, StreamOptions> | undefined,
  ): Stream<Chunk<Merge<C, O>>, StreamResult<Merge<C, O>>>;
}
