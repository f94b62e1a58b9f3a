// Owns: the iterators of a stream: chunks, lines, batches of lines. Written by hand: a generator costs more than a line does.
// Never: when the command starts or ends (flow.ts), or where a line ends (io/lines.ts).
import {StringDecoder} from 'node:string_decoder';
import {LineSplitter} from '../io/lines.js';
import {ended, invalid} from '../words/errors.js';
import {shown} from '../words/excerpt.js';
import type {LineOptions} from '../words/stream.js';
import type {Flow} from './flow.js';

const END: IteratorReturnResult<undefined> = {done: true, value: undefined};

/** What all have in common: one consumer, the end once, and leaving early. */
abstract class Loop<T> implements AsyncIterableIterator<T> {
  protected readonly flow: Flow;
  #how: string;
  #isOver = false;
  /** What is to be thrown once what came before it was handed out. */
  #failure: {readonly error: unknown} | undefined;

  constructor(flow: Flow, how: string) {
    this.flow = flow;
    this.#how = how;
  }

  /** The next value, itself if it is there already; null at the end. */
  protected abstract pull(): T | null | Promise<T | null>;

  /** What is left when the output has ended, well or not; null: nothing. */
  protected abstract rest(): T | null;

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#failure) return Promise.reject(this.#fail());
    if (this.#isOver) return Promise.resolve(END);
    try {
      this.flow.claim(this.#how, this);
    } catch (error) {
      this.#isOver = true;
      return Promise.reject(error);
    }
    try {
      const value = this.pull();
      if (value === null) return this.#ended();
      if (!(value instanceof Promise)) return Promise.resolve({done: false, value});
      return value.then(
        (late) => (late === null ? this.#ended() : {done: false, value: late}),
        (error) => this.#ended({error}),
      );
    } catch (error) {
      return this.#ended({error});
    }
  }

  async #ended(failure?: {readonly error: unknown}): Promise<IteratorResult<T, undefined>> {
    if (failure) this.#failure = failure;
    const rest = this.#isOver ? null : this.rest();
    this.#isOver = true;
    if (rest !== null) return {done: false, value: rest};
    if (this.#failure) throw this.#fail();
    return END;
  }

  #fail(): unknown {
    const error = this.#failure?.error;
    this.#failure = undefined;
    return error;
  }

  /** Stops the tree, unless somebody else reads. Throws nothing. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    const leaves = !this.#isOver;
    this.#isOver = true;
    this.#failure = undefined;
    if (leaves && this.flow.isReadBy(this)) await this.flow.leave();
    return END;
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Bytes, or with a text encoding strings. */
export class ChunkLoop extends Loop<Buffer | string> {
  #decoder: StringDecoder | undefined;
  #isText: boolean | undefined;

  constructor(flow: Flow) {
    super(flow, 'by a loop');
  }

  protected pull(): Buffer | string | null | Promise<Buffer | string | null> {
    if (this.#isText === undefined) {
      const {encoding} = this.flow;
      this.#isText = encoding !== 'buffer';
      if (encoding !== 'buffer') this.#decoder = new StringDecoder(encoding);
    }
    return this.#decoder ? this.#text(this.#decoder) : this.flow.pull();
  }

  async #text(decoder: StringDecoder): Promise<string | null> {
    for (;;) {
      const chunk = await this.flow.pull();
      if (chunk === null) return null;
      const text = decoder.write(chunk);
      if (text !== '') return text;
    }
  }

  protected rest(): string | null {
    return this.#decoder?.end() || null;
  }
}

const MAX_LINE_LENGTH = 64 * 1024 * 1024;
/** All that a busy stream's pipe holds (native/addon/capacity.c). */
const READ = 256 * 1024;

function isTooLong(most: number, open: number, lines: readonly string[]): boolean {
  return open > most || lines.some(({length}) => length > most);
}

/** All lines that end in a chunk. */
export class BatchLoop extends Loop<string[]> {
  #options: LineOptions;
  #splitter: LineSplitter | undefined;
  #most = MAX_LINE_LENGTH;
  /** What every read goes into: of its pages only those are there that a read has filled. */
  #memory = Buffer.allocUnsafeSlow(READ);
  /** The last call: those that do not wait for each other are served in their order, as they share the memory. */
  #last: Promise<void> | undefined;
  #isRefused = false;

