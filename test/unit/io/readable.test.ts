// Owns: Source: reads in order, aborted reads, one consumer, and the Node stream's demand (CONTRACT rows P2, P8, N2).
// Never: starts a process.
import assert from 'node:assert/strict';
import {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {censusOfThisFile} from '../../support/census.js';
import {until} from '../../support/wait.js';
import {source} from './pipes.js';

censusOfThisFile(() => {});
const claimed = {code: 'ERR_STREAM_CLAIMED', reason: 'misuse'};

test('reads are answered in their order, with at most what was asked for', async () => {
  const {source: it, say, end} = source();
  const reads = [it.read(3), it.read(), it.read(), it.read()];
  say('hello');
  assert.equal(String(await reads[0]), 'hel');
  assert.equal(String(await reads[1]), 'lo');
  end();
  assert.deepEqual(await Promise.all(reads.slice(2)), [null, null]);
  assert.equal(await it.read(), null);
  assert.equal(it.bytes, 5);
  assert.equal(it.count, 2);
});

test('what lies there is read at once; readInto() keeps to the caller’s memory', async () => {
  const {source: it, say, end} = source();
  say('0123456789');
  const target = new Uint8Array(4);
  assert.equal(await it.readInto(target), 4);
  assert.equal(Buffer.from(target).toString(), '0123');
  assert.equal(String(await it.read(100)), '456789');
  const waits = it.readInto(target);
  end();
  assert.equal(await waits, 0);
  await assert.rejects(it.readInto(new Uint8Array(0)), {code: 'ERR_INVALID_ARGS'});
});

test('asking for nothing is refused', async () => {
  const {source: it, end} = source();
  for (const max of [0, -1, Number.NaN]) await assert.rejects(it.read(max), {code: 'ERR_INVALID_ARGS'});
  it.close();
  end();
});

test('an aborted read leaves no trace', async () => {
  const {source: it, say, end} = source();
  const reason = new Error('enough');
  const [first, second] = [new AbortController(), new AbortController()];
  const reads = [it.read(10, first.signal), it.read(10), it.read(10, second.signal)] as const;
  first.abort(reason);
  await assert.rejects(reads[0], (error) => error === reason);
  say('kept');
  assert.equal(String(await reads[1]), 'kept');
  second.abort(reason);
  await assert.rejects(reads[2], (error) => error === reason);
  say('also kept');
  await turn();
  assert.equal(it.bytes, 4);
  await assert.rejects(it.read(10, first.signal), (error) => error === reason);
  const third = new AbortController();
  assert.equal(String(await it.read(99, third.signal)), 'also kept');
  third.abort(reason);
  it.close();
  end();
});

test('reads that wait settle with null when it is closed, or when the tree is gone', async () => {
  const one = source();
  const waits = [one.source.read(), one.source.read()];
  one.source.close();
  assert.deepEqual(await Promise.all(waits), [null, null]);
  assert.equal(await one.source.read(), null);
  one.end();

  const two = source();
  const held = [two.source.read(), two.source.read()];
  two.source.finish();
  assert.deepEqual(await Promise.all(held), [null, null]);
  assert.equal(two.source.heldOutside, true);
  two.source.close();
  two.source.finish();
  two.end();
});

test('what was written before the tree was gone stays readable', async () => {
  const {source: it, say, end} = source();
  say('last words');
  it.finish();
  assert.equal(String(await it.read(4)), 'last');
  assert.equal(String(await it.read()), ' words');
  assert.equal(await it.read(), null);
  end();
});

test('one consumer: reads or a stream', async () => {
  const one = source();
  const stream = one.source.toReadable();
  assert.equal(one.source.toReadable(), stream);
  one.say('x');
  assert.equal(String(await one.source.read()), 'x'); // having the stream has claimed nothing
  assert.throws(() => stream.on('data', () => {}), claimed);
  assert.throws(() => stream.once('readable', () => {}), claimed);
  stream.on('end', () => {});
  one.source.close();
  one.end();

  const two = source();
  two.source.toReadable().on('data', () => {});
  await assert.rejects(two.source.read(), claimed);
  two.source.close();
  two.end();

  const three = source();
  const late = three.source.toReadable();
  await Promise.all([three.source.read(1), three.say('x')]);
  const failure = new Promise((resolve) => late.once('error', resolve));
  late.resume();
  assert.equal(((await failure) as {code: string}).code, 'ERR_STREAM_CLAIMED');
  three.end();
});

test('as a stream: everything, then the end', async () => {
  const {source: it, say, end} = source();
  const chunks: string[] = [];
  const done = (async () => {
    for await (const chunk of it.toReadable()) chunks.push(String(chunk));
  })();
  say('one');
  await until(() => chunks.length === 1, 'the first chunk');
  say('two');
  end();
  await done;
  assert.deepEqual(chunks, ['one', 'two']);
});

test('leaving the loop closes the pipe', async () => {
  const {source: it, say, writer} = source();
  say('x');
  for await (const _ of it.toReadable()) break;
  assert.ok(writer.write(Buffer.from('y'), 0) < 0);
  assert.equal(await it.read().catch((error) => error.code), 'ERR_STREAM_CLAIMED');
  writer.close();
});

test('nobody asks: nobody reads', async () => {
  const {source: it, writer} = source();
  const stream = it.toReadable();
  const block = Buffer.alloc(65_536);
  assert.equal(writer.write(block, 0), block.length);
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(it.bytes, 0);
  stream.once('readable', () => {});
  await until(() => it.bytes > 0, 'the first chunk');
  // At most one chunk and the high-water mark are held, however much comes.
  for (let i = 0; i < 20; i++) {
    writer.write(block, 0);
    await turn();
  }
  assert.ok(it.bytes <= 65_536 + stream.readableHighWaterMark, String(it.bytes));
  it.close();
  writer.close();
});

test('a pipe that is always full does not hold the event loop', async () => {
  const {source: it, writer} = source();
  const block = Buffer.alloc(65_536);
  let turns = 0;
  let bytes = 0;
  const count = () => {
    turns++;
    if (bytes < 8 << 20) setImmediate(count);
  };
  setImmediate(count);
  writer.write(block, 0);
  while (bytes < 8 << 20) {
    bytes += (await it.read())?.length ?? 0;
    writer.write(block, 0);
  }
  assert.ok(turns >= 7, String(turns));
  it.close();
  writer.close();
});

test('pull(): what is there is the answer itself; a promise only where it waits, and behind who waits already', async () => {
  const {source: it, say, end} = source();
  say('there');
  const now = it.pull();
  assert.ok(Buffer.isBuffer(now));
  assert.equal(String(now), 'there');
  const waits = it.pull();
  assert.ok(waits instanceof Promise);
  assert.equal(it.waits, true);
  say('later');
  const behind = it.pull(); // its bytes are there, but are not its own
  assert.ok(behind instanceof Promise);
  assert.equal(String(await waits), 'later');
  say('last');
  assert.equal(String(await behind), 'last');
  end();
  assert.equal(await it.pull(), null);
  assert.equal(it.pull(), null);
  assert.equal(it.bytes, 14);
});

test('pull(): a pipe that is always full does not hold the event loop', async () => {
  const {source: it, writer} = source();
  const block = Buffer.alloc(65_536);
  let turns = 0;
  let promises = 0;
  const count = () => {
    turns++;
    if (it.bytes < 8 << 20) setImmediate(count);
  };
  setImmediate(count);
  while (it.bytes < 8 << 20) {
    writer.write(block, 0);
    const chunk = it.pull();
    if (chunk instanceof Promise) promises++;
    assert.equal((await chunk)?.length, block.length);
  }
  assert.ok(turns >= 7, String(turns));
  assert.ok(promises >= 7 && promises <= 16, `${promises} waited for the loop`);
  it.close();
  assert.equal(await it.pull(), null);
  writer.close();
});

test('pull(): refused like read() when another has the pipe, and what a search left comes first', async () => {
  const {source: it, say, end} = source();
  say('name: value');
  await it.search(': ');
  assert.equal(String(it.pull()), 'value');
  assert.throws(() => it.toReadable().on('data', () => {}), claimed);
  end();
  it.close();
  const {source: other, end: endOther} = source();
  other.toReadable().on('data', () => {});
  assert.throws(() => other.pull(), claimed);
  await assert.rejects(other.read(), claimed);
  other.close();
  endOther();
});

test('chunks stay as they were, whatever is read after them', async () => {
  const {source: it, writer} = source();
  const chunks: Buffer[] = [];
  for (let i = 0; i < 64; i++) {
    const length = 1 + ((i * 7919) % 65_536);
    assert.equal(writer.write(Buffer.alloc(length, i), 0), length);
    chunks.push((await it.pull()) as Buffer);
  }
  for (const [i, chunk] of chunks.entries()) {
    const length = 1 + ((i * 7919) % 65_536);
    assert.ok(chunk.equals(Buffer.alloc(length, i)), `chunk ${i}`);
    if (length > 4096) assert.equal(chunk.buffer.byteLength, length, 'a chunk keeps no memory but its own');
  }
  it.close();
  writer.close();
});

test('as a web stream and in a pipeline', async () => {
  const one = source();
  one.say('web');
  one.end();
  const parts: string[] = [];
  for await (const chunk of Readable.toWeb(one.source.toReadable())) parts.push(Buffer.from(chunk as Uint8Array).toString());
  assert.deepEqual(parts, ['web']);

  const two = source();
  two.say('line\n');
  two.end();
  let text = '';
  await pipeline(two.source.toReadable().setEncoding('utf8'), async (chunks: AsyncIterable<string>) => {
    for await (const chunk of chunks) text += chunk;
  });
  assert.equal(text, 'line\n');
});
