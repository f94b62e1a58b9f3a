// Owns: a pid namespace for a job: what the program sees, and that everything else is as without one.
// Never: the death of anybody of ours (survival/namespace).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {test} from 'node:test';
import {RunError, run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {folder, isThere, leavesBelow, noCgroups} from '../support/cgroups.js';
import {child} from '../support/places.js';
import {isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const root = process.getuid?.() === 0;
const probe = spawnSync('unshare', [...(root ? [] : ['--user', '--map-root-user']), '--pid', '--mount', '--fork', 'true']).status === 0;
const skip = !probe && 'a pid namespace may not be made here';
const isolation = 'pidns';

test('the program sees pids of its own, and its own parent', {skip}, async () => {
  const {stdout, pid, isolation: held} = await run(['sh', '-c', 'echo $$ $PPID $(id -u)'], {isolation});
  assert.equal(stdout, `2 1 ${process.getuid!()}\n`);
  assert.deepEqual([held, pid > 2], ['pidns', true]);
});

test('it has its own /proc where that may be mounted, and the host sees nothing of the mount', {skip}, async () => {
  const {stdout} = await run(['sh', '-c', 'readlink /proc/self; ls /proc | grep -c "^[0-9]"'], {isolation});
  const [self, count] = stdout.trim().split('\n').map(Number);
  if (self! < 10) assert.ok(count! < 10, stdout);
  assert.equal(Number((await run(['readlink', '/proc/self'])).stdout) > 2, true);
});

test('exits, signals, failures and input are as without one', {skip}, async () => {
  assert.equal((await run(['sh', '-c', 'exit 7'], {isolation})).exitCode, 7);
  assert.equal((await run([child('die_by_signal'), '15'], {isolation})).signal, 'SIGTERM');
  assert.equal((await run(['cat'], {isolation, input: 'through'})).stdout, 'through');
  for (const [command, cwd, stage] of [
    ['no-such-program-at-all', undefined, 'exec'],
    ['true', '/no/such/place', 'chdir'],
  ] as const) {
    const error: unknown = await run([command], {isolation, cwd}).catch((reason: unknown) => reason);
    assert.ok(error instanceof RunError && error.reason === 'spawn', String(error));
    assert.equal(error.stage, stage);
  }
  assert.equal((await run(['cat', '/proc/self/status'], {isolation})).stdout.match(/^Sig(Blk|Ign):\s+0+$/gm)?.length, 2);
  assert.equal((await run([child('print_death_signal')], {isolation})).stdout, '9\n');
  const fds = (text: string) => text.replace(/\[\d+\]/g, '');
  assert.equal(fds((await run([child('print_fds')], {isolation})).stdout), fds((await run([child('print_fds')])).stdout));
});

test('a stop asks everybody politely; SIGKILL ends all of it at once', {skip}, async () => {
  const polite = await start([child('trap_sigterm_exit_0'), '20'], {isolation, killTimeout: 10_000});
  await polite.read();
  const end = await polite.stop();
  assert.deepEqual([end.exitCode, end.forced, end.proven], [0, false, true]);

  const p = await start([child('leave_survivors')], {isolation, killTimeout: 100});
  let said = '';
  while (!said.includes('up\n')) said += String(await p.read());
  const forced = await within(p.stop(), 'stop()');
  assert.deepEqual([forced.forced, forced.proven], [true, true]);
  while ((await p.read()) !== null);
  while ((await polite.read()) !== null);
});

test('leftovers are named by their pids outside, and ended; linger waits for them', {skip}, async () => {
  const result = await run([child('hold_stdout_open'), '60000'], {isolation});
  assert.deepEqual([result.stdout, result.exitCode, result.leftovers.length], ['done\n', 0, 1]);
  assert.equal(isAlive(result.leftovers[0]!.pid), false);
  const waited = await run(['sh', '-c', '(sleep 0.2; echo late) & echo early'], {isolation, linger: 'wait'});
  assert.equal(waited.stdout, 'early\nlate\n');
});

test('kill() reaches the child, its group and its tree; stops and freezing work', {skip}, async () => {
  const p = await start([child('leave_survivors')], {isolation, killTimeout: 100});
  let said = '';
  while (!said.includes('up\n')) said += String(await p.read());
  assert.equal(await p.kill('SIGSTOP', {reach: 'leader'}), true);
  await until(() => processState(p.pid)?.state === 'T', 'it to stop');
  assert.equal(await p.kill('SIGCONT', {reach: 'group'}), true);
  await until(() => processState(p.pid)?.state === 'S', 'it to go on');
  assert.equal(await p.freeze(), true);
  assert.equal(processState(p.pid)?.state, 'T');
  assert.equal(await p.thaw(), true);
  assert.equal(await p.kill('SIGKILL', {reach: 'tree'}), true);
  const end = await within(p.closed, 'all of it to end');
  assert.deepEqual([end.signal, end.proven], ['SIGKILL', true]);
  assert.equal(await p.kill(), false);
  while ((await p.read()) !== null);
});

test('its usage is that of all of it', {skip}, async () => {
  const {usage} = await run(['sh', '-c', '"$0" 150; "$0" 150', child('spin')], {isolation});
  assert.ok(usage.userMs + usage.systemMs >= 295, JSON.stringify(usage));
});

test('together with a cgroup', {skip: skip || noCgroups}, async () => {
  const p = await start([child('spin')], {isolation, cgroup: folder});
  assert.deepEqual([p.isolation, leavesBelow(folder).length], ['pidns', 1]);
  assert.equal(await p.freeze(), true);
  assert.ok((await p.usage())!.processes! >= 2, 'init and the child');
  await p.stop();
  assert.equal(isThere(folder), false);
});

test('a terminal cannot be handed over', async () => {
  await assert.rejects(run(['true'], {isolation, foreground: true}), /`foreground` cannot be had with isolation 'pidns'/);
});
