// Owns: how large pipes become: busy ones grow, within a budget of the process that comes back, and shrunk ones carry everything (FAULTS 43). And
//   what their chunks cost.
// Never: starts a job.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {Worker} from 'node:worker_threads';
import {native, type Reader, type Writer} from '../../src/native.js';
import {censusOfThisFile} from '../support/census.js';
import {within} from '../support/wait.js';

const {addon} = native();
censusOfThisFile(() => {});

const DEFAULT = 65_536;
const LARGE = 262_144;
/** Large chunks: 256 MiB of them. */
const DROPPED = 1024;
/** capacity.c: 8 MiB, each grown pipe takes what it holds beyond a default one; so does a thread's relay. */
const MOST_GROWN = Math.floor((8 << 20) / (LARGE - DEFAULT)) - 1;

interface Pipe {
  readonly reader: Reader;
  readonly writer: Writer;
}

function pipe(): Pipe {
  const pair = addon.pipe();
  assert.ok(Array.isArray(pair));
  return {reader: new addon.Reader(pair[0], () => {}), writer: new addon.Writer(pair[1], () => {})};
}

function close({reader, writer}: Pipe): void {
  reader.close();
  writer.close();
}

/** Moves `length` bytes at a time through the pipe, and back to empty. */
function move({reader, writer}: Pipe, times: number, length: number): void {
  const bytes = Buffer.alloc(length, 'x');
  for (let i = 0; i < times; i++) {
    assert.equal(writer.write(bytes, 0), length);
    assert.equal((reader.read(1 << 20) as Buffer).length, length);
  }
}

/** What an empty pipe takes: its size. */
function sizeOf({reader, writer}: Pipe): number {
  const size = writer.write(Buffer.alloc(1 << 20), 0);
  for (let left = size; left > 0; ) left -= (reader.read(1 << 20) as Buffer).length;
  writer.unpark();
  return size;
}

test('a pipe grows once it is found full again and again, and not before', () => {
  const busy = pipe();
  move(busy, 10, DEFAULT);
  assert.equal(sizeOf(busy), DEFAULT);
  move(busy, 10, DEFAULT);
  assert.equal(sizeOf(busy), LARGE);
  const calm = pipe();
  move(calm, 500, 20_000);
  assert.equal(sizeOf(calm), DEFAULT);
  for (const each of [busy, calm]) close(each);
});

test('no byte is lost or moved while a pipe grows under what lies in it', () => {
  const one = pipe();
  let [written, read] = [0, 0];
  for (let i = 0; i < 100; i++) {
    const bytes = Buffer.from(Uint8Array.from({length: 60_000}, (_, at) => (written + at) % 251));
    written += one.writer.write(bytes, 0);
    const chunk = one.reader.read(40_000) as Buffer;
    for (const byte of chunk) assert.equal(byte, read++ % 251);
  }
  assert.ok(written - read > DEFAULT, 'it has grown');
  while (read < written) for (const byte of one.reader.read(1 << 20) as Buffer) assert.equal(byte, read++ % 251);
  close(one);
});

/** How many of `count` new, busy pipes were allowed to grow. */
function grown(count: number): number {
  const pipes = Array.from({length: count}, pipe);
  for (const each of pipes) move(each, 20, DEFAULT);
  const sizes = pipes.map(sizeOf);
  for (const each of pipes) close(each);
  assert.ok(sizes.every((size) => size === DEFAULT || size === LARGE));
  return sizes.filter((size) => size === LARGE).length;
}

test('chunks that are dropped do not cost their pages anew', (t) => {
  const {glibcVersionRuntime: glibc} = (process.report.getReport() as unknown as {header: {glibcVersionRuntime?: string}}).header;
  if (!glibc || process.env.LD_PRELOAD || process.env.NET_RUNNER_ASAN_NODE) return t.skip('the allocator is not glibc`s own');
  const busy = pipe();
  move(busy, 20, DEFAULT);
  assert.equal(sizeOf(busy), LARGE);
  const before = process.resourceUsage().minorPageFault;
  move(busy, DROPPED, LARGE);
  const taken = process.resourceUsage().minorPageFault - before;
  // What lives between two collections of garbage takes its pages once: 32 MiB, and as much again for an engine that is late.
  assert.ok(taken < (64 << 20) / 4096, `${taken} of ${(DROPPED * LARGE) / 4096} pages`);
  close(busy);
});

