// Owns: job control inside a pty, and what a terminal's end means to all who use it (faults 38, 39).
// Never: the host's own terminal (survival/, native/terminal_test.c).
import assert from 'node:assert/strict';
import {once} from 'node:events';
import process from 'node:process';
import {after, test} from 'node:test';
import {Worker} from 'node:worker_threads';
import {run, type Subprocess, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {startHost} from '../support/host.js';
import {newLifeline} from '../support/lifeline.js';
import {hostFile} from '../support/places.js';
import {findMarked, newMarker, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

const PATIENT = {timeout: 20_000};

const shells: Subprocess[] = [];
// Before the census: a test that fails must not hold the file up.
after(() => Promise.all(shells.map((p) => p[Symbol.asyncDispose]())));
censusOfThisFile();

async function shell(): Promise<Subprocess> {
  const p = await start(['bash', '--norc'], {pty: true, env: {PS1: '[$?]> ', HISTFILE: undefined}});
  shells.push(p);
  await p.waitFor('[0]> ', PATIENT);
  return p;
}

const inFront = (p: Subprocess, name: string) =>
  until(() => p.foreground?.name === name && p.foreground, `${name} to be in the foreground`);

test('^C ends what is in the foreground, and only that', async () => {
  const p = await shell();
  await p.write('sleep 60 & sleep 61\r');
  await inFront(p, 'sleep');
  await p.write('\x03');
  await p.waitFor('[130]> ', PATIENT);
  await p.write('jobs\r');
  await p.waitFor(/Running\s+sleep 60/, PATIENT);
  await p.stop();
});

test('^Z stops it, fg continues it, ^\\ ends it', async () => {
  const p = await shell();
  await p.write('sleep 60\r');
  const {pid} = await inFront(p, 'sleep');
  await p.write('\x1a');
  await p.waitFor(/Stopped[^\n]*\n[^\n]*\[148\]> /, PATIENT);
  assert.equal(processState(pid)?.state, 'T');
  assert.equal(p.foreground?.pid, p.pid);
  await p.write('fg\r');
  assert.equal((await inFront(p, 'sleep')).pid, pid);
  await until(() => processState(pid)?.state === 'S', 'it to go on');
  await p.write('\x1c');
  await p.waitFor(/\[131\]> /, PATIENT);
  await p.stop();
});

test('stop() reaches stopped and background jobs, in whatever group they are', async () => {
  const marker = newMarker();
  const p = await shell();
  await p.write(`sh -c 'sleep 60; :' ${marker} &\r`);
  await p.waitFor('[0]> ', PATIENT);
  await p.write(`sh -c 'kill -STOP $$; :' ${marker}\r`);
  await p.waitFor(/Stopped/, PATIENT);
  await until(() => findMarked(marker).filter(({commandLine}) => commandLine.startsWith('sh -c')).length === 2, 'both jobs to run');
  const end = await p.stop();
  assert.deepEqual([end.proven, end.forced], [true, false]);
  assert.equal(findMarked(marker).length, 0);
});

test('the leader exits: who is left is hung up, then ended by policy', async () => {
  const script = (body: string) => `(${body}) & read x; exit 0`;
  const told = await start(['sh', '-c', script('trap "echo hung up; exit" HUP; echo up; while :; do sleep 0.05; done')], {pty: true});
  await told.waitFor('up\r\n', PATIENT);
  await told.write('\n');
  await told.waitFor('hung up', PATIENT);
  const end = await told.closed;
  assert.deepEqual([end.exitCode, end.forced], [0, false]);
  const deaf = await start(['sh', '-c', script('trap "" HUP TERM; echo up; while :; do sleep 0.05; done')], {pty: true});
  await deaf.waitFor('up\r\n', PATIENT);
  await deaf.write('\n');
  const ended = await deaf.closed;
  assert.deepEqual([ended.exitCode, ended.forced, ended.proven], [0, true, true]);
  assert.ok(ended.leftovers.length >= 1);
});

test('the size and the foreground are still right when somebody else has the terminal', async () => {
  const script = 'trap "" HUP; (sleep 0.3; stty size <&1; sleep 0.1) & exit 0';
  const p = await start(['sh', '-c', script], {pty: true, linger: 'wait'});
  await p.exited;
  assert.equal(p.resize(99, 33), true);
  await p.waitFor('33 99', PATIENT);
  await p.closed;
});

test('the host is killed: everybody in its terminals is gone', async () => {
  const marker = newMarker();
  const line = newLifeline();
  const host = startHost('terminal_jobs', {args: [marker], fd3: line.fd});
  try {
    line.letGo();
    await host.says(/^up$/);
    assert.ok(findMarked(marker).length >= 3);
    host.kill('SIGKILL');
    await within(line.ended, 'the lifeline to end');
    await until(() => findMarked(marker).length === 0, 'everybody who carries the marker to be gone');
  } finally {
    line.close();
    await host.end();
  }
});

test('a worker thread ends: its terminals end with it', async () => {
  const code = `import(${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)}).then(async ({start}) => {
    const p = await start(['bash', '--norc'], {pty: true, killTimeout: 500});
    void p.read();
    void p.write('x');
    require('node:worker_threads').parentPort.postMessage(p.pid);
  });`;
  const worker = new Worker(code, {eval: true});
  const [pid] = (await within(once(worker, 'message'), 'its shell')) as [number];
  assert.ok(processState(pid));
  await worker.terminate();
  await until(() => processState(pid) === undefined, 'the shell to be gone');
});

test('no descriptor is left for a terminal (47): a typed error, and the next one works', async () => {
  const {stdout} = await run(['sh', '-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, hostFile('exhausted'), 'pty'], {lines: true});
  assert.deepEqual(stdout[0]?.split(' ').slice(1).sort(), ['ran', 'spawn:EMFILE']);
  assert.deepEqual(stdout.slice(1), ['then 0', 'fds equal']);
});

test('a host in the background starts terminals, and takes nobody else’s', async () => {
  const p = await shell();
  await p.write(`${process.execPath} ${hostFile('terminal_in_background')} &\r`);
  await p.waitFor('started and ended 3\r\n', PATIENT);
  // It has neither been stopped by the terminal, nor got it.
  assert.equal(p.foreground?.pid, p.pid);
  await p.write('wait %1; echo host $?\r');
  await p.waitFor('host 0', PATIENT);
  await p.stop();
});

test('without any terminal a host has them all the same', async () => {
  const {stdout} = await run(['setsid', '-w', process.execPath, hostFile('terminal_in_background')]);
  assert.equal(stdout, 'started and ended 3\n');
});
