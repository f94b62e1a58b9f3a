// Owns: where a match ends in the bytes, whatever they are.
// Never: reads.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Found, Search} from '../../../src/io/search.js';

/** Searches `bytes` in pieces of `step`. */
function search(pattern: string | RegExp, bytes: Uint8Array, step = bytes.length): Found | undefined {
  const it = new Search(pattern);
  for (let end = 0; end < bytes.length; ) {
    const from = end;
    end = Math.min(bytes.length, end + step);
    const found = it.push(bytes.subarray(from, end), () => bytes.subarray(0, end));
    if (found) return found;
  }
  return undefined;
}

const at = (found: Found | undefined) => found && [String(found.match), found.before, found.length];

test('a string and a pattern, in pieces of every size', () => {
  const bytes = Buffer.from('aäb€c😀 end, and more');
  for (let step = 1; step <= bytes.length; step++) {
    assert.deepEqual(at(search('😀 e', bytes, step)), ['😀 e', 'aäb€c', Buffer.byteLength('aäb€c😀 e')]);
    assert.deepEqual(at(search(/€./u, bytes, step)), ['€c', 'aäb', Buffer.byteLength('aäb€c')]);
  }
});

test('bytes that are no text keep their number', () => {
  const junk = [0xff, 0xc3, 0x41, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0x80];
  const bytes = Buffer.from([...junk, ...Buffer.from('$ '), 0xff, 0x42]);
  for (let step = 1; step <= bytes.length; step++) {
    const found = search('$ ', bytes, step);
    assert.equal(found?.length, junk.length + 2, `in pieces of ${step}`);
  }
  // A replacement character is three bytes long, and so is half an emoji: equal lengths prove nothing.
  const half = Buffer.from([0xf0, 0x9f, 0x98, 0x24]);
  assert.equal(search('$', half)?.length, 4);
});

test('a character that is not whole yet is not searched, and not lost', () => {
  const bytes = Buffer.from([0x61, 0xe2, 0x82]);
  assert.deepEqual(at(search('a', bytes)), ['a', '', 1]);
});

test('flags that begin elsewhere are left out; others count', () => {
  assert.deepEqual(at(search(/B/giy, Buffer.from('abab'))), ['b', 'a', 2]);
  assert.equal(search(/^b$/, Buffer.from('a\nb\nc')), undefined);
  assert.deepEqual(at(search(/^b$/m, Buffer.from('a\nb\nc'))), ['b', 'a\n', 3]);
});

test('a pattern that is split between pieces is found where it begins', () => {
  const bytes = Buffer.from('ababababc');
  for (let step = 1; step < 9; step++) assert.deepEqual(at(search('ababc', bytes, step)), ['ababc', 'abab', 9]);
});
