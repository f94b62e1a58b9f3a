// Owns: our side of a pseudo-terminal beside its bytes: its size, who is in its foreground, and how its input is ended.
// Never: reads or writes it; closes the descriptor, which is the job's.
import type {Addon} from '../native.js';

/** What endOfInput() of the addon adds for a terminal whose program reads character by character. */
const RAW = 256;
const LINE_ENDS: readonly (number | undefined)[] = [undefined, 0x0a, 0x0d];

export class Terminal {
  #addon: Addon;
  #fd: number;
  /** The last byte that was typed. */
  #last: number | undefined;

  constructor(addon: Addon, fd: number) {
    this.#addon = addon;
    this.#fd = fd;
  }

  /** Whether it is there. */
  get open(): boolean {
    return this.#fd >= 0;
  }

  /** The program reads character by character: what ends the input of a line is a character like any other. */
  get raw(): boolean {
    return this.#fd >= 0 && this.#addon.endOfInput(this.#fd) >= RAW;
  }

  /** The process group in its foreground; undefined: there is none. */
  get group(): number | undefined {
    const group = this.#fd < 0 ? -1 : this.#addon.terminalGroup(this.#fd);
    return group > 0 ? group : undefined;
  }

  /** false: it is gone. */
  resize(cols: number, rows: number): boolean {
    return this.#fd >= 0 && this.#addon.resize(this.#fd, cols, rows) === 0;
  }

  /** These bytes have been written to it. */
  typed(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#last = bytes[bytes.length - 1];
  }

  /**
   * What is typed to end its input: nothing where no character does. Behind the beginning of a line it takes two: the first one only
   * hands that beginning to the program.
   */
  endOfInput(): Uint8Array {
    const answer = this.#fd < 0 ? -1 : this.#addon.endOfInput(this.#fd);
    const character = answer % RAW;
    if (answer < 0 || character === 0) return new Uint8Array();
    const once = answer >= RAW || LINE_ENDS.includes(this.#last);
    return Uint8Array.from(once ? [character] : [character, character]);
  }

  /** The descriptor is closed, or about to be. */
  leave(): void {
    this.#fd = -1;
  }
}
