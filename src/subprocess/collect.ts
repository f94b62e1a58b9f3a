// Owns: running one job to its end with its output collected: what run() waits for.
// Never: options, errors as users read them, or how bytes become text.
import {feed} from '../io/feed.js';
import {Sink} from '../io/writable.js';
import type {Addon, Collector} from '../native.js';
import type {Input} from '../words/input.js';
import type {StderrTarget} from '../words/options.js';
import type {HeldBy} from '../words/result.js';
import type {Usage} from '../words/stats.js';
import type {End} from '../words/subprocess.js';
import {type Ending, type Job, usageOf} from './job.js';
import {type Kept, takeKept} from './kept.js';
import {type Plan, type Spawned, spawn} from './spawn.js';

/** Of a 'consume'd stream its first and its last so many bytes are kept. */
export const CONSUME_HALF = 32 * 1024;

/** How a collected job ended, with what it wrote. */
export interface Collected {
  readonly pid: number;
  readonly end: End;
  readonly usage: Usage | null;
  readonly isolation: HeldBy;
  readonly stdout: Kept | undefined;
  readonly stderr: Kept | undefined;
  /** Why the host ended it, if it did. */
  readonly cause: {readonly reason: Ending; readonly error?: unknown} | undefined;
  /** The first stream that was too long. */
  readonly overflowed: 'stdout' | 'stderr' | undefined;
}

/** Rejects as spawn() does; whatever happens to a job that started is in the value. */
export async function collect(plan: Plan): Promise<Collected> {
  const {settings} = plan;
  const {killTimeout, maxOutputSize} = settings;
  const spawned = await spawn(plan);
  const {job} = spawned;
  let overflowed: 'stdout' | 'stderr' | undefined;
  const full = (stream: 'stdout' | 'stderr') => {
    overflowed ??= stream;
    job.end('max-output', killTimeout);
  };
  const streams = [
    drain(spawned, spawned.stdout, settings.stdout, maxOutputSize, () => full('stdout')),
    drain(spawned, spawned.stderr, settings.stderr, maxOutputSize, () => full('stderr')),
  ] as const;
  if (spawned.stdin >= 0) supply(spawned, settings.input, killTimeout);
  await job.closedPromise;
  const [stdout, stderr] = await Promise.all(streams);
  // A cause may have come between the end of the tree and the end of its output: a limit is found by reading.
  return {pid: job.pid, end: job.outcome(), usage: usageOf(job), isolation: job.isolation, stdout, stderr, cause: job.cause, overflowed};
}

/** Reads one stream to its end, which comes at the latest when nobody of the tree is left to write. */
function drain({addon, job}: Spawned, fd: number, target: StderrTarget, max: number, full: () => void): Promise<Kept> | undefined {
  if (fd < 0) return undefined;
  const consumed = target === 'consume';
  return new Promise((resolve) => {
    const collector: Collector = consumed
      ? new addon.Collector(fd, CONSUME_HALF, CONSUME_HALF, false, () => resolve(takeKept(collector)))
      : new addon.Collector(fd, max, 0, true, (status) => {
          if (status === 1) full();
          resolve(takeKept(collector));
        });
    job.whenClosed.push(() => collector.finish());
  });
}

/** Feeds `input` while output is read. The pipe ends with the tree, whatever the source still holds. */
function supply({addon, job, stdin}: Spawned, input: Input | undefined, killTimeout: number): void {
  if (input === undefined) return addon.close(stdin);
  const sink = new Sink(addon, stdin);
  job.whenClosed.push(() => sink.close());
  void feed(sink, input).then(({error}) => {
    if (error !== undefined) job.end('input', killTimeout, error);
  });
}

/** For start(): the drained stream's first and last bytes, now. */
export function consume(addon: Addon, job: Job, fd: number): Collector {
  const collector = new addon.Collector(fd, CONSUME_HALF, CONSUME_HALF, false, () => {});
  job.whenGone.push(() => collector.finish());
  return collector;
}
