// Owns: the promise when the fork server dies or hangs while its host lives (FAULTS 10, 11).
// Never: a shepherd's death (shepherd_death).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault} from '../support/fault.js';
import {cannotFreeze, freeze} from '../support/freezer.js';
import {hostFile} from '../support/places.js';
import {forkServersOf, processState} from '../support/proc.js';
import {GENEROUS_MS, until, within} from '../support/wait.js';

censusOfThisFile();

async function theServer(): Promise<number> {
  await run(['true']);
  const [server, ...others] = forkServersOf();
  assert.ok(server);
  assert.deepEqual(others, []);
  return server.pid;
}

async function killServer(): Promise<void> {
  const pid = await theServer();
  process.kill(pid, 'SIGKILL');
  await until(() => processState(pid) === undefined, 'the fork server to be reaped');
}

fault('10', 'the fork server is killed while idle: the next spawn works', async () => {
  await run(['true']);
  await killServer();
  assert.equal((await run(['echo', 'on'])).stdout, 'on\n');
  await theServer();
});

fault('10', 'the fork server is killed, and nobody has told us yet: hires that cannot be sent go to the next one', async () => {
  const pid = await theServer();
  process.kill(pid, 'SIGKILL');
  // No turn of the event loop in between: its sockets have ended, unread.
  for (const end = performance.now() + GENEROUS_MS; (processState(pid)?.state ?? 'Z') !== 'Z'; )
    assert.ok(performance.now() < end, 'the fork server does not die');
  const results = await within(Promise.all(Array.from({length: 40}, (_, i) => run(['echo', `${i}`]))), 'forty jobs');
  assert.deepEqual(
    results.map(({stdout}) => stdout),
    results.map((_, i) => `${i}\n`),
  );
});

fault('10', 'the fork server is killed: 100 jobs go on and report their exits', async ({line, gone}) => {
  const jobs = await Promise.all(Array.from({length: 100}, () => start(['sh', '-c', 'read x; exit $x'], {stderr: line.fd})));
  line.letGo();
  await killServer();
  assert.equal(
    jobs.every((p) => p.alive),
    true,
  );
  jobs.forEach((p, i) => void p.write(`${i}\n`));
  const ends = await within(Promise.all(jobs.map((p) => p.closed)), 'all of them to end');
  assert.deepEqual(
    ends.map(({exitCode}) => exitCode),
    jobs.map((_, i) => i),
  );
  assert.equal(
    ends.every(({proven, reason}) => proven && reason === 'exit'),
    true,
  );
  for (const p of jobs) while ((await p.read()) !== null);
  await gone();
});

fault('10', 'the fork server is killed: its jobs can still be stopped', async ({family, gone}) => {
  const {p} = await family();
  await killServer();
  const end = await within(p.stop(), 'stop()');
  assert.deepEqual([end.proven, end.forced], [true, true]);
  await gone();
});

/** Many jobs, each of which waits for the others, so that only the fork server can make enough shepherds: all run, and none twice. */
async function fortyAtOnce(): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-once-'));
  const fd = openSync(path.join(dir, 'said'), 'a');
  try {
    const numbers = Array.from({length: 40}, (_, i) => i);
    const command = (i: number) => ['sh', '-c', `echo ${i}; read x`];
    const births = await within(Promise.allSettled(numbers.map((i) => start(command(i), {stdout: fd}))), 'forty jobs to start');
    const jobs = births.filter((birth) => birth.status === 'fulfilled').map(({value}) => value);
    for (const p of jobs) p.closeStdin();
    for (const birth of births) if (birth.status === 'rejected') throw birth.reason;
    const ends = await within(Promise.all(jobs.map((p) => p.closed)), 'forty jobs to end');
    assert.equal(
      ends.every(({proven, reason}) => proven && reason === 'exit'),
      true,
    );
    const said = readFileSync(path.join(dir, 'said'), 'utf8').trim().split('\n').map(Number);
    assert.deepEqual(
      said.sort((a, b) => a - b),
      numbers,
    );
  } finally {
    closeSync(fd);
    rmSync(dir, {recursive: true});
  }
}

fault('11', 'the fork server is stopped during spawns: it is woken, and nothing runs twice', async ({took}) => {
  await killServer(); // a new one has but a few shepherds
  const server = await theServer();
  process.kill(server, 'SIGSTOP');
  const began = performance.now();
  await fortyAtOnce();
  took(performance.now() - began);
  assert.equal(await theServer(), server, 'a server that only had to be woken is kept');
});

fault(
  '11',
  'the fork server falls silent during spawns: it is replaced, and nothing runs twice',
  async ({took}) => {
    await killServer();
    const server = await theServer();
    const remove = await freeze(server);
    const began = performance.now();
    try {
      await fortyAtOnce();
    } finally {
      await remove();
    }
    took(performance.now() - began);
    assert.notEqual(await theServer(), server);
  },
  {most: 3, skip: cannotFreeze},
);

fault(
  '10',
  'the fork server of a host that is PID 1 is killed: its orphaned shepherds are reaped',
  async () => {
    const words = ['--pid', '--fork', '--mount-proc', process.execPath, hostFile('first_process')];
    const {stdout, stderr} = spawnSync('unshare', words, {encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL'});
    assert.equal(stdout, 'pid 1\nleft 0\n', stderr);
  },
  {skip: spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status !== 0 && 'this user may not make a pid namespace'},
);
