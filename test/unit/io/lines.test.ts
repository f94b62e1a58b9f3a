// Owns: what a line is, whole and in pieces cut anywhere.
// Never: reads.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {LineSplitter, splitLines} from '../../../src/io/lines.js';

const texts: [string, string[]][] = [
  ['', []],
  ['\n', ['']],
  ['\r\n', ['']],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\n\n', ['a', '']],
  ['a\r\nb\nc', ['a', 'b', 'c']],
  ['\n\nx', ['', '', 'x']],
  ['a\rb\r\n', ['a\rb']],
  ['a\r', ['a\r']],
  ['grün €\r\n😀\nende', ['grün €', '😀', 'ende']],
];

for (const encoding of ['utf8', 'utf16le', 'latin1', 'hex'] as const)
  test(`lines in ${encoding}, cut at every place`, () => {
    for (const [text, lines] of encoding === 'latin1' ? texts.slice(0, -1) : texts) {
      const bytes = encoding === 'hex' ? Buffer.from(text) : Buffer.from(text, encoding);
      const whole = splitLines(bytes.toString(encoding));
      if (encoding !== 'hex') assert.deepEqual(whole, lines, JSON.stringify(text));
      for (let size = 1; size <= bytes.length + 1; size++) {
        const splitter = new LineSplitter(encoding);
        const found: string[] = [];
        for (let at = 0; at < bytes.length; at += size) found.push(...splitter.push(bytes.subarray(at, at + size)));
        found.push(...splitter.end());
        assert.deepEqual(found, whole, `${JSON.stringify(text)} in pieces of ${size}`);
      }
    }
  });

test('bytes that are no text do not stop it', () => {
  const splitter = new LineSplitter();
  assert.deepEqual(splitter.push(Uint8Array.of(0xff, 0x0a, 0xe2, 0x82)), ['\ufffd']);
  assert.deepEqual(splitter.end(), ['\ufffd']);
});

test('a very long line takes linear time', () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.alloc(1_000, 'x');
  const began = performance.now();
  for (let i = 0; i < 20_000; i++) splitter.push(chunk);
  assert.equal(splitter.end()[0]?.length, 20_000_000);
  assert.ok(performance.now() - began < 10_000);
});
