// Owns: freeze() and thaw() without a cgroup: it is answered once everybody has stopped, whatever they were doing, and not before.
// Never: a cgroup's own freezer (cgroup.test.ts); terminals, in which a user stops jobs (terminal_jobs.test.ts).
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {setPriority} from 'node:os';
import process from 'node:process';
import {test} from 'node:test';
import {run, type Subprocess, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {shepherdOf} from '../support/fault.js';
import {child} from '../support/places.js';
import {isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const stateOf = (pid: number) => processState(pid)?.state;

/** What it says until `word` is among it. */
async function saying(p: Subprocess, word: string): Promise<string> {
  let said = '';
  while (!said.includes(word)) said += String(await within(p.read(), `it to say ${word}`));
  return said;
}

/** The number after `name` in it. */
const numberOf = (said: string, name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(said)?.[1]);

test('everybody, one after the other', async () => {
  await using p = await start([child('leave_survivors')], {killTimeout: 100});
  const said = await saying(p, 'up\n');
  const pids = ['leader', 'worker', 'runaway'].map((name) => numberOf(said, name));
  assert.equal(await p.freeze(), true);
  assert.deepEqual(pids.map(stateOf), ['T', 'T', 'T']);
  assert.equal(await p.thaw(), true);
  await until(() => pids.every((pid) => stateOf(pid) === 'S'), 'them to go on');
  await p.freeze();
  assert.deepEqual([(await p.stop()).proven, pids.some(isAlive)], [true, false]);
  while ((await p.read()) !== null);
});

test('a shepherd that somebody has stopped is woken to do it', async () => {
  await using p = await start(['sleep', '60'], {stdin: 'ignore', killTimeout: 100});
  const shepherd = shepherdOf(p.pid);
  process.kill(shepherd, 'SIGSTOP');
  await until(() => stateOf(shepherd) === 'T', 'the shepherd to be stopped');
  assert.equal(await within(p.freeze(), 'freeze()'), true);
  assert.equal(stateOf(p.pid), 'T');
});

test('who waits for a processor has not stopped yet', async () => {
  const [first] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))!.slice(1) as [string];
  const pinned = ['-c', first, child('spin'), '60000'];
  await using p = await start(['taskset', ...pinned], {stdin: 'ignore', stdout: 'ignore', killTimeout: 100});
  await until(() => processState(p.pid)?.name === 'spin', 'it to spin');
  // Where the kernel shares its time among sessions first (sched_autogroup_enabled, sched(7)), the session is the one to be nice.
  if (existsSync(`/proc/${p.pid}/autogroup`)) writeFileSync(`/proc/${p.pid}/autogroup`, '10');
  setPriority(p.pid, 10);
  const others = [1, 2, 3].map(() => spawn('taskset', pinned, {stdio: 'ignore'}));
  try {
    await until(() => others.every(({pid}) => processState(pid!)?.name === 'spin'), 'the others to spin');
    for (let i = 0; i < 3; i++) {
      assert.deepEqual([await within(p.freeze(), 'freeze()'), stateOf(p.pid)], [true, 'T']);
      assert.equal(await p.thaw(), true);
    }
    // Nobody waits for an answer that an end makes pointless.
    const asked = p.freeze();
    await p.stop({killTimeout: 0});
    assert.equal(typeof (await within(asked, 'the question to be answered')), 'boolean');
  } finally {
    for (const other of others) {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  }
});

test('who is in the kernel stops when it comes back', async () => {
  await using p = await start([child('wait_in_vfork')], {killTimeout: 100});
  const inside = numberOf(await saying(p, '\n'), 'child');
  await until(() => stateOf(p.pid) === 'D', 'it to wait for its child');
  assert.equal(await p.freeze(), true);
  assert.deepEqual([stateOf(p.pid), stateOf(inside)], ['D', 'T']);
  process.kill(inside, 'SIGUSR1');
  process.kill(inside, 'SIGCONT');
  await until(() => stateOf(p.pid) === 'T', 'it to stop');
  assert.equal(await p.thaw(), true);
  await saying(p, '.');
});

test('the last of several questions counts', async () => {
  await using p = await start(['sleep', '60']);
  const answers = Promise.all([p.freeze(), p.thaw(), p.freeze()]);
  assert.equal((await within(answers, 'all of them to be answered'))[2], true);
  assert.equal(stateOf(p.pid), 'T');
});