  constructor(flow: Flow, options: LineOptions, how: string) {
    super(flow, how);
    this.#options = options;
  }

  protected async pull(): Promise<string[] | null> {
    const before = this.#last;
    let done = () => {};
    this.#last = new Promise<void>((resolve) => {
      done = resolve;
    });
    try {
      await before;
      return await this.#batch();
    } finally {
      done();
    }
  }

  async #batch(): Promise<string[] | null> {
    const splitter = this.#splitter ?? this.#open();
    for (;;) {
      if (this.#isRefused) await this.#refuse(splitter);
      const length = await this.flow.pullInto(this.#memory);
      if (length === 0) return null;
      const longest = splitter.openLength + 2 * length; // hex makes two characters of a byte
      const lines = splitter.push(this.#memory.subarray(0, length));
      if (longest <= this.#most || !isTooLong(this.#most, splitter.openLength, lines)) {
        if (lines.length > 0) return lines;
        continue;
      }
      // What came before the long one is good, wherever the chunks end.
      this.#isRefused = true;
      const long = lines.findIndex(({length}) => length > this.#most);
      const good = long < 0 ? lines : lines.slice(0, long);
      if (good.length > 0) return good;
    }
  }

  protected rest(): string[] | null {
    const lines = this.#splitter?.end() ?? [];
    return lines.length > 0 ? lines : null;
  }

  #open(): LineSplitter {
    const {maxLineLength = MAX_LINE_LENGTH} = this.#options;
    if (!(typeof maxLineLength === 'number' && maxLineLength >= 1)) {
      throw invalid('ERR_INVALID_OPTION', `\`maxLineLength\` must be a number of characters from 1 on, but is ${shown(maxLineLength)}`);
    }
    this.#most = maxLineLength;
    const {encoding} = this.flow;
    this.#splitter = new LineSplitter(encoding === 'buffer' ? 'utf8' : encoding);
    return this.#splitter;
  }

  async #refuse(splitter: LineSplitter): Promise<never> {
    splitter.end();
    const {command} = this.flow.last;
    return this.flow.refuse((result) =>
      ended({reason: 'max-output', command, result, maxOutputSize: this.#most, stream: 'stdout', of: 'line'}),
    );
  }
}

/** One after the other: most of them are there already. */
export class LineLoop implements AsyncIterableIterator<string> {
  #batches: BatchLoop;
  #batch: readonly string[] = [];
  #at = 0;
  /** The refill that goes on. Calls that do not wait for each other are served in their order. */
  #filling: Promise<void> | undefined;
  #waiting = 0;

  constructor(batches: BatchLoop) {
    this.#batches = batches;
  }

  next(): Promise<IteratorResult<string, undefined>> {
    if (this.#at < this.#batch.length && this.#waiting === 0) return Promise.resolve(this.#line());
    return this.#fill();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#at = this.#batch.length;
    return this.#batches.return();
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #line(): IteratorYieldResult<string> {
    return {done: false, value: this.#batch[this.#at++] as string};
  }

  async #fill(): Promise<IteratorResult<string, undefined>> {
    this.#waiting++;
    while (this.#filling) await this.#filling;
    this.#waiting--;
    if (this.#at < this.#batch.length) return this.#line();
    let done = () => {};
    this.#filling = new Promise((resolve) => {
      done = resolve;
    });
    try {
      const next = await this.#batches.next();
      if (next.done) return END;
      this.#batch = next.value;
      this.#at = 0;
      return this.#line();
    } finally {
      this.#filling = undefined;
      done();
    }
  }
}
