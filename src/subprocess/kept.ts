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

/** Without the characters that the gap has cut: they count as dropped. */
export function wholeCharacters(kept: Kept, encoding: BufferEncoding): Kept {
  if (kept.dropped === 0) return kept;
  const {head, tail, dropped} = kept;
  const cuts = cutsOf(encoding);
  const before = head.subarray(0, head.length - cuts.end(head));
  const after = tail.subarray(Math.min(tail.length, cuts.start(tail, head.length + dropped)));
  return {head: before, tail: after, dropped: dropped + (head.length - before.length) + (tail.length - after.length)};
}

/** As text. Where something was dropped a line says how much is missing, unless it is the end that a limit has cut off. */
export function keptText(kept: Kept, encoding: BufferEncoding, isLimit = false): string {
  const {head, tail, dropped} = wholeCharacters(kept, encoding);
  if (dropped === 0) return keptBytes(kept).toString(encoding);
  if (isLimit) return head.toString(encoding);
  const before = head.toString(encoding);
  const after = tail.toString(encoding);
  const gap = `${before === '' || before.endsWith('\n') ? '' : '\n'}[... ${dropped} bytes not kept ...]${after === '' ? '' : '\n'}`;
  return before + gap + after;
}

interface Cuts {
  /** Bytes at the end that begin a character without ending it. */
  end(bytes: Buffer): number;
  /** Bytes at the start that continue one whose beginning is gone; `at` is where they stood in the stream. */
  start(bytes: Buffer, at: number): number;
}

function cutsOf(encoding: BufferEncoding): Cuts {
  switch (encoding) {
    case 'utf8':
    case 'utf-8':
      return UTF8;
    case 'utf16le':
    case 'utf-16le':
    case 'ucs2':
    case 'ucs-2':
      return UTF16;
    case 'base64':
    case 'base64url':
      return BASE64;
    default:
      return NONE; // one byte, one character (or two of hex)
  }
}

const NONE: Cuts = {end: () => 0, start: () => 0};

/** RFC 3629. */
const UTF8: Cuts = {
  end(bytes) {
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back] as number;
      if ((byte & 0xc0) === 0x80) continue;
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      return length > back ? back : 0;
    }
    return 0;
  },
  start(bytes) {
    let at = 0;
    while (at < Math.min(3, bytes.length) && ((bytes[at] as number) & 0xc0) === 0x80) at++;
    return at;
  },
};

/** Units of two bytes; a high surrogate (0xd8..0xdb) belongs to the low one (0xdc..0xdf) behind it. */
const UTF16: Cuts = {
  end(bytes) {
    const odd = bytes.length % 2;
    const high = bytes[bytes.length - odd - 1];
    return odd + (high !== undefined && (high & 0xfc) === 0xd8 ? 2 : 0);
  },
  start(bytes, at) {
    const odd = at % 2;
    const high = bytes[odd + 1];
    return odd + (high !== undefined && (high & 0xfc) === 0xdc ? 2 : 0);
  },
};

/** Three bytes, four characters. */
const BASE64: Cuts = {
  end: (bytes) => bytes.length % 3,
  start: (_bytes, at) => (3 - (at % 3)) % 3,
};
