// Owns: an input of any kind, written into a child's stdin piece by piece, and the source's end when the child stops reading.
// Never: reads ahead of what the child takes; decides what a failing source means.
import {Readable} from 'node:stream';
import {type Input, type InputChunk, inputKind} from '../words/input.js';
import type {Sink} from './writable.js';

/** How feeding ended. A child that stopped reading is no error: `complete` is false. */
export interface Fed {
  /** The child's pipe took all of it. */
  readonly complete: boolean;
  /** Present only when the source failed: what it threw, which may be undefined too. */
  readonly error?: unknown;
}

type Piece = {readonly done?: boolean | undefined; readonly value?: unknown};

/** The sink was closed while a source was asked. */
const CLOSED = Symbol('closed');

/** A source as feeding sees it. */
interface Pieces {
  next(): Promise<Piece>;
  /** Nobody wants more. Not waited for: a source may be stuck in next(). */
  stop(): unknown;
}

/** Node streams that are ours, and what they have failed with. */
const held = new WeakMap<object, {failure?: {readonly error: unknown}}>();

/**
 * From here on `input` is ours. A Node stream may fail while its child is being started: that is kept for feed(), as an 'error' that nobody
 * listens to would end the host. Idempotent.
 */
export function hold(input: Input | undefined): void {
  if (typeof input !== 'object' || !('on' in input && typeof input.on === 'function') || held.has(input)) return;
  const it: {failure?: {readonly error: unknown}} = {};
  held.set(input, it);
  input.on('error', (error: unknown) => {
    it.failure ??= {error};
  });
}

const dropped = new WeakSet<object>();

/** Closes an input that nobody will feed. Idempotent. */
export function drop(input: Input | undefined): void {
  if (typeof input !== 'object' || dropped.has(input)) return;
  dropped.add(input);
  switch (inputKind(input)) {
    case 'web':
      return quietly(() => ofWeb(input as Parameters<typeof ofWeb>[0]).stop());
    case 'node':
    case 'async':
    case 'sync': {
      // An iterator may hold something; what only gives iterators has given none.
      const it = input as {destroy?: () => unknown; return?: () => unknown};
      return quietly(() => (it.destroy ? it.destroy() : it.return?.()));
    }
  }
}

/**
 * Writes all of `input` and then ends the sink. When the child stops reading the source is closed: return(), destroy() or cancel(). When
 * the source fails the sink stays open: an end would make half an input look whole, so the caller stops the job. Never rejects.
 */
export async function feed(sink: Sink, input: Input): Promise<Fed> {
  const failure = typeof input === 'object' ? held.get(input)?.failure : undefined;
  if (failure) {
    drop(input);
    return {complete: false, error: failure.error};
  }
  let pieces: Pieces | undefined;
  try {
    const kind = inputKind(input);
    let complete: boolean;
    if (kind === 'text' || kind === 'bytes') complete = await sink.write(input as InputChunk);
    else {
      pieces = piecesOf(input);
      complete = await pump(sink, pieces);
    }
    sink.end();
    return {complete};
  } catch (error) {
    quietly(() => pieces?.stop());
    return {complete: false, error};
  }
}

/** Whether all of it was taken. */
async function pump(sink: Sink, pieces: Pieces): Promise<boolean> {
  let isClosed = false;
  let wake = () => {};
  sink.whenClosed(() => {
    isClosed = true;
    wake();
  });
  // One promise per piece. A race against a promise that lives as long as the job would keep every piece's reaction alive.
  const next = () =>
    new Promise<Piece | typeof CLOSED>((resolve, reject) => {
      wake = () => resolve(CLOSED);
      pieces.next().then(resolve, reject);
    });
  while (!isClosed) {
    const piece = await next();
    if (piece === CLOSED) break;
    if (piece.done) return true;
    if (!isClosed && !(await sink.write(piece.value as InputChunk))) break;
  }
  quietly(() => pieces.stop());
  return false;
}

/** What a source says to being stopped is of no interest: nobody reads it any more. */
function quietly(stop: () => unknown): void {
  try {
    Promise.resolve(stop()).catch(() => {});
  } catch {
    // As above.
  }
}

function piecesOf(input: Input): Pieces {
  switch (inputKind(input)) {
    case 'web':
      return ofWeb(input as Parameters<typeof ofWeb>[0]);
    case 'blob':
      return ofWeb((input as Blob).stream());
    case 'async':
      return ofIterator((input as AsyncIterable<unknown>)[Symbol.asyncIterator](), input);
    case 'sync':
      return ofIterator((input as Iterable<unknown>)[Symbol.iterator](), undefined);
    case 'node': {
      const wrapped = new Readable().wrap(input as NodeJS.ReadableStream);
      return ofIterator(wrapped[Symbol.asyncIterator](), wrapped);
    }
    default:
      throw new TypeError('this is no input');
  }
}

function ofWeb(stream: {getReader(): {read(): Promise<{done: boolean; value?: unknown}>; cancel(): Promise<void>}}): Pieces {
  const reader = stream.getReader();
  return {next: () => reader.read(), stop: () => reader.cancel()};
}

/** A Node stream is destroyed: return() of its iterator would wait for a piece that may never come. */
function ofIterator(iterator: AsyncIterator<unknown> | Iterator<unknown>, stream: unknown): Pieces {
  const {destroy} = (stream ?? {}) as {destroy?: unknown};
  return {
    next: async () => {
      const piece: unknown = await iterator.next();
      // As `for await` has it; nothing else would ever end it.
      if (typeof piece !== 'object' || piece === null) throw new TypeError(`its iterator gave ${String(piece)} for { value, done }`);
      return piece;
    },
    stop: () => (typeof destroy === 'function' ? destroy.call(stream) : iterator.return?.()),
  };
}
