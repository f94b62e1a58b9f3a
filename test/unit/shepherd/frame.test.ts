// Owns: tests of the frame's bytes and of carrying partial frames over.
// Never: a process or a socket.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {decodeFrame, encodeFrame, FrameReader} from '../../../src/shepherd/frame.js';
import {FRAME_SIZE, Frame} from '../../../src/shepherd/protocol.gen.js';

const shown = ({type, kind, value, extra}: {type: number; kind: number; value: number; extra: number}) => [type, kind, value, extra];

test('a frame is 16 little-endian bytes, both ways', () => {
  const bytes = encodeFrame(75, 1, -2, 2 ** 40 + 7);
  assert.equal(bytes.length, FRAME_SIZE);
  assert.equal(Buffer.from(bytes).toString('hex'), '4b010000feffffff0700000000010000');
  assert.deepEqual(shown(decodeFrame(bytes, 0)), [75, 1, -2, 2 ** 40 + 7]);
});

test('half a name is text up to the first NUL', () => {
  const bytes = Buffer.alloc(16);
  bytes.write('sleep', 8);
  assert.equal(decodeFrame(bytes, 0).text, 'sleep');
  bytes.write('12345678', 8);
  assert.equal(decodeFrame(bytes, 0).text, '12345678');
});

test('frames come out whole however the bytes were cut', () => {
  const frames = Array.from({length: 7}, (_, i) => encodeFrame(64 + i, i, i * 1000, i));
  const stream = Buffer.concat(frames);
  for (let size = 1; size <= stream.length; size++) {
    const reader = new FrameReader();
    const inbox = new Uint8Array(stream.length);
    const seen: number[][] = [];
    for (let at = 0; at < stream.length; at += size) {
      const piece = stream.subarray(at, at + size);
      inbox.fill(0xff);
      inbox.set(piece);
      reader.push(inbox, piece.length, (frame) => seen.push(shown(frame)));
    }
    assert.deepEqual(
      seen,
      frames.map((_, i) => [64 + i, i, i * 1000, i]),
      `pieces of ${size}`,
    );
  }
});

test('every golden frame decodes and encodes as in C, and every type has one', () => {
  const file = new URL('../../../../../test/golden/frames.txt', import.meta.url); // from build/js/test/unit/shepherd
  const seen = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [hex = '', name = '', kind, value, extra] = line.split(' ');
    const type = (Frame as Readonly<Record<string, number>>)[name];
    assert.ok(type !== undefined, `no frame is called ${name}`);
    const bytes = Buffer.from(hex, 'hex');
    assert.deepEqual(shown(decodeFrame(bytes, 0)), [type, Number(kind), Number(value), Number(extra)], line);
    if (Number.isSafeInteger(Number(extra))) {
      assert.equal(Buffer.from(encodeFrame(type, Number(kind), Number(value), Number(extra))).toString('hex'), hex, line);
    }
    seen.add(name);
  }
  assert.deepEqual([...seen].sort(), Object.keys(Frame).sort());
});
