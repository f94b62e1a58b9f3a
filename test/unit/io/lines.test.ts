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
  ['a\r\r\nb\r\r\n\r\n\r', ['a\r', 'b\r', '', '\r']],
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

test('nothing of a chunk is kept: its memory may be used again', () => {
  const splitter = new LineSplitter();
  const memory = Buffer.alloc(16);
  const lines: string[] = [];
  const bytes = Buffer.from('erste Zeile\nzweite mit ü\ndritte');
  for (let at = 0; at < bytes.length; at += 16) {
    const length = bytes.copy(memory, 0, at);
    lines.push(...splitter.push(memory.subarray(0, length)));
    memory.fill('#');
  }
  assert.equal(splitter.openLength, 6);
  assert.deepEqual([...lines, ...splitter.end()], ['erste Zeile', 'zweite mit ü', 'dritte']);
  assert.equal(splitter.openLength, 0);
});

test('a line without an end is handed out in parts, if it is to be', () => {
  const splitter = new LineSplitter('utf8', 10);
  const push = (text: string) => splitter.push(Buffer.from(text));
  assert.deepEqual(push('short\n0123456'), ['short']);
  assert.deepEqual(push('789\r'), ['0123456789\r']);
  assert.deepEqual(push('abc\n0123456789 is whole\n'), ['abc', '0123456789 is whole']);
  assert.deepEqual(push('again: 0123456789'), ['again: 0123456789']);
  assert.deepEqual(splitter.end(), []);
});
