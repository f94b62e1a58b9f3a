// Owns: jobs that end when nobody can reach their Subprocess any more (`owner: 'gc'`), and what counts as reaching it.
// Never: keeps a Subprocess alive for longer than a stream, a promise or a call of it is wanted.
import {OwnerEnded} from '../words/owner.js';
import type {Job} from './job.js';

const ends = new FinalizationRegistry<() => void>((end) => end());

/** Whoever has the key keeps its Subprocess. */
const reached = new WeakMap<object, object>();

/** Subprocesses with a call that is not answered yet. */
const waited = new Map<object, number>();

/** Ends the job once `subprocess` is collected. The job itself must not hold it. */
export function endWhenCollected(subprocess: object, job: Job, killTimeout: number): void {
  const token = {};
  ends.register(subprocess, () => job.end('abort', killTimeout, new OwnerEnded(undefined)), token);
  job.whenGone.push(() => void ends.unregister(token));
}

/** As long as somebody has `part` (a stream), `subprocess` is not collected. */
export function reachedBy<T extends object | null>(part: T, subprocess: object): T {
  if (part !== null) reached.set(part, subprocess);
  return part;
}

/** `subprocess` is not collected before `promise` is settled. */
export function keptFor<T>(promise: Promise<T>, subprocess: object): Promise<T> {
  waited.set(subprocess, (waited.get(subprocess) ?? 0) + 1);
  const settled = () => {
    const left = (waited.get(subprocess) ?? 1) - 1;
    if (left > 0) waited.set(subprocess, left);
    else waited.delete(subprocess);
  };
  promise.then(settled, settled);
  return promise;
}
