// Owns: running one job to its end with its output collected: what run() waits for.
// Never: options, errors as users read them, or how bytes become text.
import {systemError} from '../io/failure.js';
import type {Addon, Collector} from '../native.js';
import type {Job} from './job.js';
import type {Plan} from './spawn.js';
import {CONSUME_HALF, type Collected, Stage} from './stage.js';

/** Rejects as spawn() does; whatever happens to a job that started is in the value. */
export async function collect(plan: Plan): Promise<Collected> {
  const stage = await Stage.start(plan);
  stage.drainStdout();
  return stage.ended();
}

/** For start(): the drained stream's first and last bytes, now. */
export function consume(addon: Addon, job: Job, fd: number, failed: (error: unknown) => void): Collector {
  const collector = new addon.Collector(fd, CONSUME_HALF, CONSUME_HALF, false, (status) => {
    if (status < 0) failed(systemError(status, 'read'));
  });
  job.whenGone.push(() => collector.finish());
  return collector;
}
