// Owns: looking for a pattern in bytes as they come, and where exactly in the bytes a match in the text ends.
// Never: reads; forgets a byte.
import {StringDecoder} from 'node:string_decoder';

/** What was found, in the text of everything unread so far. */
export interface Found {
  readonly match: string | RegExpExecArray;
  /** The text in front of it. */
  readonly before: string;
  /** How many bytes both take. */
  readonly length: number;
}

/** One search through a growing text. */
export class Search {
  #pattern: string | RegExp;
  #decoder = new StringDecoder('utf8');
  #text = '';

  /** A RegExp's flags `g` and `y` mean nothing here: a search begins at the beginning and finds one match. */
  constructor(pattern: string | RegExp) {
    this.#pattern = typeof pattern === 'string' ? pattern : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  }

  /** The text so far: for a sentence about what did not come. */
  get text(): string {
    return this.#text;
  }

  /** `chunk` is new at the end of `all()`. */
  push(chunk: Uint8Array, all: () => Uint8Array): Found | undefined {
    const from = this.#text.length;
    this.#text += this.#decoder.write(chunk as Buffer);
    const found = this.#find(from);
    if (!found) return undefined;
    const {match, start, end} = found;
    return {match, before: this.#text.slice(0, start), length: bytesOf(this.#text, end, all())};
  }

  #find(from: number): {match: string | RegExpExecArray; start: number; end: number} | undefined {
    if (typeof this.#pattern === 'string') {
      const start = this.#text.indexOf(this.#pattern, Math.max(0, from - this.#pattern.length + 1));
      return start < 0 ? undefined : {match: this.#pattern, start, end: start + this.#pattern.length};
    }
    const match = this.#pattern.exec(this.#text);
    return match ? {match, start: match.index, end: match.index + match[0].length} : undefined;
  }
}

/** How many bytes of `all` its first `end` characters take; half of one (of a pair of surrogates) takes the whole. */
function bytesOf(text: string, end: number, all: Uint8Array): number {
  const whole = isHigh(text.charCodeAt(end - 1)) && end < text.length ? end + 1 : end;
  const valid = Buffer.byteLength(text);
  // Fewer bytes at the end may still wait in the decoder.
  if (valid <= all.length && all.length - valid < 4 && isSame(text, all)) return Buffer.byteLength(text.slice(0, whole));
  return bytesOfInvalid(whole, all);
}

/**
 * Bytes that are no UTF-8 have become U+FFFD, which has another length: the longest beginning that is so many characters. One less than the
 * shortest that is more, since a decoder may see only by the next byte that a character will not be ended.
 */
function bytesOfInvalid(characters: number, all: Uint8Array): number {
  let low = 0;
  let high = all.length + 1;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if (Buffer.from(all.buffer, all.byteOffset, middle).toString().length > characters) high = middle;
    else low = middle;
  }
  return low;
}

const isHigh = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

function isSame(text: string, all: Uint8Array): boolean {
  const bytes = Buffer.from(text);
  return bytes.equals(all.subarray(0, bytes.length));
}
