// Owns: where a line ends, in a whole text and in a stream of bytes.
// Never: reads.
import {StringDecoder} from 'node:string_decoder';

/** The lines of a text without their ends (LF or CRLF). A last line without an end is a line; nothing behind the last end is none. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n').map(withoutReturn);
  // A '\r' at the very end of the text belongs to it: no '\n' followed.
  const last = text.slice(text.lastIndexOf('\n') + 1);
  lines[lines.length - 1] = last;
  if (last === '') lines.pop();
  return lines;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Splits a stream: characters and lines may be cut anywhere between chunks. */
export class LineSplitter {
  #decoder: StringDecoder;
  /** The pieces of the line that has no end yet; one string per chunk, joined once. */
  #open: string[] = [];
  #openLength = 0;
  readonly #most: number;

  /** A line that has so many characters and no end yet is handed out in parts, so that what never ends a line does not fill the memory. */
  constructor(encoding: BufferEncoding = 'utf8', most: number = Number.POSITIVE_INFINITY) {
    this.#decoder = new StringDecoder(encoding);
    this.#most = most;
  }

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): string[] {
    return this.#take(this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  }

  /** The end of the stream: the last line, if it had no end. */
  end(): string[] {
    const lines = this.#take(this.#decoder.end());
    const last = this.#close();
    return last === '' ? lines : [...lines, last];
  }

  #take(text: string): string[] {
    const parts = text.split('\n');
    const rest = parts.pop() as string;
    if (parts.length > 0) parts[0] = this.#close() + parts[0];
    if (rest !== '') {
      this.#open.push(rest);
      this.#openLength += rest.length;
      if (this.#openLength >= this.#most) parts.push(this.#close());
    }
    return parts.map(withoutReturn);
  }

  #close(): string {
    const text = this.#open.join('');
    this.#open = [];
    this.#openLength = 0;
    return text;
  }
}
