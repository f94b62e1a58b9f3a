// Owns: a cgroup for each job, on a tree without controllers too: where it lies, joining, freezing, counting, optional, removal; and `isolation`.
// Never: limits that need a controller (the virtual machine's suite has them); the death of anybody of ours (survival/isolation).
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {RunError, run, start, type Usage} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {folder, isThere, leavesBelow, mount, noCgroups} from '../support/cgroups.js';
import {child, commandLineFile} from '../support/places.js';
import {isAlive} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const skip = noCgroups;

const own = (text: string) => /^0::(.*)$/m.exec(text)?.[1];

test('it is joined before the program runs, and removed with what was made for it', {skip}, async () => {
  const result = await run(['cat', '/proc/self/cgroup'], {cgroup: `${folder}/a/b`});
  assert.match(own(result.stdout)!, new RegExp(`/${folder}/a/b/nr-[0-9a-f]{16}$`));
  assert.deepEqual([result.isolation, result.usage.scope, result.oom], ['cgroup', 'cgroup', false]);
  assert.equal(isThere(folder), false);
  assert.equal((await run(['true'])).isolation, 'tree');
});

test('everybody it starts is in it', {skip}, async () => {
  const p = await start([child('leave_survivors')], {cgroup: folder, killTimeout: 100});
  let said = '';
  while (!said.includes('up\n')) said += String(await p.read());
  const [leaf] = leavesBelow(folder);
  const members = readFileSync(path.join(leaf!, 'cgroup.procs'), 'latin1').trim().split('\n').map(Number);
  const named = ['leader', 'worker', 'runaway'].map((name) => Number(said.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1]));
  assert.deepEqual(members.sort(), named.sort());
  assert.equal((await p.usage())?.processes, 3);
  const end = await p.stop();
  assert.deepEqual([end.proven, named.some(isAlive), isThere(folder)], [true, false, false]);
  while ((await p.read()) !== null);
});

test('jobs that share a path have cgroups of their own', {skip}, async () => {
  const [one, other] = await Promise.all([start(['sleep', '60'], {cgroup: folder}), start(['sleep', '60'], {cgroup: folder})]);
  assert.equal(leavesBelow(folder).length, 2);
  await one.stop();
  assert.equal(other.alive, true);
  assert.equal(leavesBelow(folder).length, 1);
  await other.stop();
  assert.equal(isThere(folder), false);
});

test('many at once, in one path and in many', {skip}, async () => {
  const results = await Promise.all(
    Array.from({length: 60}, (_, i) => run(['true'], {cgroup: i % 2 ? folder : `${folder}/${i % 7}/${i}`})),
  );
  assert.ok(results.every(({exitCode, isolation}) => exitCode === 0 && isolation === 'cgroup'));
  await until(() => !isThere(folder), 'all of it to be removed');
});

test('what was there before is kept as long as it holds something', {skip}, async () => {
  const directory = path.join(mount!, folder);
  mkdirSync(directory);
  mkdirSync(path.join(directory, 'theirs'));
  await run(['true'], {cgroup: `${folder}/ours`});
  assert.deepEqual(
    readdirSync(directory, {withFileTypes: true})
      .filter((entry) => entry.isDirectory())
      .map(({name}) => name),
    ['theirs'],
  );
  rmdirSync(path.join(directory, 'theirs'));
  rmdirSync(directory);
});

test('cgroups that the job makes in its own go with it', {skip}, async () => {
  const script = 'd=$0$(sed -n s/^0:://p /proc/self/cgroup); mkdir $d/x $d/x/y; echo $$ > $d/x/y/cgroup.procs; sleep 60 & exit 0';
  const result = await run(['sh', '-c', script, mount!], {cgroup: folder});
  assert.deepEqual([result.exitCode, result.leftovers.length, isThere(folder)], [0, 1, false]);
});

const notRoot = process.getuid?.() !== 0 && 'only root may move itself where it likes';
test('who has left it is ended too, also while its orphans come and go', {skip: skip || notRoot}, async () => {
  const elsewhere = path.join(mount!, `${folder}-elsewhere`);
  mkdirSync(elsewhere);
  try {
    const script = 'echo $$ >$0/cgroup.procs; echo left; while :; do (sleep 0.005 &); done';
    const p = await start(['sh', '-c', script, elsewhere], {cgroup: folder});
    assert.equal(String(await p.read()), 'left\n');
    assert.equal(readFileSync(path.join(leavesBelow(folder)[0]!, 'cgroup.procs'), 'latin1'), '');
    const end = await within(p.stop({killTimeout: 0}), 'stop()');
    assert.deepEqual([end.proven, end.signal, end.reason], [true, 'SIGKILL', 'signal']);
    assert.equal(readFileSync(path.join(elsewhere, 'cgroup.procs'), 'latin1'), '');
  } finally {
    rmdirSync(elsewhere);
  }
});

