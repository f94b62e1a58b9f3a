// Owns: what is kept of a stream, as bytes or text, with the gap marked and cut on character borders.
// Never: reading.
import type {Collector} from '../native.js';

/** What was kept of one stream. `dropped` bytes are missing between head and tail. */
export interface Kept {
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly dropped: number;
}

/** What the collector keeps now; it keeps it further. */
export function peekKept(collector: Collector): Kept {
  const {head, tail} = collector.peek();
  return {head, tail, dropped: collector.bytes - head.length - tail.length};
}

/** Takes what the collector keeps out of it. */
export function takeKept(collector: Collector): Kept {
  const {bytes} = collector;
  const {head, tail} = collector.take();
  return {head, tail, dropped: bytes - head.length - tail.length};
}

/** All that is kept, in one piece, without a mark. */
export function keptBytes({head, tail}: Kept): Buffer {
  return tail.length === 0 ? head : Buffer.concat([head, tail]);
}

/** As text. Where something was dropped the cut characters on both sides of the gap go too, and the gap says how much is missing. */
export function keptText({head, tail, dropped}: Kept, encoding: BufferEncoding): string {
  if (dropped === 0) return keptBytes({head, tail, dropped}).toString(encoding);
  const utf8 = encoding === 'utf8' || encoding === 'utf-8';
  const before = utf8 ? head.subarray(0, head.length - cutEnd(head)) : head;
  const after = utf8 ? tail.subarray(cutStart(tail)) : tail;
  if (after.length === 0) return before.toString(encoding);
  const missing = dropped + (head.length - before.length) + (tail.length - after.length);
  return `${before.toString(encoding)}\n[... ${missing} bytes not kept ...]\n${after.toString(encoding)}`;
}

/** Bytes at the end that begin a UTF-8 character without ending it (RFC 3629). */
function cutEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/** Bytes at the start that continue a character whose beginning is gone. */
function cutStart(bytes: Buffer): number {
  let at = 0;
  while (at < Math.min(3, bytes.length) && ((bytes[at] as number) & 0xc0) === 0x80) at++;
  return at;
}
