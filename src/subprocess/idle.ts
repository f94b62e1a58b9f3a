// Owns: ending a job that writes nothing for too long while somebody waits for it.
// Never: counts time in which nobody reads.
import type {Job} from './job.js';

/** An output as idling sees it. */
export interface Watched {
  /** Bytes that came so far. */
  readonly bytes: number;
  /** Somebody reads, and there is nothing. */
  readonly waits: boolean;
}

/** So often in the span it is looked. */
const LOOKS = 10;
const SHORTEST_MS = 2;
/** setInterval(3) counts in 32 bits; looking more often than needed does no harm. */
const LONGEST_MS = 0x3fffffff;

/** Until the job is closed. */
export function watchIdle(job: Job, watched: readonly Watched[], idleTimeout: number | undefined, killTimeout: number): void {
  if (idleTimeout === undefined) return;
  let since = performance.now();
  let seen = 0;
  const isIdle = () => {
    const bytes = watched.reduce((sum, each) => sum + each.bytes, 0);
    const idle = bytes === seen && watched.some((each) => each.waits);
    seen = bytes;
    if (!idle) since = performance.now();
    return performance.now() - since >= idleTimeout;
  };
  const timer = setInterval(
    () => {
      // After a blocked loop timers come first: what lies in the pipes is read before this is believed.
      if (isIdle()) setImmediate(() => isIdle() && job.end('idle', killTimeout));
    },
    Math.min(LONGEST_MS, Math.max(SHORTEST_MS, idleTimeout / LOOKS)),
  );
  timer.unref();
  job.whenClosed.push(() => clearInterval(timer));
}
