// Owns: handing lines to a callback that may throw, reject or be slow: one at a time, in order, within a bound.
// Never: stops for it; an unhandled rejection.
import type {OnLine, OutputName} from '../words/daemon.js';

/** Characters of lines that wait for a slow callback. */
const MOST_WAITING = 1_048_576;
/** Kinds of errors that are told; a callback may invent a new one every time. */
const MOST_KINDS = 20;

/** Tells each kind of error of a callback once, as a warning of the process. */
export class Complaints {
  readonly #who: string;
  readonly #told = new Set<string>();

  /** `who`: the beginning of the sentence. */
  constructor(who: string) {
    this.#who = who;
  }

  tell(what: string, error: unknown): void {
    const {name, code, message} = error instanceof Error ? (error as NodeJS.ErrnoException) : {name: typeof error, message: String(error)};
    const kind = `${what} ${name} ${code ?? ''}`;
    if (this.#told.has(kind) || this.#told.size >= MOST_KINDS) return;
    this.#told.add(kind);
    process.emitWarning(`net-runner: ${this.#who}: ${what} failed, and goes on being called: ${name}: ${message} (said once)`, {
      code: 'NET_RUNNER_CALLBACK',
      ...(error instanceof Error && error.stack !== undefined && {detail: error.stack}),
    });
  }

  /** Calls it; what it throws is told. */
  around(what: string, call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      this.tell(what, error);
      return undefined;
    }
  }
}

export class Delivery {
  /** Lines that found no room. */
  dropped = 0;
  readonly #call: OnLine;
  readonly #complaints: Complaints;
  #waiting: (readonly [line: string, stream: OutputName])[] = [];
  #waitingLength = 0;
  #busy = false;

  constructor(call: OnLine, complaints: Complaints) {
    this.#call = call;
    this.#complaints = complaints;
  }

  push(line: string, stream: OutputName): void {
    if (!this.#busy) return this.#hand(line, stream);
    // An empty line takes room too.
    if (this.#waitingLength + line.length + 16 > MOST_WAITING) this.dropped++;
    else {
      this.#waiting.push([line, stream]);
      this.#waitingLength += line.length + 16;
    }
  }

  #hand(line: string, stream: OutputName): void {
    const answer = this.#complaints.around('onOutput', () => this.#call(line, stream));
    if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return;
    this.#busy = true;
    void Promise.resolve(answer as PromiseLike<unknown>)
      .catch((error: unknown) => this.#complaints.tell('onOutput', error))
      .then(() => this.#next());
  }

  #next(): void {
    this.#busy = false;
    const waiting = this.#waiting;
    let at = 0;
    while (at < waiting.length && !this.#busy) {
      const [line, stream] = waiting[at++]!;
      this.#waitingLength -= line.length + 16;
      this.#hand(line, stream);
    }
    // What a call of the callback itself has pushed is behind these, in the same list.
    this.#waiting = waiting.slice(at);
  }
}
