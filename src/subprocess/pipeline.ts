// Owns: commands joined by kernel pipes, one or many: their births, who stops whom, and what became of each.
// Never: on the way of a byte from one command to the next, unless somebody listens there; judges an exit.
import {drop} from '../io/feed.js';
import type {Source} from '../io/readable.js';
import {type Addon, native} from '../native.js';
import type {Settings} from '../words/settings.js';
import {BirthError} from './birth_error.js';
import type {Plan} from './spawn.js';
import {type Collected, Stage} from './stage.js';

/** What became of one stage. */
export interface StageEnd {
  readonly collected: Collected;
  /** It was still there when its reader had ended, and was stopped for that. */
  readonly readerEnded: boolean;
}

/** A stage could not be started; `cause` is what spawn() threw. */
export class StageFailed extends Error {
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super('a stage could not be started', {cause});
    this.index = index;
  }
}

/** ms that a command has to notice that nobody reads it any more: one that writes dies of SIGPIPE, one that is ending anyway ends. */
const READER_GONE_MS = 50;

export class Pipeline {
  readonly stages: readonly Stage[];
  /** Of the last. */
  readonly last: Stage;
  #readerEnded = new Set<Stage>();

  private constructor(stages: readonly Stage[]) {
    this.stages = stages;
    this.last = stages.at(-1) as Stage;
    for (const [i, stage] of stages.entries()) this.#watch(stage, stages[i - 1]);
  }

  /**
   * Starts all of them, each one's stdout joined to the next one's stdin. The last one's stdout is to be taken at once. Rejects with
   * StageFailed for the first that could not be started, when nothing of the others is left.
   */
  static async start(plans: readonly Plan[]): Promise<Pipeline> {
    const {addon} = native();
    const joints = plans.slice(1).map((next, i) => (needsPassage(plans[i] as Plan, next) ? new Passage() : undefined));
    const pipes: ([number, number] | undefined)[] = [];
    try {
      for (const joint of joints) pipes.push(joint ? undefined : pipe(addon));
      const births = plans.map(async (plan, i) => {
        const stage = await Stage.start({...plan, settings: joined(plan.settings, joints[i - 1] ?? pipes[i - 1]?.[0], pipes[i]?.[1])});
        joints[i]?.open(stage.openStdout());
        return stage;
      });
      const settled = await Promise.allSettled(births);
      const stages = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      const failed = settled.findIndex(({status}) => status === 'rejected');
      if (failed < 0) return new Pipeline(stages);
      await Promise.all(stages.map((stage) => stage.abandon()));
      throw new StageFailed(failed, (settled[failed] as PromiseRejectedResult).reason);
    } catch (error) {
      for (const {settings} of plans) drop(settings.input);
      throw error;
    } finally {
      for (const joint of joints) joint?.open(undefined);
      for (const fd of pipes.flat()) if (fd !== undefined) addon.close(fd);
    }
  }

  /** Ends all of them; the first cause wins, in each. */
  stop(): void {
    for (const stage of this.stages) stage.job.end('stop', stage.settings.killTimeout);
  }

  /** Resolves once all of them are closed. */
  ended(): Promise<StageEnd[]> {
    return Promise.all(this.stages.map(async (stage) => ({collected: await stage.ended(), readerEnded: this.#readerEnded.has(stage)})));
  }

  #watch(stage: Stage, before: Stage | undefined): void {
    if (before) void stage.job.closedPromise.then(() => this.#endReaderless(before));
    if (this.stages.length === 1) return;
    void stage.job.exitedPromise.then(({reason}) => {
      const cause = stage.job.cause?.reason;
      // What it wrote is half of what it would have: the others must not take it for the whole.
      if (reason === 'lost' || (cause !== undefined && cause !== 'stop')) this.stop();
    });
  }

  #endReaderless(stage: Stage): void {
    if (stage.job.over) return;
    const timer = setTimeout(() => {
      if (stage.job.alive) this.#readerEnded.add(stage);
      stage.job.end('stop', stage.settings.killTimeout);
    }, READER_GONE_MS);
    stage.job.whenClosed.push(() => clearTimeout(timer));
  }
}

/** Somebody beside the next command gets what this one writes, or looks at how it comes; or one of them has a terminal, which is no pipe. */
function needsPassage({settings}: Plan, next: Plan): boolean {
  const listens = settings.copies.stdout.length > 0 || settings.idleTimeout !== undefined;
  return listens || settings.pty !== undefined || next.settings.pty !== undefined;
}

function pipe(addon: Addon): [number, number] {
  const pair = addon.pipe();
  if (typeof pair === 'number') throw new BirthError('pipe', 'pipe2', -pair);
  return pair;
}

function joined(settings: Settings, stdin: number | Passage | undefined, stdout: number | undefined): Settings {
  if (stdin === undefined && stdout === undefined) return settings;
  const output = stdout ?? settings.stdout;
  if (stdin instanceof Passage) return {...settings, stdin: 'pipe', input: stdin.chunks(), stdout: output};
  return {...settings, stdin: stdin ?? settings.stdin, stdout: output};
}

/** From one command to the next through the host, because no pipe can join them, or somebody listens in between. */
class Passage {
  #source: Promise<Source | undefined>;
  /** Once the first command runs; without a source there is nothing to pass on. Only the first call counts. */
  open!: (source: Source | undefined) => void;

  constructor() {
    this.#source = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const source = await this.#source;
    try {
      for (let chunk = await source?.pull(); chunk; chunk = await source?.pull()) yield chunk;
    } finally {
      source?.close();
    }
  }
}
