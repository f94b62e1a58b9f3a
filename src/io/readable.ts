// Owns: the reading side of one pipe: pulled by promises, or as a Node stream; one consumer, once.
// Never: reads what nobody asked for.
import {Readable} from 'node:stream';
import type {Addon, Reader} from '../native.js';
import {invalid, misuse} from '../words/errors.js';
import {systemError} from './failure.js';
import {Turn} from './turn.js';

const DEFAULT_READ = 65_535;
/** A default pipe's capacity: what one read of a stream asks for, and what it holds at the most beside one chunk. */
const CHUNK = 65_536;

/** What one question brings: data, null at the end, undefined when it has to wait, or a negative errno. */
type Answer<T> = T | null | undefined | number;

/** A question that waits, or that was just asked. */
interface Question {
  ask(): Answer<unknown>;
  /** With data or null. */
  settle(value: unknown): void;
  fail(error: unknown): void;
}

export class Source {
  #name: string;
  #reader: Reader;
  #questions: Question[] = [];
  #turn = new Turn();
  /** Something will call #serve(): the descriptor, or the next turn of the loop. */
  #parked = false;
  #claim: 'reads' | 'stream' | undefined;
  #stream: SourceStream | undefined;
  #closed = false;

  /** Takes over `fd`. `name` is for errors: 'stdout' or 'stderr'. */
  constructor(addon: Addon, fd: number, name = 'this output') {
    this.#name = name;
    this.#reader = new addon.Reader(fd, () => this.#resume());
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
    if (!(max >= 1)) return Promise.reject(invalid('ERR_INVALID_ARGS', `read(${max}) asks for nothing; give a number of bytes from 1 on`));
    return this.#pull(() => this.#reader.read(max), signal);
  }

  /** The same into the caller's memory: bytes read, 0 at the end. Do not touch `target` until it settles. */
  async readInto(target: Uint8Array, signal?: AbortSignal): Promise<number> {
    if (target.length === 0) throw invalid('ERR_INVALID_ARGS', 'readInto() was given no room');
    const length = await this.#pull(() => {
      const got = this.#reader.readInto(target);
      // Numbers are errors to whoever asked: a length is told apart by being wrapped.
      return got === undefined || got < 0 ? got : got === 0 ? null : {length: got};
    }, signal);
    return length?.length ?? 0;
  }

  /** The one Node stream of this pipe. It claims the pipe at its first read or listener, not by being there. */
  toReadable(): Readable {
    this.#stream ??= new SourceStream({
      claim: () => this.#claimFor('stream'),
      ask: (settle, fail) => this.#ask({ask: () => this.#reader.read(CHUNK), settle: (value) => settle(value as Buffer | null), fail}),
      close: () => this.close(),
    });
    return this.#stream;
  }

  /** The tree is gone: from now on, nothing there is the end. What is there can still be read, at any pace. */
  finish(): void {
    if (!this.#closed) this.#reader.finish();
  }

  /** Idempotent. What is unread is lost; reads that wait get null. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#parked = false;
    this.#reader.close();
    for (const question of this.#questions.splice(0)) question.settle(null);
    this.#stream?.destroy();
  }

  ref(): void {
    this.#reader.ref();
  }

  unref(): void {
    this.#reader.unref();
  }

  #claimFor(consumer: 'reads' | 'stream'): void {
    this.#claim ??= consumer;
    if (this.#claim === consumer) return;
    const how = consumer === 'stream' ? 'by read()' : 'as a stream';
    throw misuse('ERR_STREAM_CLAIMED', `${this.#name} is read ${how} already; a pipe has one reader`);
  }

  #pull<T>(ask: () => Answer<T>, signal: AbortSignal | undefined): Promise<T | null> {
    return new Promise((resolve, reject) => {
      this.#claimFor('reads');
      signal?.throwIfAborted();
      const leave = () => signal?.removeEventListener('abort', onAbort);
      const question: Question = {
        ask,
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
        this.#forget(question);
        question.fail(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort);
      this.#ask(question);
    });
  }

  #forget(question: Question): void {
    this.#questions = this.#questions.filter((each) => each !== question);
    if (this.#questions.length > 0 || this.#closed) return;
    this.#reader.unpark();
    this.#parked = false;
  }

  #ask(question: Question): void {
    this.#questions.push(question);
    this.#serve();
  }

  #resume(): void {
    this.#turn.renew();
    this.#parked = false;
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
      const answer = question.ask();
      if (answer === undefined) {
        this.#parked = true;
        return;
      }
      this.#questions.shift();
      if (typeof answer === 'number') question.fail(systemError(answer, 'read'));
      else {
        this.#turn.spend((answer as {length: number} | null)?.length ?? 0);
        question.settle(answer);
      }
    }
  }
}

interface SourceHooks {
  /** Throws when another consumer has it. */
  claim(): void;
  ask(settle: (chunk: Buffer | null) => void, fail: (error: unknown) => void): void;
  close(): void;
}

class SourceStream extends Readable {
  #hooks: SourceHooks;

  constructor(hooks: SourceHooks) {
    super({highWaterMark: CHUNK});
    this.#hooks = hooks;
  }

  override on(event: string | symbol, listener: (...args: never[]) => void): this {
    if (event === 'data' || event === 'readable') this.#hooks.claim();
    return super.on(event, listener as (...args: unknown[]) => void);
  }

  override addListener(event: string | symbol, listener: (...args: never[]) => void): this {
    return this.on(event, listener);
  }

  override _read(): void {
    try {
      this.#hooks.claim();
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#hooks.ask(
      (chunk) => this.push(chunk),
      (error) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#hooks.close();
    callback(error);
  }
}
