// Owns: one stream() behind all its faces: started at the first pull, one consumer, its verdict at the end, stopped when nobody wants more.
// Never: a face (stream.ts), or more bytes than were asked for.
import type {Pulled} from '../io/faces.js';
import {hold} from '../io/feed.js';
import type {Source} from '../io/readable.js';
import type {Pipeline} from '../subprocess/pipeline.js';
import {misuse} from '../words/errors.js';
import type {FailedResult} from '../words/result.js';
import {reported} from './events.js';
import {begin, judge, type Outcome, type Spec} from './stages.js';

/** To whom a stream belongs: a scope. */
export interface Guard {
  /** The options of one command, with the owner's own signal in them. */
  adopt(command: unknown, options: unknown): unknown;
  /** Throws when nothing may be started any more. */
  check(): void;
  /** Called at the start; `end` resolves once all is gone. Returns what is to be called when it is over. */
  own(end: () => Promise<unknown>): () => void;
}

export class Flow implements Pulled {
  #specs: readonly Spec[];
  #refusal: unknown;
  #guard: Guard | undefined;
  #claim: string | undefined;
  #consumer: object | undefined;
  #pipeline: Promise<Pipeline> | undefined;
  #running: Pipeline | undefined;
  #source: Source | undefined;
  /** The same, once the first of those who waited for it has it: calls are served in their order. */
  #open: Source | undefined;
  #outcome: Promise<Outcome> | undefined;
  #left = false;
  #count = 0;
  #result: Promise<FailedResult>;
  #resolve!: (result: FailedResult) => void;
  #reject!: (error: unknown) => void;

