// Owns: that a terminal loses no byte, holds nobody up who does not wait for it, and leaves nothing (docs/from-netrunner.md: T3; faults 36, 37).
// Never: what the bytes mean to a screen (terminal_screen.test.ts).
//   NET_RUNNER_ROUNDS: 20 in the long run, where everything is done as often as it is promised.
import assert from 'node:assert/strict';
import {statSync} from 'node:fs';
import process from 'node:process';
import {test} from 'node:test';
import {run, type Subprocess, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {LONG} from '../support/fault.js';
import {child} from '../support/places.js';
import {openDescriptors, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const MIB = 1 << 20;
const LINE = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \r\n';
/** What `flood_stdout` writes in MIB bytes, as a terminal passes it on. */
const EXPECTED = Buffer.from(LINE.repeat(MIB / 64));

async function readAll(p: Subprocess): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let chunk = await p.read(); chunk !== null; chunk = await p.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function inTurns(count: number, atOnce: number, each: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await each();
  };
  await Promise.all(Array.from({length: atOnce}, worker));
}

const TIMES = LONG ? 1_000 : 20;

test(`1 MiB and an exit at once, ${TIMES} times with start(): every byte, in order`, {timeout: 600_000}, async () => {
  await inTurns(TIMES, 4, async () => {
    const p = await start([child('flood_stdout'), String(MIB)], {pty: true});
    const all = await readAll(p);
    assert.equal(all.length, EXPECTED.length);
    assert.ok(all.equals(EXPECTED));
    assert.equal((await p.closed).exitCode, 0);
  });
});

test(`the same ${TIMES} times with run()`, {timeout: 600_000}, async () => {
  await inTurns(TIMES, 4, async () => {
    const {stdout} = await run([child('flood_stdout'), String(MIB)], {pty: true, encoding: 'buffer'});
    assert.equal(stdout.length, EXPECTED.length);
    assert.ok(stdout.equals(EXPECTED));
  });
});

const PARALLEL = LONG ? 100 : 10;
const DELAY_MS = LONG ? 2_000 : 200;

test(`${PARALLEL} at once, the first read ${DELAY_MS} ms late: nothing is lost`, {timeout: 600_000}, async () => {
  const all = await Promise.all(Array.from({length: PARALLEL}, () => start([child('flood_stdout'), String(MIB)], {pty: true})));
  await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
  // Nobody asked, so nobody has read: they wait in write.
  for (const p of all) assert.equal(p.alive, true);
  await Promise.all(all.map(async (p) => assert.ok((await readAll(p)).equals(EXPECTED))));
});

test(`what fits is there after the exit, ${TIMES} times: exited at once, then every byte, then the end`, {timeout: 600_000}, async () => {
  await inTurns(TIMES, 10, async () => {
    const p = await start([child('write_and_exit'), '4000'], {pty: true});
    await within(p.closed, 'the exit of a program whose output nobody reads');
    assert.equal((await readAll(p)).length, 4_000);
    assert.equal(await p.read(), null);
  });
  // A second writer, that opens the terminal again after all had closed it.
  const script = 'exec </dev/null >/dev/null 2>&1; sleep 0.2; echo again >/dev/tty';
  assert.equal((await run(['sh', '-c', script], {pty: true})).stdout, 'again\r\n');
});

test('nobody has read yet: the terminal itself is gone with its tree all the same', async () => {
  const before = openDescriptors().get('/dev/ptmx') ?? 0;
  const p = await start([child('write_and_exit'), '4000'], {pty: true});
  await p.closed;
  assert.equal(openDescriptors().get('/dev/ptmx') ?? 0, before);
  let got = 0;
  for await (const chunk of p.stdout) got += (chunk as Buffer).length;
  assert.equal(got, 4_000);
});

test('somebody it left writes on until it ends, with linger', async () => {
  const script = 'trap "" HUP; (sleep 0.2; echo later) & echo first';
  const {stdout} = await run(['sh', '-c', script], {pty: true, linger: 'wait'});
  assert.equal(stdout, 'first\r\nlater\r\n');
});

/** When a name of /dev/pts was made; undefined: there is none. Names are used again, by others too. */
function madeAt(name: string): number | undefined {
  return statSync(name, {throwIfNoEntry: false})?.ctimeMs;
}

const CYCLES = LONG ? 500 : 60;

test(`${CYCLES} terminals opened and closed: none is left, no descriptor either`, {timeout: 600_000}, async () => {
  const before = openDescriptors();
  const ptys: {readonly name: string; readonly made: number}[] = [];
  await inTurns(CYCLES, 4, async () => {
    const p = await start(['sh', '-c', 'tty; read x'], {pty: true});
    const {before: name} = await p.waitFor('\r\n');
    ptys.push({name, made: madeAt(name) as number});
    await p[Symbol.asyncDispose]();
  });
  assert.equal(ptys.length, CYCLES);
  assert.ok(ptys.every(({name, made}) => name.startsWith('/dev/pts/') && made > 0));
  await until(() => ptys.every(({name, made}) => madeAt(name) !== made), 'every one of them to be gone');
  await until(() => (openDescriptors().get('/dev/ptmx') ?? 0) === (before.get('/dev/ptmx') ?? 0), 'every descriptor to be closed');
});

/** CPU time of this process in ms while `ms` pass. */
async function cpuDuring(ms: number): Promise<number> {
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const {user, system} = process.cpuUsage(before);
  return (user + system) / 1_000;
}

test('a program that does not read: writes park, and cost nothing', async () => {
  const p = await start(['sh', '-c', 'stty raw -echo; echo ready; sleep 60'], {pty: true});
  await p.waitFor('ready\n');
  let settled: boolean | undefined;
  const writing = p.write(Buffer.alloc(MIB)).then((taken) => {
    settled = taken;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(settled, undefined);
  const cpu = await cpuDuring(1_000);
  assert.ok(cpu < 300, `${cpu} ms of CPU in a second of waiting`);
  await p.stop();
  await writing;
  assert.equal(settled, false);
});

test('a slow reader gets every byte that was typed', async () => {
  const p = await start(['sh', '-c', `stty raw -echo; echo ready; head -c ${MIB} | ${child('slow_reader')} 8192 100`], {pty: true});
  await p.waitFor('ready\n');
  const typed = Buffer.from(LINE.repeat(MIB / 64)).subarray(0, MIB);
  const [taken, all] = await Promise.all([p.write(typed), readAll(p)]);
  assert.equal(taken, true);
  assert.ok(all.equals(typed), `${all.length} bytes came back`);
});

test('nobody reads: the program stops in its write, and goes on when asked', async () => {
  const p = await start([child('flood_stdout'), '0'], {pty: true});
  await until(() => processState(p.pid)?.state === 'S', 'it to wait');
  const cpu = await cpuDuring(500);
  assert.ok(cpu < 200, `${cpu} ms of CPU for a reader that does not ask`);
  assert.equal(processState(p.pid)?.state, 'S');
  assert.equal(p.stats().bytesOut, 0);
  for (let got = 0; got < MIB; ) got += (await p.read())!.length;
  // What it had written when nobody asked any more is what the terminal holds.
  await until(() => processState(p.pid)?.state === 'S', 'it to wait again');
  await p.stop();
  const held = await readAll(p);
  assert.ok(held.length > 0 && held.length < 128 * 1024, `${held.length} bytes`);
});

test('a paused Node stream stops the program too', async () => {
  const p = await start([child('flood_stdout'), '0'], {pty: true});
  let got = 0;
  p.stdout.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  await until(() => got > MIB, 'a MiB');
  p.stdout.pause();
  await until(() => processState(p.pid)?.state === 'S', 'it to wait');
  const held = got;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(got, held);
  p.stdout.resume();
  await until(() => got > held + MIB, 'another MiB');
  await p[Symbol.asyncDispose]();
});
