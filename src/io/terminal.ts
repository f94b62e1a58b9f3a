// Owns: our side of a pseudo-terminal beside its bytes: its size, who is in its foreground, and how its input is ended.
// Never: reads or writes it; closes the descriptor, which is the job's.
import type {Addon} from '../native.js';

/** What endOfInput() of the addon adds for a terminal whose program reads character by character, and where a line begins. */
const RAW = 256;
const BEGINS_LINE = 512;
const NONE = -1;

export class Terminal {
  #addon: Addon;
  #fd: number;
  /** The last two bytes that were typed. */
  #before = NONE;
  #last = NONE;

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
    return this.#fd >= 0 && this.#addon.endOfInput(this.#fd, NONE, NONE) % BEGINS_LINE >= RAW;
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
    for (const byte of bytes.subarray(-2)) [this.#before, this.#last] = [this.#last, byte];
  }

  /**
   * What is typed to end its input: nothing where no character does. Behind the beginning of a line it takes two: the first one only
   * hands that beginning to the program.
   */
  endOfInput(): Uint8Array {
    const answer = this.#fd < 0 ? -1 : this.#addon.endOfInput(this.#fd, this.#before, this.#last);
    const character = answer % RAW;
    if (answer < 0 || character === 0) return new Uint8Array();
    const once = answer >= RAW;
    return Uint8Array.from(once ? [character] : [character, character]);
  }

  /** The descriptor is closed, or about to be. */
  leave(): void {
    this.#fd = -1;
  }
}