  /** `describe` gives the commands. What it throws is what the reader gets. */
  constructor(describe: () => readonly Spec[], guard: Guard | undefined) {
    this.#guard = guard;
    try {
      this.#specs = describe();
      for (const {settings} of this.#specs) hold(settings.input); // it may fail before anybody pulls
    } catch (error) {
      this.#specs = [];
      this.#refusal = error;
    }
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#result.catch(() => {}); // whoever reads the output is told, too
    if (this.#specs.length === 0) this.#reject(this.#refusal);
  }

  /** Throws when the stream was refused. */
  get specs(): readonly Spec[] {
    if (this.#specs.length === 0) throw this.#refusal;
    return this.#specs;
  }

  /** Throws when the stream was refused. */
  get last(): Spec {
    return this.specs.at(-1) as Spec;
  }

  /** What the output becomes; bytes when the stream was refused. */
  get encoding(): BufferEncoding | 'buffer' {
    return this.#specs.at(-1)?.settings.encoding ?? 'buffer';
  }

  /** Of the last command, once it runs. */
  get pid(): number | undefined {
    return this.#running?.last.job.pid;
  }

  get hasBegun(): boolean {
    return this.#pipeline !== undefined;
  }

  /** `how` is for the sentence that the second consumer gets. */
  claim(how: string, who: object): void {
    this.#consumer ??= who;
    this.#claim ??= how;
    if (this.#consumer === who) return;
    throw misuse(
      'ERR_STREAM_CLAIMED',
      `the output of ${this.last.command} is read ${this.#claim} already; it has one reader`,
      this.last.command,
    );
  }

  /** Its commands are a part of another's, whose result is theirs. */
  follow(whole: Flow): void {
    whole.#result.then(this.#resolve, this.#reject);
  }

  isReadBy(who: object): boolean {
    return this.#consumer === who;
  }

  /** Starts the commands, once. */
  async begin(): Promise<void> {
    await this.#begin();
  }

  pull(): Buffer | null | Promise<Buffer | null> {
    if (this.#open) return this.#pullFrom(this.#open);
    return this.#begin().then((source) => {
      this.#open = source;
      return this.#pullFrom(source);
    });
  }

  #pullFrom(source: Source): Buffer | null | Promise<Buffer | null> {
    if (this.#left) return null;
    const chunk = source.pull();
    return chunk instanceof Promise ? chunk.then((late) => this.#counted(late, source)) : this.#counted(chunk, source);
  }

  #counted(chunk: Buffer | null, source: Source): Buffer | null | Promise<Buffer | null> {
    if (chunk === null) return this.#end();
    const length = this.#allowed(chunk.length);
    if (length === chunk.length) return chunk;
    source.close();
    return length === 0 ? this.#end() : chunk.subarray(0, length);
  }

  async pullInto(target: Uint8Array): Promise<number> {
    const source = this.#source ?? (await this.#begin());
    if (this.#left) return 0;
    const read = await source.readInto(target);
    const length = read === 0 ? 0 : this.#allowed(read);
    if (length < read) source.close();
    if (length === 0) await this.#end();
    return length;
  }

  /** Nobody wants more: everything is stopped and gone when it resolves, and its descriptors are closed. Never rejects. */
  async leave(): Promise<void> {
    if (this.#outcome) return void (await this.#outcome);
    this.#left = true;
    this.#consumer ??= this;
    this.#claim ??= 'by nobody any more';
    if (this.#specs.length === 0) return;
    if (!this.#pipeline) {
      this.#reject(misuse('ERR_STREAM_CLAIMED', `${this.last.command} was given up before it was started`, this.last.command));
      return;
    }
    if (!(await this.shut())) return; // it could not be started, which its result says
    const {result} = await this.#judged();
    this.#resolve(result);
  }

  /** Stops it for what its reader has found: rejects with that, as its result does. */
  async refuse(why: (result: FailedResult) => Error): Promise<never> {
    this.#left = true;
    await this.shut();
    const error = reported(why((await this.#judged()).result), this.last.command);
    this.#reject(error);
    throw error;
  }

  /** What became of all of it. Without a reader the output is thrown away, from the next turn of the event loop on. */
  get result(): Promise<FailedResult> {
    setImmediate(() => {
      if (this.#consumer !== undefined) return;
      this.claim('for its result alone', this);
      void this.#throwAway();
    });
    return this.#result;
  }

  /** Stops it, whoever reads: the reader gets the reason. false: there was nothing to stop. Never rejects. */
  async shut(): Promise<boolean> {
    const pipeline = await this.#pipeline?.catch(() => undefined);
    if (!pipeline) return false;
    pipeline.stop();
    this.#source?.close();
    for (const {collected} of await pipeline.ended()) {
      const {end} = collected;
      if (end.proven) continue;
      const alive = end.leftovers.map(({pid, name}) => `${pid} (${name})`).join(', ');
      process.emitWarning(
        `net-runner: ${this.last.command} was stopped, but its end is not proven (${end.reason})${alive && `; still alive: ${alive}`}`,
        {code: end.reason === 'unkillable' ? 'ERR_UNKILLABLE' : 'ERR_SHEPHERD_LOST'},
      );
    }
    return true;
  }

  async #begin(): Promise<Source> {
    this.#pipeline ??= this.#start();
    await this.#pipeline;
    return this.#source as Source;
  }

  async #start(): Promise<Pipeline> {
    let release: (() => void) | undefined;
    try {
      this.#guard?.check();
      if (this.#left) throw misuse('ERR_STREAM_CLAIMED', `${this.last.command} was given up before it was started`, this.last.command);
      release = this.#guard?.own(() => this.shut());
      const pipeline = await begin(this.specs);
      this.#running = pipeline;
      this.#source = pipeline.last.openStdout();
      if (release) void pipeline.ended().then(release);
      return pipeline;
    } catch (error) {
      release?.();
      this.#reject(reported(error, this.last.command));
      throw error;
    }
  }

  /** How many of so many more bytes the limit allows; with one too many the command is stopped. */
  #allowed(length: number): number {
    const {maxOutputSize} = this.last.settings;
    const allowed = Math.min(length, maxOutputSize - this.#count);
    this.#count += length;
    if (allowed < length) this.#running?.last.full('stdout');
    return allowed;
  }

  /** The end as its reader gets it: null, or what went wrong. */
  async #end(): Promise<null> {
    if (this.#outcome) {
      await this.#outcome;
      return null;
    }
    const {result, failure} = await this.#judged();
    this.#source?.close();
    if (this.#left) return null;
    if (failure === undefined) this.#resolve(result);
    else this.#reject(reported(failure, failure.command ?? this.last.command));
    if (failure) throw failure;
    return null;
  }

  #judged(): Promise<Outcome> {
    this.#outcome ??= (async () => {
      const pipeline = (await this.#pipeline) as Pipeline;
      return judge(this.#specs.map(readable), await pipeline.ended());
    })();
    return this.#outcome;
  }

  async #throwAway(): Promise<void> {
    try {
      while ((await this.pull()) !== null);
    } catch {
      // The result says it.
    }
  }
}

/** What is kept of stderr is for people: text, also where the output is bytes. */
function readable({command, settings}: Spec): Spec {
  return settings.encoding === 'buffer' ? {command, settings: {...settings, encoding: 'utf8'}} : {command, settings};
}
