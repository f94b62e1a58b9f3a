// Owns: our own terminal while the command runs in a pty: raw, with what is typed passed on and its size followed, and as it was before on every way out.
// Never: a byte of the command's output.
import {isatty} from 'node:tty';
import type {Pty, Subprocess} from '../index.js';
import {native} from '../native.js';

/** What the command is to find: our own terminal's size and kind, where we have one. */
export function ptyOptions(): Pty {
  const {columns, rows} = process.stdout.isTTY ? process.stdout : process.stderr;
  const {TERM} = process.env;
  return {
    ...(columns > 0 && rows > 0 && {cols: columns, rows}),
    ...(TERM && (isatty(1) || isatty(0)) && {term: TERM}),
  };
}

export class OwnTerminal {
  readonly #p: Subprocess;
  readonly #typed = process.stdin;
  /** Its mode before it was raw; undefined: it is not raw. */
  #saved: Buffer | undefined;
  readonly #onExit = () => this.#restore();
  readonly #onResize = () => this.#follow();
  readonly #onStop = () => this.#stop();
  readonly #onContinue = () => {
    this.#makeRaw();
    this.#follow();
  };

  constructor(p: Subprocess) {
    this.#p = p;
    // Whatever ends this process while JavaScript can still run ends here.
    process.on('exit', this.#onExit);
    process.on('SIGWINCH', this.#onResize);
    if (this.#typed.isTTY) {
      process.on('SIGTSTP', this.#onStop);
      process.on('SIGCONT', this.#onContinue);
      this.#makeRaw();
    }
    this.#follow();
    this.#typed.on('error', () => this.#p.stdin?.end());
    // Its end, where it has one, is typed as ^D.
    this.#typed.pipe(p.stdin!);
  }

  /** The command is over. */
  leave(): void {
    process.off('SIGWINCH', this.#onResize);
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
    this.#typed.unpipe();
    this.#typed.pause();
    this.#restore();
    process.off('exit', this.#onExit);
  }

  #makeRaw(): void {
    if (this.#saved) return;
    const saved = native().addon.makeRaw(0);
    if (typeof saved !== 'number') this.#saved = saved;
  }

  #restore(): void {
    if (this.#saved) native().addon.restoreMode(0, this.#saved);
    this.#saved = undefined;
  }

  /** Whoever stops us gets the terminal as it was, and we are really stopped: the handler has taken the signal's own effect away. */
  #stop(): void {
    this.#restore();
    process.kill(process.pid, 'SIGSTOP');
  }

  #follow(): void {
    const {cols, rows} = ptyOptions();
    if (cols !== undefined && rows !== undefined) this.#p.resize(cols, rows);
  }
}
