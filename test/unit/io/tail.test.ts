// Owns: that the last bytes and lines of two streams are kept, in their order, within their bound.
// Never: starts a process.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {LineSplitter} from '../../../src/io/lines.js';
import {Ring, Tail} from '../../../src/io/tail.js';

const bytes = (text: string) => Buffer.from(text);

test('a ring keeps the last bytes, whatever the size of the pieces', () => {
  const all = Buffer.from(Array.from({length: 1_000}, (_, i) => i & 0xff));
  for (const size of [1, 2, 7, 64, 999, 1_000, 1_001]) {
    for (const piece of [1, 3, 63, 64, 65, 500, 1_000]) {
      const ring = new Ring(size);
      for (let at = 0; at < all.length; at += piece) ring.push(all.subarray(at, at + piece));
      assert.deepEqual(ring.peek(), all.subarray(-size), `size ${size}, piece ${piece}`);
      assert.equal(ring.bytes, 1_000);
    }
  }
  assert.equal(new Ring(5).peek().length, 0);
});

test('lines of both streams come in the order of arrival, a line where it ends', () => {
  const tail = new Tail(1_000, 'utf8');
  tail.push('stdout', bytes('one\ntwo '));
  tail.push('stderr', bytes('oops\n'));
  tail.push('stdout', bytes('still two\n'));
  tail.push('stderr', bytes('half'));
  assert.deepEqual(tail.lines(10), ['one', 'oops', 'two still two', 'half']);
  assert.deepEqual(tail.lines(2), ['two still two', 'half']);
  assert.deepEqual(tail.lines(10, 'stdout'), ['one', 'two still two']);
  assert.deepEqual(tail.lines(0), []);
  assert.equal(String(tail.open('stderr')), 'half');
  assert.equal(String(tail.open('stdout')), '');
});

test('what is cut at the front is left out: half a line, half a character', () => {
  const tail = new Tail(16, 'utf8');
  tail.push('stdout', bytes('the first line\nééé\nlast\n'));
  assert.deepEqual(tail.lines(10), ['ééé', 'last']);
  const endless = new Tail(16, 'utf8');
  endless.push('stdout', bytes('x'.repeat(100)));
  assert.deepEqual(endless.lines(10), ['x'.repeat(16)]);
});

test('order survives where one stream has lost its beginning', () => {
  const tail = new Tail(32, 'utf8');
  for (let i = 0; i < 100; i++) {
    tail.push('stdout', bytes(`out ${i}\n`));
    if (i % 50 === 49) tail.push('stderr', bytes(`err ${i}\n`));
  }
  assert.deepEqual(tail.lines(10), ['err 49', 'out 96', 'out 97', 'out 98', 'out 99', 'err 99']);
});

test('a million changes from one stream to the other take no memory', () => {
  const tail = new Tail(64, 'utf8');
  for (let i = 0; i < 100_000; i++) tail.push(i % 2 ? 'stdout' : 'stderr', bytes('x\n'));
  assert.equal(tail.lines(Number.MAX_SAFE_INTEGER).length, 62);
});

test('a line that never ends is handed out in parts', () => {
  const splitter = new LineSplitter('utf8', 10);
  assert.deepEqual(splitter.push(bytes('12345')), []);
  assert.deepEqual(splitter.push(bytes('67890')), ['1234567890']);
  assert.deepEqual(splitter.push(bytes('ab\ncd')), ['ab']);
  assert.deepEqual(splitter.end(), ['cd']);
});
