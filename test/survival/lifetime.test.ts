// Owns: how long a host lives with its jobs, and its jobs with it: event loop, worker threads, many at once.
// Never: kills of the host in odd ways (host_death).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {fault} from '../support/fault.js';
import {startHost} from '../support/host.js';
import {newLifeline} from '../support/lifeline.js';
import {forkServersOf, isAlive} from '../support/proc.js';
import {within} from '../support/wait.js';

test('a script whose last line is start() stays up until the job has ended', async () => {
  const host = startHost('stays_up');
  const {code} = await within(host.exited, 'the host to end');
  assert.equal(code, 0);
  assert.equal(host.lines.at(-1), 'ended');
});

test('unref() lets the host end, and that ends the job', async () => {
  const host = startHost('stays_up', {args: ['120', 'unref']});
  const pid = Number((await host.says(/^started (\d+)$/))[1]);
  assert.equal((await within(host.exited, 'the host to end')).code, 0);
  const {until} = await import('../support/wait.js');
  await until(() => !isAlive(pid), 'the job to be gone');
});

test('a script that ran 100 jobs exits at once', async () => {
  const host = startHost('hundred_jobs');
  assert.equal((await within(host.exited, 'the host to end', 10_000)).code, 0);
  assert.deepEqual(host.lines, ['done', 'exit']);
});

fault(
  '42',
  '1,000 jobs at once start, and end with the host',
  async () => {
    const line = newLifeline();
    const host = startHost('thousand_sleeps', {args: ['1000'], fd3: line.fd});
    line.letGo();
    try {
      assert.equal((await within(host.says(/^up (\d+)$/), 'a thousand jobs', 40_000))[1], '1000');
      host.kill();
      await host.exited;
      await within(line.ended, 'all of them to be gone', 30_000);
    } finally {
      line.close();
      await host.end();
    }
  },
  {limit: 60_000, most: 1},
);

fault('46', 'a timeout is kept while the event loop is blocked', async () => {
  const line = newLifeline();
  const host = startHost('blocked', {fd3: line.fd});
  line.letGo();
  try {
    await host.says(/^blocking$/);
    await within(line.ended, 'the tree to end');
    assert.equal(host.lines.includes('free'), false, 'it ended only when the loop was free');
    await host.says(/^timeout$/);
    assert.equal((await host.exited).code, 0);
  } finally {
    line.close();
    await host.end();
  }
});

fault(
  '6',
  'a worker thread that ends in the middle of jobs neither aborts the process nor leaves anything',
  async () => {
    const line = newLifeline();
    const host = startHost('worker_jobs', {args: ['5'], fd3: line.fd});
    line.letGo();
    try {
      await within(host.says(/^main: still here$/), 'the main thread', 40_000);
      await host.says(/^done$/);
      assert.deepEqual(
        host.lines.filter((said) => said.startsWith('left open')),
        [],
      );
      assert.deepEqual(await within(host.exited, 'the host to end'), {code: 0, signal: null});
      // Well before the fork server would lose patience with a shepherd that did not hear of it.
      await within(line.ended, 'the jobs of the workers to be gone', 5_000);
      assert.deepEqual(forkServersOf(host.pid), []);
    } finally {
      line.close();
      await host.end();
    }
  },
  {limit: 60_000},
);

test('every method un-awaited in every state does not crash a strict host', async () => {
  const host = startHost('unawaited', {nodeFlags: ['--unhandled-rejections=strict']});
  const {code} = await within(host.exited, 'the host to end', 40_000);
  assert.deepEqual([code, host.lines.at(-1)], [0, 'survived']);
});
