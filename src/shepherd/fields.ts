// Owns: tagged fields written one after the other into one piece of memory, behind the length of all of them.
// Never: what a field means.

const LENGTH = 4;
const HEADER = 8;
const NUMBER = 8;
const HIGH = 2 ** 32;

export class Fields {
  #out: Buffer;
  #at = LENGTH;

  /** `most`: bytes that will be enough for all that is added. */
  constructor(most: number) {
    this.#out = Buffer.allocUnsafe(LENGTH + most);
  }

  /** The most that a field takes whose content has so many bytes. */
  static room(content: number): number {
    return HEADER + content;
  }

  /** The most that a text takes: three bytes for each of its units, and its NUL. */
  static roomOfText(text: string): number {
    return HEADER + 3 * text.length + 1;
  }

  static readonly roomOfNumber: number = HEADER + NUMBER;

  /** UTF-8, ended by NUL. */
  text(tag: number, text: string): void {
    const start = this.#at + HEADER;
    const end = start + this.#out.write(text, start);
    this.#out[end] = 0;
    this.#head(tag, end + 1 - start);
  }

  bytes(tag: number, bytes: Uint8Array): void {
    this.#out.set(bytes, this.#at + HEADER);
    this.#head(tag, bytes.length);
  }

  /** An i64, without the detour by way of a BigInt; what is not whole becomes more. */
  number(tag: number, value: number): void {
    const whole = Math.ceil(value);
    this.#word(this.#at + HEADER, whole);
    this.#word(this.#at + HEADER + 4, Math.floor(whole / HIGH));
    this.#head(tag, NUMBER);
  }

  /** Rows of 32-bit words. */
  words(tag: number, words: readonly number[]): void {
    let at = this.#at + HEADER;
    for (const word of words) at = this.#word(at, word);
    this.#head(tag, words.length * 4);
  }

  /** All of it. */
  finish(): Buffer {
    this.#word(0, this.#at - LENGTH);
    return this.#out.subarray(0, this.#at);
  }

  /** A field whose content is there already. */
  #head(tag: number, length: number): void {
    this.#word(this.#at, tag); // a u16, and another one that is 0
    this.#word(this.#at + 4, length);
    this.#at += HEADER + length;
  }

  /** Little-endian, signed or not. Where the next one goes. */
  #word(at: number, value: number): number {
    const out = this.#out;
    out[at] = value;
    out[at + 1] = value >>> 8;
    out[at + 2] = value >>> 16;
    out[at + 3] = value >>> 24;
    return at + 4;
  }
}
