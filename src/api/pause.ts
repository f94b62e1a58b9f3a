// Owns: a wait that can be cut short.
// Never: keeps a host alive; rejects.
import {setTimeout} from 'node:timers/promises';

/** The longest that a timer of Node's can wait. */
const LONGEST = 0x7fffffff;

/** Resolves after `ms`, or when the signal is aborted. Infinity: only then. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal.aborted; left -= LONGEST)
    await setTimeout(Math.min(left, LONGEST), undefined, {ref: false, signal}).catch(() => {});
}
