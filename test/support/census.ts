// Owns: the count of what one test file leaves behind in its own process: descriptors, children, zombies. Equal before and after.
// Never: counts the fork server, which lives as long as its host; forgives a leak because it is small.
import {appendFileSync} from 'node:fs';
import process from 'node:process';
import {after, before} from 'node:test';
import {collectGarbage} from './garbage.js';
import {childrenOf, commandLineOf, forkServersOf, openDescriptors} from './proc.js';
import {until} from './wait.js';

/** What the event loop opens for its own use, whenever it likes. */
const KEPT = /^anon_inode:\[(eventpoll|eventfd|io_uring|timerfd)\]$/;

/** "pipe: 3 more than before" for every kind of which there are more now. */
function grown(then: ReadonlyMap<string, number>): string[] {
  const now = openDescriptors();
  return [...now]
    .filter(([kind, count]) => !KEPT.test(kind) && count > (then.get(kind) ?? 0))
    .flatMap(([kind, count]) => Array.from({length: count - (then.get(kind) ?? 0)}, () => kind));
}

function strangers(): string[] {
  const known = new Set(forkServersOf().map(({pid}) => pid));
  return childrenOf()
    .filter(({pid}) => !known.has(pid))
    .map(({pid, name, state}) => `pid ${pid} (${state}) ${commandLineOf(pid) || name}`);
}

/** One job, so that the fork server and its descriptors are there at the first count. */
async function oneJob(): Promise<void> {
  const {run} = await import('../../src/index.js');
  await run(['true']);
}

/** Counts before and after all tests of the file that calls it, once, at its top. A file that starts no job of its own gives an empty `warmUp`. */
export function censusOfThisFile(warmUp: () => unknown = oneJob): void {
  let then: ReadonlyMap<string, number> = new Map();
  before(async () => {
    await warmUp();
    then = openDescriptors();
  });
  after(async () => {
    // Descriptors are closed on the event loop and children are reaped there: give it a moment, not a reprieve. A pipe of a job that is over,
    // which nobody has read and nobody can read any more, is closed when it is collected; chance does not decide whether that is now.
    const nothing = () => {
      if (grown(then).length + strangers().length === 0) return true;
      collectGarbage();
      return false;
    };
    await until(nothing, 'nothing to be left', 3_000).catch(() => {});
    const fds = grown(then);
    const left = strangers();
    const zombies = left.filter((line) => line.includes('(Z)')).length;
    // Living processes outlive this file and are counted by census.c itself.
    const report = process.env.NET_RUNNER_CENSUS;
    if (report) appendFileSync(report, `fds ${fds.length}\nzombies ${zombies}\n`);
    if (fds.length + left.length > 0) throw new Error(`left behind by this file: ${[...fds, ...left].join('; ')}`);
  });
}
