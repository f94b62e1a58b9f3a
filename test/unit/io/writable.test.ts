// Owns: Sink: order, backpressure, the child that stops reading, ending and closing (CONTRACT rows P2, P8).
// Never: starts a process.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {Readable, type Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {censusOfThisFile} from '../../support/census.js';
import {within} from '../../support/wait.js';
import {sink} from './pipes.js';

censusOfThisFile(() => {});
const afterEnd = {code: 'ERR_STDIN_CLOSED', reason: 'misuse'};

test('un-awaited writes of every kind keep their order', async () => {
  const {sink: it, all} = sink();
  const large = Buffer.alloc(300_000, 'l');
  const words = new Uint16Array([0x4241]);
  const writes = [
    it.write('text ü'),
    it.write(large),
    it.write(words),
    it.write(new DataView(words.buffer, 1)),
    it.write(words.buffer),
    it.write(''),
  ];
  it.end();
  it.end();
  const text = `text ü${large}ABBAB`;
  assert.equal(String(await all()), text);
  assert.deepEqual(await Promise.all(writes), [true, true, true, true, true, true]);
  assert.equal(it.bytes, Buffer.byteLength(text));
});

test('true only once the kernel took all of it', async () => {
  const {sink: it, hear, leave} = sink();
  let isSettled = false;
  const write = it.write(Buffer.alloc(100_000)).finally(() => {
    isSettled = true;
  });
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(isSettled, false);
  assert.equal(hear()?.length, 65_536);
  assert.equal(await write, true);
  it.close();
  leave();
});

test('false once the child no longer reads, and never an error', async () => {
  const {sink: it, leave} = sink();
  const waits = [it.write(Buffer.alloc(100_000)), it.write('more')];
  leave();
  assert.deepEqual(await Promise.all(waits), [false, false]);
  assert.equal(await it.write('x'), false);
  it.end();
  await assert.rejects(it.write('x'), afterEnd);
});

test('after end() a write rejects; before that it is answered', async () => {
  const {sink: it, all} = sink();
  const last = it.write('last');
  it.end();
  await assert.rejects(it.write('late'), afterEnd);
  assert.equal(await last, true);
  assert.equal(String(await all()), 'last');
  await assert.rejects(it.write(42 as never), afterEnd);
  const {sink: other, leave} = sink();
  await assert.rejects(other.write(42 as never), TypeError);
  await assert.rejects(other.write(null as never), TypeError);
  other.close();
  leave();
});

test('close() settles what waits', async () => {
  const {sink: it, leave} = sink();
  let calls = 0;
  it.whenClosed(() => calls++);
  const waits = it.write(Buffer.alloc(100_000));
  it.close();
  it.close();
  assert.equal(await waits, false);
  it.whenClosed(() => calls++);
  assert.equal(calls, 2);
  leave();
});

test('a child that always keeps up does not hold the event loop', async () => {
  const {sink: it, reader} = sink();
  const block = Buffer.alloc(32_768);
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  for (let bytes = 0; bytes < 8 << 20; bytes += block.length) {
    await it.write(block);
    reader.read(65_536);
  }
  isOver = true;
  assert.ok(turns >= 7, String(turns));
  it.close();
  reader.close();
});

test('as a stream: backpressure, finish, end', async () => {
  const {sink: it, all} = sink();
  const stream = it.toWritable();
  assert.equal(it.toWritable(), stream);
  assert.equal(stream.write(Buffer.alloc(200_000, 'a')), false);
  const rest = all();
  await once(stream, 'drain');
  stream.cork();
  for (const part of ['b', 'c', 'd']) stream.write(part);
  stream.uncork();
  stream.end('e');
  await once(stream, 'finish');
  assert.equal(String((await rest).subarray(200_000)), 'bcde');
});

test('a stream whose child stops reading closes without an error, and stops who pipes into it', async () => {
  const {sink: it, leave} = sink();
  const stream = it.toWritable();
  stream.on('error', (error) => assert.fail(error));
  let isDestroyed = false;
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(65_536));
    },
    destroy(_error, callback) {
      isDestroyed = true;
      callback(null);
    },
  });
  const piped = pipeline(endless, stream);
  await turn();
  leave();
  await assert.rejects(within(piped, 'the pipeline'), {code: 'ERR_STREAM_PREMATURE_CLOSE'});
  assert.ok(isDestroyed);
  assert.ok(stream.destroyed);
  stream.write('more'); // as with any destroyed stream: no error event
  await turn();
});

test('destroy() ends the child’s input; so does the sink’s end for the stream', async () => {
  const one = sink();
  one.sink.toWritable().destroy();
  assert.equal(String(await one.all()), '');
  const two = sink();
  const stream: Writable = two.sink.toWritable();
  two.sink.end();
  await once(stream, 'close');
  assert.equal(String(await two.all()), '');
});