test('the budget is one for the process, and closing gives back', async () => {
  assert.equal(grown(MOST_GROWN + 10), MOST_GROWN);
  assert.equal(grown(MOST_GROWN + 10), MOST_GROWN);

  const addonFile = process.env.NET_RUNNER_ADDON as string;
  const worker = new Worker(
    `const {parentPort: port} = require('node:worker_threads');
    const module_ = {exports: {}};
    process.dlopen(module_, ${JSON.stringify(addonFile)});
    const addon = module_.exports, live = [], bytes = Buffer.alloc(${DEFAULT});
    for (let i = 0; i < 30; i++) {
      const [r, w] = addon.pipe();
      const reader = new addon.Reader(r, () => {}), writer = new addon.Writer(w, () => {});
      for (let j = 0; j < 20; j++) { writer.write(bytes, 0); reader.read(1 << 20); }
      live.push(reader, writer);
    }
    port.on('message', () => {});
    port.postMessage(0);`,
    {eval: true},
  );
  await within(new Promise((resolve) => worker.once('message', resolve)), 'the worker to fill its pipes');
  assert.equal(grown(MOST_GROWN), MOST_GROWN - 30 - 1);
  await worker.terminate();
  assert.equal(grown(MOST_GROWN), MOST_GROWN);
});

/** As a user without privileges: 60 busy pipes, then 1,100 in all, and 200,000 bytes through each. Prints what it saw. */
const MANY = (addonFile: string) => `
  const module_ = {exports: {}};
  process.dlopen(module_, ${JSON.stringify(addonFile)});
  const addon = module_.exports, bytes = Buffer.alloc(200_000, 'x'), pipes = [], sizes = {};
  const open = () => {
    const pair = addon.pipe();
    if (!Array.isArray(pair)) throw new Error('pipe ' + pipes.length + ': ' + pair);
    const one = {read: 0, told: 0, wrote: 0};
    one.reader = new addon.Reader(pair[0], () => one.told++);
    one.writer = new addon.Writer(pair[1], () => one.told++);
    pipes.push(one);
    return one;
  };
  for (let i = 0; i < 60; i++) {
    const {reader, writer} = open();
    for (let j = 0; j < 20; j++) { writer.write(bytes.subarray(0, 65_536), 0); reader.read(1 << 20); }
  }
  while (pipes.length < 1_100) open();
  for (const one of pipes) {
    const size = one.wrote = one.writer.write(bytes, 0);
    sizes[size] = (sizes[size] ?? 0) + 1;
    while (one.read < bytes.length) {
      const chunk = one.reader.read(1 << 20);
      if (chunk) one.read += chunk.length;
      if (one.wrote < bytes.length) one.wrote += one.writer.write(bytes, one.wrote);
    }
  }
  console.log(JSON.stringify({uid: process.getuid(), sizes, bytes: pipes.reduce((sum, {read}) => sum + read, 0)}));`;

test('FAULTS 43: 1,100 pipes of a user without privileges: pipes of 8 KiB still carry everything', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-'));
  t.after(() => rmSync(folder, {recursive: true}));
  chmodSync(folder, 0o755);
  const copy = path.join(folder, 'net_runner.node');
  copyFileSync(process.env.NET_RUNNER_ADDON as string, copy);
  const {status, stdout, stderr} = spawnSync(process.execPath, ['-e', MANY(copy)], {
    encoding: 'utf8',
    cwd: '/',
    ...(process.getuid?.() === 0 && {uid: 65_534, gid: 65_534}),
  });
  if (stderr.includes('pipe ') && stderr.includes(': -24')) return t.skip('the limit of open files is below 2,300');
  assert.equal(status, 0, stderr);
  const {uid, sizes, bytes} = JSON.parse(stdout) as {uid: number; sizes: Record<string, number>; bytes: number};
  assert.equal(bytes, 1_100 * 200_000);
  // Those that were busy have grown, within the budget; what that and the others took is more than the user may have.
  assert.ok(uid !== 0 && (sizes[8_192] ?? 0) + (sizes[4_096] ?? 0) > 0, stdout);
  assert.ok((sizes[200_000] ?? 0) <= MOST_GROWN, stdout);
  assert.ok((sizes[DEFAULT] ?? 0) > 500, stdout);
});
