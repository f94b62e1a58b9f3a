// Owns: one process of a daemon: a job whose two outputs are read as they come, whatever is done with them.
// Never: keeps output, or starts anything a second time.
import {ReadFailed} from '../io/failure.js';
import {Source} from '../io/readable.js';
import {Sink} from '../io/writable.js';
import {type Addon, native} from '../native.js';
import type {Reach} from '../words/options.js';
import type {HeldBy} from '../words/result.js';
import type {Usage} from '../words/stats.js';
import type {End} from '../words/subprocess.js';
import {BirthError} from './birth_error.js';
import type {Job} from './job.js';
import {type Plan, type Spawned, spawn} from './spawn.js';

/** What one read brings at the most. */
const BLOCK = 65_536;

/** After so many ms of handing bytes on, the event loop has its turn: who gets them may be slow. */
const TURN_MS = 10;

/** Who gets the output. Neither must throw. */
export interface Reader {
  /** The bytes as they come. They are only valid until it returns. */
  bytes(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** No more of this output can be read; it is closed. */
  failed(error: ReadFailed): void;
}

export class Drained {
  readonly pid: number;
  readonly bornAt = performance.now();
  /** The tree is gone (or given up) and everything it wrote was handed on. Never rejects. */
  readonly over: Promise<End>;
  readonly #job: Job;
  readonly #killTimeout: number;
  readonly #sink: Sink | undefined;
  readonly #notes: Source | undefined;
  readonly #sources: readonly Source[];

  /** Rejects as spawn() does. `notes`: the program gets a descriptor 3 that it can say something on, see noted(). */
  static async start(plan: Plan, reader: Reader, notes = false): Promise<Drained> {
    if (!notes) return new Drained(plan, await spawn(plan), reader);
    const {addon} = native();
    const pair = addon.pipe();
    if (typeof pair === 'number') throw new BirthError('pipe', 'pipe2', -pair);
    const [read, write] = pair;
    const source = new Source(addon, read, 'descriptor 3');
    source.unref();
    try {
      const extraFds = [...plan.settings.extraFds, {target: 3, to: write}];
      return new Drained(plan, await spawn({...plan, settings: {...plan.settings, extraFds}}), reader, source);
    } catch (error) {
      source.close();
      throw error;
    } finally {
      addon.close(write);
    }
  }

  private constructor({settings}: Plan, {addon, job, stdin, stdout, stderr, terminal}: Spawned, reader: Reader, notes?: Source) {
    this.pid = job.pid;
    this.#job = job;
    this.#killTimeout = settings.killTimeout;
    this.#notes = notes;
    if (notes) job.whenGone.push(() => notes.close());
    if (stdin >= 0) {
      const sink = new Sink(addon, stdin, terminal);
      job.whenGone.push(() => sink.close());
      this.#sink = sink;
    }
    const outputs = [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const;
    const drains = outputs.filter(([, fd]) => fd >= 0).map(([name, fd]) => drain(addon, job, fd, name, reader));
    this.#sources = drains.map(({source}) => source);
    this.over = this.#end(drains.map(({ended}) => ended));
  }

  async #end(drains: readonly Promise<void>[]): Promise<End> {
    const end = await this.#job.closedPromise;
    // Somebody who is not proven gone could write for ever.
    if (!end.proven) for (const source of this.#sources) source.close();
    await Promise.all(drains);
    return end;
  }

  /** The process whose descendants are the tree: its shepherd. */
  get shepherd(): number {
    return this.#job.shepherd;
  }

  /** What holds the tree together. */
  get isolation(): HeldBy {
    return this.#job.isolation;
  }

  /** Whether anything of the tree may still run. */
  get alive(): boolean {
    return !this.#job.over;
  }

  get usage(): Usage | null {
    return this.#job.usageSoFar;
  }

  /** Bytes that its stdin took. */
  get bytesIn(): number {
    return this.#sink?.bytes ?? 0;
  }

  /** undefined when stdin is no pipe. */
  write(data: string | NodeJS.ArrayBufferView | ArrayBufferLike): Promise<boolean> | undefined {
    return this.#sink?.write(data);
  }

  /** true: it wrote a line end to descriptor 3, or something and then closed it. false: it closed it without a word. Once. */
  async noted(): Promise<boolean> {
    let said = false;
    for (;;) {
      const bytes = await this.#notes?.read();
      if (!bytes) break;
      said = true;
      if (bytes.includes(0x0a)) break;
    }
    this.#notes?.close();
    return said;
  }

  /** errno of kill(2): 0 is delivered. */
  kill(reach: Reach, signal: number): Promise<number> {
    return this.#job.kill(reach, signal);
  }

  stop(killTimeout: number = this.#killTimeout): void {
    this.#job.end('stop', killTimeout);
  }

  ref(): void {
    for (const each of [this.#job, this.#sink, ...this.#sources]) each?.ref();
  }

  unref(): void {
    for (const each of [this.#job, this.#sink, ...this.#sources]) each?.unref();
  }
}

function drain(addon: Addon, job: Job, fd: number, name: 'stdout' | 'stderr', reader: Reader): {source: Source; ended: Promise<void>} {
  const source = new Source(addon, fd);
  job.whenGone.push(() => source.finish());
  return {source, ended: pump(source, name, reader)};
}

/** A read that fails is the end of what can be read: whoever goes on writing is told so by SIGPIPE. */
async function pump(source: Source, name: 'stdout' | 'stderr', reader: Reader): Promise<void> {
  const block = Buffer.allocUnsafeSlow(BLOCK);
  let spent = 0;
  try {
    for (;;) {
      const length = await source.readInto(block);
      if (length === 0) return;
      const began = performance.now();
      reader.bytes(name, block.subarray(0, length));
      spent += performance.now() - began;
      if (spent < TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      spent = 0;
    }
  } catch (error) {
    source.close();
    reader.failed(new ReadFailed(name, error));
  }
}
