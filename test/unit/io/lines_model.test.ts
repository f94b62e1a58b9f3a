// Owns: the line splitter and its decoder against a naive model, over all chunk borders.
// Never: what a line is (lines.test.ts).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {LineSplitter, splitLines} from '../../../src/io/lines.js';

/** Decode everything, then look at every character: slow, and plain. */
function model(bytes: Buffer, encoding: BufferEncoding): string[] {
  const lines: string[] = [];
  let line = '';
  for (const character of bytes.toString(encoding)) {
    if (character !== '\n') {
      line += character;
      continue;
    }
    lines.push(line.endsWith('\r') ? line.slice(0, -1) : line);
    line = '';
  }
  if (line !== '') lines.push(line);
  return lines;
}

const ENCODINGS = ['utf8', 'utf16le', 'latin1', 'ascii', 'hex', 'base64'] as const;
const letters = fc.constantFrom('a', '\n', '\r', '\r\n', 'é', '€', '😀', '\u2028', ' ', '\0', 'longer words');
const text = fc.array(letters, {maxLength: 40}).map((parts) => parts.join(''));
/** Texts, and bytes that are none. */
const bytes = fc.oneof(
  fc
    .tuple(text, fc.constantFrom(...ENCODINGS))
    .map(([value, encoding]) => ({bytes: Buffer.from(value, encoding === 'utf16le' ? 'utf16le' : 'utf8'), encoding})),
  fc
    .tuple(fc.uint8Array({maxLength: 60}), fc.constantFrom(...ENCODINGS))
    .map(([value, encoding]) => ({bytes: Buffer.from(value), encoding})),
);

function split(whole: Buffer, encoding: BufferEncoding, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter(encoding);
  const lines: string[] = [];
  let from = 0;
  let open = 0;
  for (const cut of [...cuts, whole.length]) {
    const found = splitter.push(whole.subarray(from, cut));
    open = found.length > 0 ? splitter.openLength : Math.max(open, splitter.openLength);
    assert.ok(splitter.openLength >= 0);
    lines.push(...found);
    from = cut;
  }
  lines.push(...splitter.end());
  assert.equal(splitter.openLength, 0);
  return lines;
}

test('every single border', () => {
  fc.assert(
    fc.property(bytes, ({bytes: whole, encoding}) => {
      const expected = model(whole, encoding);
      for (let cut = 0; cut <= whole.length; cut++) assert.deepEqual(split(whole, encoding, [cut]), expected);
      assert.deepEqual(
        split(
          whole,
          encoding,
          Array.from({length: whole.length}, (_, i) => i + 1),
        ),
        expected,
      );
      assert.deepEqual(splitLines(whole.toString(encoding)), expected);
    }),
    {numRuns: 400},
  );
});

test('any set of borders', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(100), {maxLength: 12}), ({bytes: whole, encoding}, places) => {
      const cuts = places.filter((place) => place <= whole.length).sort((a, b) => a - b);
      assert.deepEqual(split(whole, encoding, cuts), model(whole, encoding));
    }),
    {numRuns: 1_000},
  );
});
