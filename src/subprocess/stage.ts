// Owns: one command started with its input fed, its stderr gathered and its stdout drained or read: what run(), $ and stream() work with.
// Never: options, errors as users read them, or how bytes become text.
import {Copies, type CopyFailed} from '../io/copy.js';
import {ReadFailed, systemError} from '../io/failure.js';
import {drop, type Fed, feed, hold} from '../io/feed.js';
import {CHUNK, Source} from '../io/readable.js';
import {Sink} from '../io/writable.js';
import type {Collector} from '../native.js';
import type {HeldBy} from '../words/result.js';
import type {Settings} from '../words/settings.js';
import type {Usage} from '../words/stats.js';
import type {End} from '../words/subprocess.js';
import {isPiped} from '../words/target.js';
import {type Watched, watchIdle} from './idle.js';
import type {Ending, Job} from './job.js';
import {Keeper} from './keeper.js';
import {type Kept, takeKept} from './kept.js';
import {type Plan, type Spawned, spawn} from './spawn.js';
import {Spill} from './spill.js';

/** Of a 'consume'd stream its first and its last so many bytes are kept. */
export const CONSUME_HALF = 32 * 1024;

/** The Collector reads straight into its ring: one that is smaller would be filled in as many calls. */
const LEAST_RING = 16 * 1024;

/** ms that others have, after a stop, to take a piece of what was read for them. */
const COPY_GRACE_MS = 1_000;

export type Output = 'stdout' | 'stderr';

/** What was gathered of one stream; `spill` is the file that has all of it. */
export interface Gathered extends Kept {
  readonly spill: string | undefined;
}

/** How a job ended, with what it wrote. */
export interface Collected {
  readonly pid: number;
  readonly end: End;
  readonly usage: Usage | null;
  readonly isolation: HeldBy;
  readonly stdout: Gathered | undefined;
  readonly stderr: Gathered | undefined;
  /** Why the host ended it, if it did. */
  readonly cause: {readonly reason: Ending; readonly error?: unknown} | undefined;
  /** The first stream that was too long. */
  readonly overflowed: Output | undefined;
  /** Whether the child took all of `input`; undefined: there was none. */
  readonly inputComplete: boolean | undefined;
}

export class Stage {
  readonly job: Job;
  readonly settings: Settings;
  #spawned: Spawned;
  #spills: Readonly<Partial<Record<Output, Spill>>>;
  #gathered: Partial<Record<Output, Promise<Gathered | undefined>>> = {};
  #watched: Watched[] = [];
  #fed: Promise<Fed> | undefined;
  #overflowed: Output | undefined;
  /** -1 once somebody has it, who closes it: the number may be another file's by then. */
  #stdout: number;
  /** What openStdout() gave. */
  #opened: Source | undefined;

  private constructor(settings: Settings, spawned: Spawned, spills: Readonly<Partial<Record<Output, Spill>>>) {
    this.job = spawned.job;
    this.settings = settings;
    this.#spawned = spawned;
    this.#spills = spills;
    this.#stdout = spawned.stdout;
    if (spawned.stdin >= 0) this.#fed = this.#supply();
    if (spawned.stderr >= 0) this.#gathered.stderr = this.#gather('stderr', spawned.stderr);
  }

  /** Rejects as spawn() does; whatever happens to a job that started is in what ended() gives. Its stdout is to be taken at once. */
  static async start(plan: Plan): Promise<Stage> {
    const {settings} = plan;
    const spills: Partial<Record<Output, Spill>> = {};
    hold(settings.input); // a spill is waited for before spawn() has it
    try {
      const {spill} = settings.keeping;
      for (const name of ['stdout', 'stderr'] as const)
        if (spill !== undefined && settings[name] === 'pipe') spills[name] = await Spill.prepare(spill, name);
      return new Stage(settings, await spawn(plan), spills);
    } catch (error) {
      drop(settings.input);
      for (const spill of Object.values(spills)) await spill.finish();
      throw error;
    }
  }

  /** Reads stdout to its end, which comes at the latest when nobody of the tree is left to write, and keeps what the settings say. */
  drainStdout(): void {
    const stdout = this.#takeStdout();
    if (stdout >= 0) this.#gathered.stdout = this.#gather('stdout', stdout);
    this.#watchIdle();
  }

