// Owns: what many jobs cost, one after the other and at once: nothing kept, and little memory (FAULTS 42).
// Never: their host's death (lifetime).
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {restartServer, run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault, LONG} from '../support/fault.js';
import {childrenOf, commandLineOf, forkServersOf} from '../support/proc.js';
import {until} from '../support/wait.js';

censusOfThisFile();

const MOST_KB = 40;
const sanitized = /build-asan/.test(process.env.NET_RUNNER_SHEPHERD ?? '') && 'a sanitized shepherd needs more memory';

/** Its share of the memory, in KB. */
function share(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1]);
}

const mayNotLook = process.getuid?.() !== 0 && 'only root may see how much memory a fork server has';

fault(
  '42',
  'births and ends by the thousand: no zombie, no descriptor more',
  async ({note}) => {
    const all = LONG ? 10_000 : 500;
    const began = performance.now();
    for (let done = 0; done < all; done += 20) await Promise.all(Array.from({length: 20}, () => run(['true'])));
    note(`${all} in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
    assert.deepEqual(
      childrenOf().filter(({state}) => state === 'Z'),
      [],
    );
    for (const {pid} of forkServersOf())
      assert.deepEqual(
        childrenOf(pid).filter(({state}) => state === 'Z'),
        [],
      );
  },
  {most: 1, limit: 300_000},
);

fault(
  '42',
  `idle jobs: at most ${MOST_KB} KB of memory for each, fork server and shepherds together`,
  async ({note}) => {
    const count = LONG ? 1_000 : 500;
    restartServer(); // one that has not had others before
    await until(() => forkServersOf().length === 0, 'the old fork server to leave');
    const jobs = await Promise.all(Array.from({length: count}, () => start(['sleep', '120'], {stdio: 'ignore'})));
    const [server] = forkServersOf();
    assert.ok(server);
    // A spare one that waits for its first job is no job's.
    const busy = () => childrenOf(server.pid).filter(({pid}) => commandLineOf(pid).startsWith('net-runner: shepherd of '));
    await until(() => busy().length === count, 'every shepherd to have its job');
    const all = [server.pid, ...busy().map(({pid}) => pid)];
    const kb = all.reduce((sum, pid) => sum + share(pid), 0) / count;
    note(`${kb.toFixed(1)} KB each`);
    await Promise.all(jobs.map((p) => p.stop()));
    assert.ok(all.length > count, 'not all shepherds were counted');
    assert.ok(kb <= MOST_KB, `${kb} KB`);
  },
  {most: 1, limit: 120_000, skip: sanitized || mayNotLook},
);
