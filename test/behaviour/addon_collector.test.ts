// Owns: the addon's Collector alone, on real pipes within this process: what it keeps, how it ends, that it leaves others their turn.
// Never: starts a job.
import assert from 'node:assert/strict';
import {constants} from 'node:os';
import {test} from 'node:test';
import type {Collector} from '../../src/native.js';
import {addon, pattern, pipe, pour, put, reader} from '../support/addon.js';
import {censusOfThisFile} from '../support/census.js';
import {until, within} from '../support/wait.js';

const {EPIPE} = constants.errno;
censusOfThisFile(() => {});

function collect(fd: number, head: number, tail: number, stopWhenFull: boolean): {collector: Collector; end: Promise<number>} {
  let settle: (status: number) => void;
  const end = new Promise<number>((resolve) => {
    settle = resolve;
  });
  return {collector: new addon.Collector(fd, head, tail, stopWhenFull, (status) => settle(status)), end};
}

test('a collector keeps everything, however much it is', async () => {
  for (const length of [0, 1, 8 << 10, (8 << 10) + 1, 65_536, 131_073, 5_000_001]) {
    const [read, write] = pipe();
    const {collector, end} = collect(read, 100 << 20, 0, true);
    const bytes = pattern(length);
    pour(write, bytes);
    assert.equal(await end, 0);
    assert.equal(collector.bytes, length);
    assert.equal(collector.kept, length);
    assert.ok(collector.peek().head.equals(bytes));
    const {head, tail} = collector.take();
    assert.ok(head.equals(bytes));
    assert.equal(tail.length, 0);
    assert.equal(collector.kept, 0);
    assert.equal(collector.take().head.length, 0);
  }
});

test('a collector keeps head and tail of what is too long', async () => {
  for (const [head, tail, length] of [
    [10, 10, 15],
    [10, 10, 20],
    [10, 10, 21],
    [0, 7, 100_000],
    [7, 0, 100_000],
    [0, 0, 100_000],
    [32_768, 32_768, 1_000_000],
    [1_000, 300_000, 1_234_567],
  ] as const) {
    const [read, write] = pipe();
    const {collector, end} = collect(read, head, tail, false);
    const bytes = pattern(length);
    pour(write, bytes);
    assert.equal(await end, 0);
    assert.equal(collector.bytes, length);
    const want = {head: bytes.subarray(0, head), tail: length > head ? bytes.subarray(Math.max(head, length - tail)) : Buffer.alloc(0)};
    assert.ok(collector.peek().tail.equals(want.tail), `peek ${head} ${tail} ${length}`);
    const got = collector.take();
    assert.ok(got.head.equals(want.head), `head ${head} ${tail} ${length}`);
    assert.ok(got.tail.equals(want.tail), `tail ${head} ${tail} ${length}`);
  }
});

test('stopWhenFull: exactly so much is kept, one byte more is the end, and the pipe is closed', async () => {
  for (const [head, tail] of [
    [1_000, 0],
    [700, 300],
    [0, 1_000],
    [0, 0],
  ] as const) {
    for (const over of [0, 1, 100_000]) {
      const [read, write] = pipe();
      const {collector, end} = collect(read, head, tail, true);
      const bytes = pattern(head + tail + over);
      pour(write, bytes);
      assert.equal(await end, over > 0 ? 1 : 0, `${head} ${tail} ${over}`);
      assert.equal(collector.kept, head + tail);
      assert.equal(collector.bytes, head + tail + (over > 0 ? 1 : 0));
      const kept = collector.take();
      assert.ok(Buffer.concat([kept.head, kept.tail]).equals(bytes.subarray(0, head + tail)));
    }
  }
});

test('a collector’s finish() reads what is there and ends, whoever holds the pipe', async () => {
  const [read, write] = pipe();
  const {collector, end} = collect(read, 1 << 20, 0, true);
  const writer = new addon.Writer(write, () => {});
  writer.write(pattern(50_000), 0);
  collector.finish();
  assert.equal(await end, 0);
  assert.equal(collector.heldOutside, true);
  assert.ok(collector.take().head.equals(pattern(50_000)));
  assert.equal(writer.write(Buffer.from('x'), 0), -EPIPE);
  writer.close();
  collector.finish();
  collector.close();

  const [read2, write2] = pipe();
  const ended = collect(read2, 10, 0, true);
  addon.close(write2);
  ended.collector.finish();
  assert.equal(await ended.end, 0);
  assert.equal(ended.collector.heldOutside, false);

  const [read3, write3] = pipe();
  const full = collect(read3, 10, 0, true);
  put(write3, 'more than ten bytes');
  full.collector.finish();
  assert.equal(await full.end, 1);
  assert.equal(full.collector.take().head.toString(), 'more than ');
});

test('a flood leaves other handles their turn', async () => {
  const [read, write] = pipe();
  const {collector, end} = collect(read, 0, 0, false);
  const [other, mine] = pipe();
  let isTold = false;
  const it = reader(other, () => {
    isTold = true;
  });
  it.read(1);
  const zeros = Buffer.alloc(1 << 16);
  const writer = new addon.Writer(write, () => go());
  const go = () => {
    while (!isTold && writer.write(zeros, 0) === zeros.length);
  };
  go();
  const small = new addon.Writer(mine, () => {});
  small.write(Buffer.from('x'), 0);
  await within(
    until(() => isTold, 'the other reader'),
    'the other reader',
  );
  for (const each of [writer, small, it]) each.close();
  await end;
  assert.ok(collector.bytes > 0);
});