test('somebody who was put into it by others ends with it', {skip}, async () => {
  const stranger = await start(['sleep', '60']);
  const p = await start(['sleep', '60'], {cgroup: folder});
  writeFileSync(path.join(leavesBelow(folder)[0]!, 'cgroup.procs'), String(stranger.pid));
  await p.stop();
  assert.equal((await within(stranger.closed, 'the stranger to end')).signal, 'SIGKILL');
  assert.equal(isThere(folder), false);
});

test('a birth that fails leaves none', {skip}, async () => {
  await assert.rejects(
    run(['no-such-program-at-all'], {cgroup: `${folder}/x`}),
    (error) => error instanceof RunError && error.code === 'ENOENT',
  );
  assert.equal(isThere(folder), false);
});

test('freeze() and thaw(): nobody runs, time limits go on, and a stop thaws first', {skip}, async () => {
  const p = await start([child('spin')], {cgroup: folder});
  assert.deepEqual(await Promise.all([p.freeze(), p.freeze()]), [true, true]);
  const before = (await p.usage())!.userMs;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await p.usage())!.userMs, before);
  assert.match(readFileSync(path.join(leavesBelow(folder)[0]!, 'cgroup.events'), 'latin1'), /^frozen 1$/m);
  assert.equal(await p.thaw(), true);
  await until(async () => (await p.usage())!.userMs > before, 'it to go on');
  await p.freeze();
  const end = await within(p.stop(), 'stop()');
  assert.deepEqual([end.signal, end.forced], ['SIGTERM', false]);
  assert.deepEqual([await p.freeze(), await p.thaw()], [false, false]);

  const limited = await start([child('spin')], {cgroup: folder, timeout: 300, killTimeout: 5_000});
  await limited.freeze();
  assert.deepEqual([(await within(limited.closed, 'its time limit')).reason, isThere(folder)], ['timeout', false]);
});

test('FAULT 44: who is never waited for counts in a cgroup, and does not without one', {skip}, async () => {
  for (const cgroup of [folder, undefined]) {
    await using p = await start([child('spin_unreaped'), '300'], {cgroup});
    await p.read();
    const usage = await p.usage();
    // It spins until both together are 300 ms; how the kernel divides them is its own affair.
    const spent = ({userMs, systemMs}: Usage) => userMs + systemMs;
    if (cgroup) assert.ok(spent(usage!) >= 299, JSON.stringify(usage));
    else assert.deepEqual([usage!.scope, usage!.userMs, usage!.memoryBytes], ['reaped', 0, null]);
    await p.stop();
    const {usage: end} = p.stats();
    if (cgroup) assert.deepEqual([end!.scope, spent(end!) >= 299, end!.processes, end!.memoryBytes], ['cgroup', true, null, null]);
    assert.deepEqual(await p.usage(), end);
    while ((await p.read()) !== null);
  }
});

test('a limit without its controller is an error of its own, or nothing with `optional`', {skip}, async () => {
  const has = readFileSync(path.join(mount!, 'cgroup.controllers'), 'latin1').includes('memory');
  if (!has) {
    const error: unknown = await run(['true'], {cgroup: {path: folder, memoryMax: '1G'}}).catch((reason: unknown) => reason);
    assert.ok(error instanceof RunError && error.reason === 'spawn');
    assert.deepEqual([error.stage, error.code, error.syscall, error.path], ['cgroup_memory_max', 'ENOENT', 'write', 'memory.max']);
    assert.match(error.message, /the memory controller is not handed down/);
    const {isolation} = await run(['true'], {cgroup: {path: folder, memoryMax: '1G', optional: true}});
    assert.equal(isolation, 'tree');
  }
  assert.equal(isThere(folder), false);
});

test('services of `net-runner up` have one too, by the file', {skip}, async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'net-runner-cgroup-'));
  try {
    const file = path.join(directory, 'net-runner.yaml');
    writeFileSync(file, `services:\n  one:\n    command: [cat, /proc/self/cgroup]\n    cgroup: ${folder}/up\n    restart: never\n`);
    const {stdout, exitCode} = await run([process.execPath, commandLineFile(), 'up', file], {timeout: 30_000});
    assert.match(stdout, new RegExp(`0::/.*${folder}/up/nr-[0-9a-f]{16}`));
    assert.deepEqual([exitCode, isThere(folder)], [0, false]);
  } finally {
    rmSync(directory, {recursive: true});
  }
});

test("isolation: 'auto' says what it was", async () => {
  const {isolation, usage} = await run(['true'], {isolation: 'auto'});
  assert.equal(usage.scope, isolation === 'cgroup' ? 'cgroup' : 'reaped');
});
