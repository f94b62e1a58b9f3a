// Owns: busy pipes read through the relay (native/addon/relay.c): the same bytes, its two descriptors shared and closed.
// Never: how fast that is (bench).
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import process from 'node:process';
import {test} from 'node:test';
import {Worker} from 'node:worker_threads';
import {run, start, stream} from '../../src/index.js';
import type {Reader, Writer} from '../../src/native.js';
import {addon, fdCount, pipe} from '../support/addon.js';
import {censusOfThisFile} from '../support/census.js';
import {child} from '../support/places.js';
import {within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

function ends(): [Reader, Writer] {
  const [read, write] = pipe();
  return [new addon.Reader(read, () => {}), new addon.Writer(write, () => {})];
}

/** A pipe that was so busy that its reader has the relay. */
function busyPipe(): {reader: Reader; writer: Writer} {
  const [reader, writer] = ends();
  for (let i = 0; i < 10; i++) {
    assert.equal(writer.write(Buffer.alloc(65_536), 0), 65_536);
    assert.equal((reader.read(1 << 20) as Buffer).length, 65_536);
  }
  return {reader, writer};
}

test('bytes written and read in pieces of any size are the same, to the end', () => {
  const {reader, writer} = busyPipe();
  const sent = randomBytes(16 << 20);
  const got = Buffer.alloc(sent.length);
  let [written, read] = [0, 0];
  for (let turn = 0; read < sent.length; turn++) {
    const size = [4_096, 100_000, 1, 65_536, 5_000, 300_000][turn % 6] as number;
    if (written < sent.length) written += writer.write(sent.subarray(0, Math.min(sent.length, written + size)), written);
    if (written === sent.length) writer.close();
    const most = [1 << 20, 65_535, 4_097, 4_095, 17, 131_072, 1][turn % 7] as number;
    if (turn % 2 === 0) {
      const chunk = reader.read(most);
      if (Buffer.isBuffer(chunk)) read += chunk.copy(got, read);
    } else read += reader.readInto(got.subarray(read, read + most)) ?? 0;
  }
  assert.ok(got.equals(sent));
  assert.equal(reader.read(1), null);
  assert.equal(reader.bytes, sent.length + 655_360);
});

test('readers share two descriptors, which go with the last of them; one that reads lines has none', () => {
  const before = fdCount();
  const [one, two] = [busyPipe(), busyPipe()];
  assert.equal(fdCount(), before + 4 + 2);
  one.writer.close();
  assert.equal(one.reader.read(1), null, 'the end lets go of it, too');
  assert.equal(fdCount(), before + 2 + 2);
  two.reader.close();
  two.writer.close();
  assert.equal(fdCount(), before);
  const [reader, writer] = ends();
  for (let i = 0; i < 10_000; i++) {
    writer.write(Buffer.alloc(100), 0);
    assert.equal((reader.read(1 << 20) as Buffer).length, 100);
  }
  assert.equal(fdCount(), before + 2);
  reader.close();
  writer.close();
});

const PACKETS = 5_000_000;

/** The byte at n is n % 251. */
function assertInOrder(bytes: Uint8Array, from = 0): void {
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== (from + at) % 251) assert.fail(`byte ${from + at} is ${bytes[at]}`);
}

test('a pipe in packet mode loses nothing, read by pages or more', async () => {
  const command = [child('packets'), String(PACKETS)];
  const {stdout} = await run(command, {encoding: 'buffer'});
  assert.equal(stdout.length, PACKETS);
  assertInOrder(stdout);
  let at = 0;
  for await (const chunk of stream(command)) {
    assertInOrder(chunk, at);
    at += chunk.length;
  }
  assert.equal(at, PACKETS);
  const before = fdCount();
  await using p = await start(command, {stdin: 'ignore', stderr: 'ignore'});
  const target = Buffer.alloc(1 << 20);
  let [read, relayed] = [0, false];
  for (let got = await p.readInto(target); got > 0; got = await p.readInto(target)) {
    assertInOrder(target.subarray(0, got), read);
    read += got;
    if (read > PACKETS / 2 && !relayed) relayed = fdCount() >= before + 3;
  }
  assert.equal(read, PACKETS);
  assert.ok(relayed, 'through the relay');
});

test('writes that fail leave nothing that stops anybody', async () => {
  const command = [child('empty_writes'), String(PACKETS)];
  const read = async () => {
    let at = 0;
    for await (const chunk of stream(command)) {
      assertInOrder(chunk, at);
      at += chunk.length;
    }
    return at;
  };
  const [{stdout}, ...lengths] = await within(Promise.all([run(command, {encoding: 'buffer'}), read(), read()]), 'all of it', 60_000);
  assertInOrder(stdout);
  assert.deepEqual([stdout.length, ...lengths], [PACKETS, PACKETS, PACKETS]);
});

test('a worker that ends in the middle leaves none of it', async () => {
  const before = fdCount();
  const worker = new Worker(
    `const {parentPort} = require('node:worker_threads');
    const module_ = {exports: {}};
    process.dlopen(module_, ${JSON.stringify(process.env.NET_RUNNER_ADDON)});
    const addon = module_.exports, [r, w] = addon.pipe();
    const reader = new addon.Reader(r, () => {}), writer = new addon.Writer(w, () => {});
    for (let i = 0; i < 10; i++) { writer.write(Buffer.alloc(65_536), 0); reader.read(1 << 20); }
    const fds = require('node:fs').readdirSync('/proc/self/fd').length;
    parentPort.on('message', () => {});
    parentPort.postMessage(fds);`,
    {eval: true},
  );
  const during = await within(new Promise<number>((resolve) => worker.once('message', resolve)), 'its word');
  assert.ok(during >= before + 4, `${during} descriptors, ${before} before`);
  await worker.terminate();
  assert.equal(fdCount(), before);
});
