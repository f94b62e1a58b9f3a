// Owns: bytes at the edges: readers that pause, that come late, that are a thousand, and children that do not read (faults 35, 36, 43, 48).
// Never: the shapes of a stream (behaviour/stream.test.ts).
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {chmodSync, copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {Readable} from 'node:stream';
import {run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault, LONG} from '../support/fault.js';
import {startHost} from '../support/host.js';
import {child} from '../support/places.js';
import {within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What flood_stdout writes. */
function flood(bytes: number): string {
  const line = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz \n');
  const block = Buffer.alloc(1 << 20, line);
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= block.length) hash.update(left < block.length ? block.subarray(0, left) : block);
  return hash.digest('hex');
}

fault(
  '35',
  'a reader pauses in the middle: flat memory, and every byte',
  async () => {
    const size = LONG ? 1 << 30 : 64 << 20;
    const hash = createHash('sha256');
    let bytes = 0;
    let grown = 0;
    let before = 0;
    for await (const chunk of stream([child('flood_stdout'), String(size)])) {
      hash.update(chunk);
      const half = bytes < size / 2 && bytes + chunk.length >= size / 2;
      bytes += chunk.length;
      if (!half) continue;
      before = process.memoryUsage.rss();
      await pause(LONG ? 5_000 : 300);
      grown = process.memoryUsage.rss() - before;
    }
    assert.equal(bytes, size);
    assert.equal(hash.digest('hex'), flood(size));
    assert.ok(grown < 8 << 20, `it grew by ${grown} bytes while nobody read`);
  },
  {limit: 60_000, most: 1},
);

fault('36', 'the child has written what its pipe holds and is gone; the reader comes late', async () => {
  const size = 65_536;
  const p = await start([child('write_and_exit'), String(size)]);
  const {exitCode} = await within(p.exited, 'its exit, without a reader');
  assert.equal(exitCode, 0);
  await p.closed;
  await pause(LONG ? 2_000 : 50);
  const block = Buffer.alloc(10_000);
  let bytes = 0;
  for (let length = await p.readInto(block); length > 0; length = await p.readInto(block)) bytes += length;
  assert.equal(bytes, size);

  const s = await stream([child('write_and_exit'), String(size)]).start();
  await pause(LONG ? 2_000 : 50);
  assert.equal((await s.bytes()).length, size);
});

fault(
  '43',
  '1,000 streams open at once, of a user without privileges: pipes of 8 KiB carry everything',
  async () => {
    // Where nobody may look into the project, the binaries are copied to where he may.
    const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-streams-'));
    chmodSync(dir, 0o755);
    const copy = (file: string) => {
      const to = path.join(dir, path.basename(file));
      copyFileSync(file, to);
      chmodSync(to, 0o755);
      return to;
    };
    const env = {
      NET_RUNNER_SHEPHERD: copy(process.env.NET_RUNNER_SHEPHERD as string),
      NET_RUNNER_ADDON: copy(process.env.NET_RUNNER_ADDON as string),
    };
    const host = startHost('thousand_streams', {args: ['1000', '100000', copy(child('flood_stdout'))], env});
    try {
      const [, open, uid] = await within(host.says(/^open (\d+) as (\d+)$/), 'a thousand streams', 40_000);
      assert.equal(open, '1000');
      assert.notEqual(uid, '0');
      assert.equal((await within(host.says(/^read (\d+)$/), 'all of them to be read', 40_000))[1], '100000000');
      assert.equal((await within(host.exited, 'the host to end')).code, 0);
    } finally {
      await host.end();
      rmSync(dir, {recursive: true});
    }
  },
  {limit: 90_000, most: 1},
);

fault('48', 'input for a child that does not read, or stops: no error, and the result says so', async () => {
  const endless = () =>
    new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
  const closed: string[] = [];
  const kinds = {
    bytes: () => Buffer.alloc(8 << 20),
    blob: () => new Blob([Buffer.alloc(8 << 20)]),
    node: () => endless().on('close', () => closed.push('node')),
    web: () => Readable.toWeb(endless().on('close', () => closed.push('web'))) as ReadableStream<Uint8Array>,
    generator: function* () {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        closed.push('generator');
      }
    },
    async: async function* () {
      try {
        for (;;) yield 'x'.repeat(65_536);
      } finally {
        closed.push('async');
      }
    },
  };
  for (const [name, make] of Object.entries(kinds)) {
    const input = () => make() as Buffer;
    const {inputComplete, stdout} = await within(run(['head', '-c', '3'], {input: input()}), `run() fed from ${name}`);
    assert.deepEqual([inputComplete, stdout.length], [false, 3], name);
    const s = stream(['head', '-c', '3'], {input: input()});
    assert.equal((await within(s.bytes(), `stream() fed from ${name}`)).length, 3, name);
    assert.equal((await s.result).inputComplete, false, name);
    const p = await start(['head', '-c', '3'], {input: input()});
    const {exitCode, inputComplete: all} = await within(p.closed, `start() fed from ${name}`);
    assert.deepEqual([exitCode, all], [0, false], name);
    await p[Symbol.asyncDispose]();
  }
  assert.deepEqual([...new Set(closed)].sort(), ['async', 'generator', 'node', 'web']);
  assert.equal((await run(['cat'], {input: 'all of it'})).inputComplete, true);
  assert.equal((await (await start(['cat'], {input: 'all of it', stdout: 'ignore'})).closed).inputComplete, true);
  assert.ok(!('inputComplete' in (await (await start(['true'])).closed)));
  const p = await start(['true']);
  await p.exited;
  assert.equal(await p.write(Buffer.alloc(1 << 20)), false);
  await p[Symbol.asyncDispose]();
});
