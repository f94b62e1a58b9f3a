// Owns: the reading side of one pipe: pulled by promises, or as a Node stream; one consumer, once.
// Never: reads what nobody asked for.
import type {Readable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import type {Addon, Reader} from '../native.js';
import {invalid, misuse} from '../words/errors.js';
import type {Copies} from './copy.js';
import {type Pulled, PulledReadable, pulledReadableStream} from './faces.js';
import {systemError} from './failure.js';
import {type Found, Search} from './search.js';
import {Turn} from './turn.js';

const DEFAULT_READ = 65_535;
/** What one read of a stream asks for: all that a busy stream's pipe holds (native/addon/capacity.c). */
export const CHUNK = 262_144;

/** What one question brings: data, null at the end, undefined when it has to wait, or a negative errno; MORE: it is to be asked again. */
type Answer<T> = T | null | undefined | number | typeof MORE;
const MORE = Symbol('more');

/** What a search may go through in vain. */
export const MOST_SEARCHED: number = 16 << 20;

/** A search that found nothing: what it went through is unread as before. */
export class NotFound extends Error {
  /** 'end': the output ended; 'most': too much came. */
  readonly why: 'end' | 'most';
  /** All that was searched. */
  readonly text: string;

  constructor(why: NotFound['why'], text: string) {
    super(`not found: ${why}`);
    this.why = why;
    this.text = text;
  }
}

/** Who reads a pipe. */
type Consumer = 'reads' | 'stream' | 'web';

const HOW: Readonly<Record<Consumer, string>> = {reads: 'by read()', stream: 'as a Node stream', web: 'as a web stream'};

/** A question that waits, or that was just asked. */
interface Question {
  /** The bytes of an answer, where others get a copy of them. */
  bytesOf(answer: unknown): Uint8Array;
  ask(): Answer<unknown>;
  /** With data or null. */
  settle(value: unknown): void;
  fail(error: unknown): void;
}

/** A Source that nobody holds any more has its descriptor closed by the addon; the files of its copies are ours to close. */
const forgotten = new FinalizationRegistry<Copies>((copies) => copies.close());

export class Source {
  #name: {toString(): string};
  #reader: Reader;
  #copies: Copies | undefined;
  /** Read by a search and not part of what it found, or held: comes before anything that is still in the pipe. */
  #unread: Buffer[] = [];
  #questions: Question[] = [];
  #turn = new Turn();
  /** Something will call #serve(): the descriptor, the next turn of the loop, or a copy that is being written. */
  #parked = false;
  /** It is the descriptor: the child has written nothing. */
  #waits = false;
  #claim: Consumer | undefined;
  #stream: PulledReadable | undefined;
  #web: ReadableStream<Uint8Array> | undefined;
  #closed = false;
  #onClosed: (() => void) | undefined;

  /** Takes over `fd`. `name` is for errors, and asked for by them only. What is read goes to `copies` first, which are closed with it. */
  constructor(addon: Addon, fd: number, name: {toString(): string} = 'this output', copies?: Copies) {
    this.#name = name;
    this.#copies = copies;
    if (copies) forgotten.register(this, copies);
    this.#reader = new addon.Reader(fd, () => this.#resume());
  }

  /** Somebody reads, and there is nothing. */
  get waits(): boolean {
    return this.#waits && this.#questions.length > 0;
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#reader.bytes;
  }

  /** Reads so far that moved bytes. */
  get count(): number {
    return this.#reader.count;
  }

  /** Somebody outside the tree still held the other end when the tree was gone. */
  get heldOutside(): boolean {
    return this.#reader.heldOutside;
  }

  /**
   * The next bytes, as soon as there are any: at most `max`; null at the end, again and again. Calls are answered in their order. Rejects
   * with `signal.reason`, losing no byte, and with ERR_STREAM_CLAIMED when it is read as a stream.
   */
  read(max: number = DEFAULT_READ, signal?: AbortSignal): Promise<Buffer | null> {
    if (!(typeof max === 'number' && max >= 1))
      return Promise.reject(invalid('ERR_INVALID_ARGS', `read(${String(max)}) asks for nothing; give a number of bytes from 1 on`));
    try {
      return Promise.resolve(this.#pull('reads', max, signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As read() of a chunk, but what lies there is the answer itself: a promise for it costs more than a small chunk does. Throws what read() rejects with. */
  pull(): Buffer | null | Promise<Buffer | null> {
    return this.#pull('reads', CHUNK, undefined);
  }

  /** The same into the caller's memory: bytes read, 0 at the end. Do not touch `target` until it settles. */
  async readInto(target: Uint8Array, signal?: AbortSignal): Promise<number> {
    if (!(target instanceof Uint8Array)) throw invalid('ERR_INVALID_ARGS', 'readInto() needs a Buffer or Uint8Array to read into');
    if (target.length === 0) throw invalid('ERR_INVALID_ARGS', 'readInto() was given no room; give at least one byte');
    return this.#pullInto('reads', target, signal);
  }

  /**
   * Reads up to and including the first match of `pattern`. Rejects with NotFound, or with `signal.reason`; then nothing is consumed.
   * A read() that is asked meanwhile is answered afterwards.
   */
  async search(pattern: string | RegExp, signal?: AbortSignal): Promise<Found> {
    const search = new Search(pattern);
    let taken: Buffer | undefined;
    let first = true;
    /** Pieces of #unread that were searched: hold() may add some. */
    let seen = 0;
    const ask = (): Answer<Found> => {
      const isNew = !first && seen === this.#unread.length;
      const chunk = isNew ? this.#reader.read(CHUNK) : Buffer.concat(this.#unread.slice(seen));
      if (chunk === undefined || typeof chunk === 'number') return chunk;
      // Thrown: null would be the end of the output for those who get copies, too.
      if (chunk === null) throw new NotFound('end', search.text);
      if (isNew) this.#unread.push(chunk);
      const wasEmpty = first && chunk.length === 0;
      first = false;
      seen = this.#unread.length;
      const all = this.#unread.length === 1 ? chunk : undefined;
      const hit = search.push(chunk, () => all ?? Buffer.concat(this.#unread));
      if (hit) {
        taken = this.#fromUnread(hit.length);
        return hit;
      }
      if (wasEmpty) return ask();
      if (search.text.length <= MOST_SEARCHED) return MORE;
      throw new NotFound('most', search.text);
    };
    this.#claimFor('reads');
    signal?.throwIfAborted();
    const found = await this.#question<Found>(ask, () => taken ?? new Uint8Array(), signal);
    if (found) return found;
    // Closed by its owner: as an end.
    throw new NotFound('end', search.text);
  }

  /** The text that a search in vain has left unread: for a sentence about it. */
  peek(): string {
    return Buffer.concat(this.#unread).toString();
  }

  /** The one Node stream of this pipe. It claims the pipe at its first read or listener, not by being there. */
  toReadable(): Readable {
    this.#stream ??= new PulledReadable(this.#as('stream'), () => this.#claimFor('stream'));
    return this.#stream;
  }

  /** The one web stream of this pipe. It claims the pipe at its first read. */
  toReadableStream(): ReadableStream<Uint8Array> {
    this.#web ??= pulledReadableStream(this.#as('web'), () => this.#claimFor('web'));
    return this.#web;
  }

  /** The tree is gone: from now on, nothing there is the end. What is there can still be read, at any pace. */
  finish(): void {
    if (!this.#closed) this.#reader.finish();
  }

  /**
   * After finish(): what is left is kept in memory, and the descriptor closed. For a terminal, which is a scarce thing and holds a few KiB: it
   * need not live until somebody reads them.
   */
  hold(): void {
    if (this.#closed) return;
    for (let chunk = this.#reader.read(CHUNK); Buffer.isBuffer(chunk); chunk = this.#reader.read(CHUNK)) this.#unread.push(chunk);
  }

  /** Idempotent. What is unread is lost; reads that wait get null. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parked = false;
    this.#waits = false;
    this.#reader.close();
    this.#copies?.close();
    this.#unread = [];
    for (const question of this.#questions.splice(0)) question.settle(null);
    this.#stream?.destroy();
    this.#onClosed?.();
  }

  /** Called once, when it is closed before its end. */
  whenClosed(callback: () => void): void {
    this.#onClosed = callback;
  }

  ref(): void {
    this.#reader.ref();
  }

  unref(): void {
    this.#reader.unref();
  }

  /** At most `max` bytes of what is unread in memory; undefined: there is nothing. */
  #fromUnread(max: number): Buffer | undefined {
    if (this.#unread.length === 0) return undefined;
    const all = this.#unread.length === 1 ? (this.#unread[0] as Buffer) : Buffer.concat(this.#unread);
    const taken = all.subarray(0, max);
    this.#unread = taken.length < all.length ? [all.subarray(taken.length)] : [];
    return taken.length > 0 ? taken : undefined;
  }

  #claimFor(consumer: Consumer): void {
    // Closed unread: its end is anybody's, and the stream that is destroyed with it has read nothing.
    if (this.#closed && this.#claim === undefined) return;
    this.#claim ??= consumer;
    if (this.#claim === consumer) return;
    throw misuse('ERR_STREAM_CLAIMED', `${this.#name} is read ${HOW[this.#claim]} already; a pipe has one reader`);
  }

  #as(consumer: Consumer): Pulled {
    return {
      pull: () => this.#pull(consumer, CHUNK, undefined),
      pullInto: (target) => this.#pullInto(consumer, target, undefined),
      leave: () => this.close(),
    };
  }

  #pull(consumer: Consumer, max: number, signal: AbortSignal | undefined): Buffer | null | Promise<Buffer | null> {
    const ask = () => this.#fromUnread(max) ?? this.#reader.read(max);
    const answer = this.#atOnce(consumer, ask, signal);
    if (answer !== undefined) return answer;
    return this.#question(ask, (bytes) => bytes, signal);
  }

  async #pullInto(consumer: Consumer, target: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
    const ask = () => {
      const unread = this.#fromUnread(target.length);
      if (unread) {
        target.set(unread);
        return {length: unread.length};
      }
      const got = this.#reader.readInto(target);
      // Numbers are errors to whoever asked: a length is told apart by being wrapped.
      return got === undefined || got < 0 ? got : got === 0 ? null : {length: got};
    };
    const now = this.#atOnce(consumer, ask, signal);
    const answer = now === undefined ? await this.#question(ask, ({length}) => target.subarray(0, length), signal) : now;
    return answer?.length ?? 0;
  }

  /** The answer of a question that need not wait: neither for others, nor for bytes, nor for the event loop. undefined: it has to. */
  #atOnce<T extends {readonly length: number}>(
    consumer: Consumer,
    ask: () => T | null | undefined | number,
    signal: AbortSignal | undefined,
  ): T | null | undefined {
    this.#claimFor(consumer);
    signal?.throwIfAborted();
    if (this.#parked || this.#questions.length > 0 || this.#copies !== undefined) return undefined;
    if (this.#turn.isOver(() => this.#resume())) {
      this.#parked = true;
      return undefined;
    }
    const answer = ask();
    if (answer === undefined) {
      this.#parked = this.#waits = true;
      return undefined;
    }
    if (typeof answer === 'number') throw systemError(answer, 'read');
    this.#turn.spend(answer?.length ?? 0);
    return answer;
  }

  /** One that has to wait for its answer, and whose consumer has the claim. */
  #question<T>(ask: () => Answer<T>, bytesOf: (answer: T) => Uint8Array, signal: AbortSignal | undefined): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const leave = () => signal?.removeEventListener('abort', onAbort);
      const question: Question = {
        ask,
        bytesOf: bytesOf as Question['bytesOf'],
        settle: (value) => {
          leave();
          resolve(value as T | null);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => {
        // One whose bytes were taken out of the pipe is answered: they would be lost.
        if (this.#forget(question)) question.fail(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort);
      this.#questions.push(question);
      this.#serve();
    });
  }

  #forget(question: Question): boolean {
    const at = this.#questions.indexOf(question);
    if (at < 0) return false;
    this.#questions.splice(at, 1);
    if (at > 0) return true;
    if (this.#waits) {
      this.#reader.unpark();
      this.#parked = this.#waits = false;
    }
    this.#serve(); // what it has searched in vain may be the next one's answer
    return true;
  }

  #resume(): void {
    this.#turn.renew();
    this.#parked = this.#waits = false;
    this.#serve();
  }

  /** Answers what can be answered now. */
  #serve(): void {
    while (!this.#parked && this.#questions.length > 0) {
      if (this.#turn.isOver(() => this.#resume())) {
        this.#parked = true;
        return;
      }
      const [question] = this.#questions as [Question];
      let answer: Answer<unknown>;
      try {
        answer = question.ask();
      } catch (error) {
        this.#questions.shift();
        question.fail(error);
        continue;
      }
      if (answer === undefined) {
        this.#parked = this.#waits = true;
        return;
      }
      if (answer === MORE) {
        this.#turn.spend(CHUNK);
        continue;
      }
      this.#questions.shift();
      if (typeof answer === 'number') question.fail(systemError(answer, 'read'));
      else {
        this.#turn.spend((answer as {length: number} | null)?.length ?? 0);
        if (answer === null) this.#copies?.close();
        if (answer === null || this.#copies === undefined) question.settle(answer);
        else this.#copy(this.#copies, question, answer);
      }
    }
  }

  /** Everybody else first: the next read waits for the slowest. */
  #copy(copies: Copies, question: Question, answer: unknown): void {
    this.#parked = true;
    void copies.write(question.bytesOf(answer)).then(() => {
      question.settle(answer);
      if (!this.#closed) this.#resume();
    });
  }
}
