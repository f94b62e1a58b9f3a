// Owns: where a line ends, in a whole text and in a stream of bytes.
// Never: reads.
import {isAscii} from 'node:buffer';
import {StringDecoder} from 'node:string_decoder';

const LF = 0x0a;
const CR = 0x0d;

/** The lines of a text without their ends (LF or CRLF). A last line without an end is a line; nothing behind the last end is none. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() as string;
  trimReturns(lines, text);
  // A '\r' at the very end of the text belongs to it: no '\n' followed.
  if (last !== '') lines.push(last);
  return lines;
}

/** Takes one '\r' off the end of each line. Most texts have none: one look at the whole is cheaper than one at each line. */
function trimReturns(lines: string[], text: string, from = 0): void {
  if (!text.includes('\r')) return;
  for (let i = from; i < lines.length; i++) lines[i] = withoutReturn(lines[i] as string);
}

function withoutReturn(line: string): string {
  return line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : line;
}

/** Encodings in which the byte 0x0a is a line feed wherever it stands. */
const BYTEWISE: ReadonlySet<string> = new Set(['utf8', 'utf-8', 'latin1', 'binary']);

/** Splits a stream: characters and lines may be cut anywhere between chunks. Nothing of a chunk is kept: its memory may be used again. */
export class LineSplitter {
  #encoding: BufferEncoding;
  #isBytewise: boolean;
  #decoder: StringDecoder;
  /** The pieces of the line that has no end yet; one string per chunk, joined once. */
  #open: string[] = [];
  #openLength = 0;
  /** The line that has no end yet has begun, maybe with a part of a character that only the decoder has. */
  #isOpen = false;
  readonly #most: number;

  /** A line that has so many characters and no end yet is handed out in parts, so that what never ends a line does not fill the memory. */
  constructor(encoding: BufferEncoding = 'utf8', most: number = Number.POSITIVE_INFINITY) {
    this.#encoding = encoding;
    this.#most = most;
    this.#isBytewise = BYTEWISE.has(encoding.toLowerCase());
    this.#decoder = new StringDecoder(encoding);
  }

  /** Characters of the line that has no end yet. */
  get openLength(): number {
    return this.#openLength;
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): string[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    return this.#isBytewise ? this.#cut(bytes) : this.#take(this.#decoder.write(bytes));
  }

  /** The end of the stream: the last line, if it had no end. */
  end(): string[] {
    const lines = this.#take(this.#decoder.end());
    const last = this.#close();
    return last === '' ? lines : [...lines, last];
  }

  /** Lines are found in the bytes, so that whole lines are decoded in one go and without a decoder's state. */
  #cut(bytes: Buffer): string[] {
    const end = bytes.lastIndexOf(LF) + 1;
    let lines: string[] = [];
    if (end > 0) {
      const from = this.#isOpen ? bytes.indexOf(LF) + 1 : 0;
      const first = from > 0 ? this.#take(this.#decoder.write(bytes.subarray(0, from))) : [];
      lines = from < end ? linesOf(bytes, from, end, this.#encoding) : first;
      if (lines !== first && first.length > 0) lines.unshift(first[0] as string);
      this.#isOpen = false;
    }
    if (end < bytes.length) {
      this.#isOpen = true;
      this.#keep(this.#decoder.write(end === 0 ? bytes : bytes.subarray(end)), lines);
    }
    return lines;
  }

  #take(text: string): string[] {
    const lines = text.split('\n');
    const rest = lines.pop() as string;
    if (lines.length > 0) {
      // Where the end itself is cut, its '\r' lies in the open piece.
      lines[0] = withoutReturn(this.#close() + lines[0]);
      trimReturns(lines, text, 1);
    }
    this.#keep(rest, lines);
    return lines;
  }

  #keep(rest: string, lines: string[]): void {
    if (rest === '') return;
    this.#open.push(rest);
    this.#openLength += rest.length;
    if (this.#openLength >= this.#most) lines.push(this.#close());
  }

  #close(): string {
    const text = this.#open.join('');
    this.#open = [];
    this.#openLength = 0;
    return text;
  }
}

/** The lines of the bytes from `from` to `end`, which begin and end with a line. */
function linesOf(bytes: Buffer, from: number, end: number, encoding: BufferEncoding): string[] {
  const text = bytes.toString(isAscii(bytes) ? 'latin1' : encoding, from, end - 1);
  const lines = text.split('\n');
  trimReturns(lines, text);
  return lines;
}
