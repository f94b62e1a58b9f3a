// Owns: shepherds whose fork server died, where they come to this process because it is PID 1: it reaps them once they have ended.
// Never: signals anybody; reaps a child that somebody else waits for.
import {readdirSync, readFileSync} from 'node:fs';
import type {Addon} from '../native.js';

const OURS: ReadonlySet<string> = new Set(['nr-shepherd', 'nr-forkserver']);
const LONGEST_MS = 1_000;

/** Looks again and again, ever more rarely, until the last of them is reaped. Does nothing in a process that is not PID 1. */
export function reapOrphans(addon: Addon, delay = 1): void {
  if (process.pid !== 1) return;
  let living = 0;
  for (const name of readdirSync('/proc')) if (isOrphan(name) && !addon.reap(Number(name))) living++;
  // Their deaths follow the fork server's: the first look may come before any of them is ours.
  if (living > 0 || delay < LONGEST_MS) setTimeout(() => reapOrphans(addon, Math.min(delay * 2, LONGEST_MS)), delay).unref();
}

function isOrphan(name: string): boolean {
  if (!/^\d/.test(name)) return false;
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    const end = stat.lastIndexOf(')');
    const parent = Number(stat.slice(end + 2).split(' ')[1]);
    return parent === process.pid && OURS.has(stat.slice(stat.indexOf('(') + 1, end));
  } catch {
    return false; // it ended meanwhile
  }
}