  /** Hands stdout to a reader, which has to close it. undefined: it is no pipe of ours. */
  openStdout(): Source | undefined {
    const stdout = this.#takeStdout();
    const source = stdout >= 0 ? this.#source('stdout', stdout) : undefined;
    this.#opened = source;
    void this.#spills.stdout?.finish(); // what its reader takes is not kept here
    if (source) {
      // Only the reader's own waiting counts: what it does not ask for keeps the child waiting, and stderr silent.
      this.#watched = [
        {
          get bytes() {
            return source.bytes;
          },
          get waits() {
            return source.waits;
          },
        },
        ...this.#watched.map(silent),
      ];
      this.job.whenGone.push(() => source.finish());
    }
    this.#watchIdle();
    return source;
  }

  /** Ends the job at once, whoever was to read it. Resolves when nothing is left. */
  async abandon(): Promise<void> {
    if (!this.#opened) this.drainStdout();
    this.job.end('stop', 0);
    await this.ended();
    // Not earlier: whoever is fed from it would take that for the end of its input.
    this.#opened?.close();
  }

  /** Ends the job because its reader has too much. */
  full(name: Output): void {
    this.#overflowed ??= name;
    this.job.end('max-output', this.settings.killTimeout);
  }

  /** Resolves once the job is closed and what is gathered was read to its end. */
  async ended(): Promise<Collected> {
    const {job} = this;
    await job.closedPromise;
    const [stdout, stderr] = await Promise.all([this.#gathered.stdout, this.#gathered.stderr]);
    const fed = await this.#fed;
    const {cause} = job; // it may have come between the end of the tree and the end of its output: a limit is found by reading
    return {
      pid: job.pid,
      end: job.outcome(),
      usage: job.usageSoFar,
      isolation: job.isolation,
      stdout,
      stderr,
      cause,
      overflowed: this.#overflowed,
      inputComplete: fed?.complete,
    };
  }

  #takeStdout(): number {
    const stdout = this.#stdout;
    this.#stdout = -1;
    return stdout;
  }

  #watchIdle(): void {
    watchIdle(this.job, this.#watched, this.settings.idleTimeout, this.settings.killTimeout);
  }

  /** The addon drains by itself, in C; what somebody else gets too goes through here. */
  #gather(name: Output, fd: number): Promise<Gathered | undefined> {
    const {settings} = this;
    const to = settings[name];
    if (!isPiped(to)) return Promise.resolve(undefined);
    const consumed = to === 'consume';
    const keeping = consumed ? {head: CONSUME_HALF, tail: CONSUME_HALF, isLimit: false} : settings.keeping;
    const isPlain = settings.copies[name].length === 0 && this.#spills[name] === undefined;
    if (isPlain && (keeping.tail === 0 || keeping.tail >= LEAST_RING)) return this.#collect(name, fd, keeping);
    return this.#readHere(name, fd, to === 'copy' ? {head: 0, tail: 0, isLimit: false} : keeping).then((kept) =>
      to === 'copy' ? undefined : kept,
    );
  }

  #collect(name: Output, fd: number, {head, tail, isLimit}: Share): Promise<Gathered> {
    return new Promise((resolve) => {
      const collector: Collector = new this.#spawned.addon.Collector(fd, head, tail, isLimit, (status) => {
        if (status === 1) this.full(name);
        else if (status < 0) this.#outputFailed(new ReadFailed(name, systemError(status, 'read')));
        resolve({...takeKept(collector), spill: undefined});
      });
      this.#watched.push({
        get bytes() {
          return collector.bytes;
        },
        waits: true,
      });
      this.job.whenClosed.push(() => collector.finish());
    });
  }

  async #readHere(name: Output, fd: number, {head, tail, isLimit}: Share): Promise<Gathered> {
    const source = this.#source(name, fd);
    this.#watched.push({
      get bytes() {
        return source.bytes;
      },
      get waits() {
        return source.waits;
      },
    });
    this.job.whenClosed.push(() => source.finish());
    const keeper = new Keeper(head, tail);
    const spill = this.#spills[name];
    spill?.whenFailed((error) => this.#outputFailed(error));
    for (;;) {
      const chunk = await source.read(CHUNK).catch((error: unknown) => {
        this.#outputFailed(new ReadFailed(name, error));
        return null;
      });
      if (chunk === null) break;
      await spill?.add(chunk, keeper);
      keeper.add(chunk);
      if (isLimit && keeper.total > head) {
        this.full(name);
        break;
      }
    }
    source.close();
    return {...keeper.take(), spill: await spill?.finish()};
  }

  #source(name: Output, fd: number): Source {
    const targets = this.#spawned.copies[name];
    const copies = targets.length === 0 ? undefined : new Copies(targets, (error) => this.#outputFailed(error));
    if (copies) limitCopies(this.job, copies);
    return new Source(this.#spawned.addon, fd, `${name} of this command`, copies);
  }

  #outputFailed(error: CopyFailed | ReadFailed): void {
    this.job.end('output', this.settings.killTimeout, error);
  }

  /** Feeds `input` while output is read. The pipe ends with the tree, whatever the source still holds. */
  #supply(): Promise<Fed> | undefined {
    const {addon, stdin, terminal} = this.#spawned;
    const {input, killTimeout} = this.settings;
    if (input === undefined && !terminal) {
      addon.close(stdin);
      return undefined;
    }
    const sink = new Sink(addon, stdin, terminal);
    this.job.whenClosed.push(() => sink.close());
    // No input in a terminal is an empty one: its end is typed.
    if (input === undefined) {
      sink.end();
      return undefined;
    }
    return feed(sink, input).then((fed) => {
      if ('error' in fed) this.job.end('input', killTimeout, fed.error);
      return fed;
    });
  }
}

/** A job that was stopped does not wait for ever until somebody takes his copy; one that has ended by itself does. */
export function limitCopies(job: Job, copies: Copies): void {
  job.whenClosed.push(() => {
    if (job.cause) copies.limit(COPY_GRACE_MS);
  });
}

interface Share {
  readonly head: number;
  readonly tail: number;
  readonly isLimit: boolean;
}

/** A stream whose silence is no sign. */
function silent(watched: Watched): Watched {
  return {
    get bytes() {
      return watched.bytes;
    },
    waits: false,
  };
}
