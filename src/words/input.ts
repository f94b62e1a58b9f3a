// Owns: what can be fed to a child, as a type and as a test of a value.
// Never: reading from a source or writing to a child.
import {types} from 'node:util';

/** One piece of input. */
export type InputChunk = string | NodeJS.ArrayBufferView | ArrayBufferLike;

/** What we need of a web stream, by shape: the DOM's and Node's own types do not fit each other. */
interface WebSource {
  getReader(): {read(): Promise<{done: boolean; value?: unknown}>; cancel(reason?: unknown): Promise<void>; releaseLock(): void};
}

/** What we need of a Blob or File, by shape. */
interface BlobSource {
  readonly size: number;
  readonly type: string;
  stream(): WebSource;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** Everything `input` takes. */
export type Input = InputChunk | BlobSource | NodeJS.ReadableStream | WebSource | Iterable<InputChunk> | AsyncIterable<InputChunk>;

/** 'text' and 'bytes' can be written as they are; the others are read piece by piece. */
export type InputKind = 'text' | 'bytes' | 'blob' | 'web' | 'async' | 'sync' | 'node';

/** What kind of input a value is, or undefined when it is none. */
export function inputKind(value: unknown): InputKind | undefined {
  if (typeof value === 'string') return 'text';
  if (typeof value !== 'object' || value === null) return undefined;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 'bytes';
  const has = value as Record<PropertyKey, unknown>;
  if (typeof has.getReader === 'function') return 'web';
  if (typeof has.stream === 'function' && typeof has.arrayBuffer === 'function') return 'blob';
  if (typeof has[Symbol.asyncIterator] === 'function') return 'async';
  if (typeof has[Symbol.iterator] === 'function') return 'sync';
  // Old streams that only know 'data' and 'end'.
  if (typeof has.pipe === 'function' && typeof has.on === 'function') return 'node';
  return undefined;
}
