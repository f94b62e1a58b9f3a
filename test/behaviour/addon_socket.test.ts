// Owns: the addon's Socket alone, on socket pairs within this process: bytes and descriptors in order, its end, being closed from inside.
// Never: starts a job, or a frame of the protocol.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {constants} from 'node:os';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {addon, fdCount, pattern, pipe, put, reader, socket, socketPair} from '../support/addon.js';
import {censusOfThisFile} from '../support/census.js';
import {until} from '../support/wait.js';

const {EPIPE, EBADF, EINVAL} = constants.errno;
censusOfThisFile(() => {});

test('a socket keeps what does not fit, in order, and hears the end once', async () => {
  const [a, b] = socketPair();
  const [left, right] = [socket(a), socket(b)];
  const hash = createHash('sha256');
  const parts = [10, 100_000, 1, 3_000_000, 17].map(pattern);
  for (const part of parts) {
    assert.equal(left.it.write(part), 0);
    hash.update(part);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  await until(() => right.got.reduce((sum, part) => sum + part.length, 0) === length, 'all bytes');
  assert.equal(createHash('sha256').update(Buffer.concat(right.got)).digest('hex'), hash.digest('hex'));
  left.it.close();
  await until(() => right.ends.length > 0, 'the end');
  await turn();
  assert.deepEqual(right.ends, [0]);
  assert.equal(right.it.write(Buffer.from('x')), -EPIPE);
  right.it.drain();
  right.it.close();
  assert.deepEqual(right.ends, [0]);
});

test('a socket brings one descriptor with the bytes and closes further ones', async () => {
  const [a, b] = socketPair();
  const left = socket(a);
  const before = fdCount();
  const [read, write] = pipe();
  assert.equal(addon.hire(b, Buffer.from('frame'), [read, write, read]), 0);
  left.it.drain();
  assert.deepEqual(left.got, [Buffer.from('frame')]);
  assert.equal(left.fds.length, 1);
  assert.equal(fdCount(), before + 3);
  for (const fd of [read, write, ...left.fds]) addon.close(fd);
  assert.equal(addon.hire(b, Buffer.from('x'), new Array(254).fill(b)), -EINVAL);
  assert.equal(addon.hire(b, Buffer.from('x'), [9_999]), -EBADF);
  addon.close(b);
  await until(() => left.ends.length > 0, 'the end');
  left.it.close();
});

test('drain() inside onData only makes the reading longer', async () => {
  const [a, b] = socketPair();
  const inbox = new Uint8Array(2);
  const seen: string[] = [];
  let depth = 0;
  const it = new addon.Socket(a, inbox, (n) => {
    assert.equal(depth++, 0);
    const text = Buffer.from(inbox.subarray(0, Math.max(n, 0))).toString();
    it.drain();
    assert.equal(Buffer.from(inbox.subarray(0, Math.max(n, 0))).toString(), text);
    seen.push(text);
    depth--;
  });
  put(b, 'aabbcc');
  await until(() => seen.length === 4, 'all pieces and the end');
  assert.deepEqual(seen, ['aa', 'bb', 'cc', '']);
  it.close();
});

test('closing inside the callback is safe', async () => {
  const [a, b] = socketPair();
  let calls = 0;
  const it = new addon.Socket(a, new Uint8Array(1), () => {
    calls++;
    it.close();
  });
  put(b, 'three');
  await until(() => calls > 0, 'the first byte');
  await turn();
  assert.equal(calls, 1);
  const [read, end] = pipe();
  const closes = reader(read, () => closes.close());
  closes.read(1);
  addon.close(end);
  await until(() => closes.calls() === 1, 'the end');
});
