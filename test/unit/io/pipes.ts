// Owns: real pipes for the tests of io: a Source or a Sink with the other end as bare calls.
// Never: a process.
import assert from 'node:assert/strict';
import {Source} from '../../../src/io/readable.js';
import {Sink} from '../../../src/io/writable.js';
import {native, type Reader, type Writer} from '../../../src/native.js';

export const {addon} = native();

function pipe(): [number, number] {
  const pair = addon.pipe();
  assert.ok(Array.isArray(pair));
  return pair;
}

/** What a child writes is read by a Source. */
export function source(): {source: Source; say(text: string | Uint8Array): number; end(): void; writer: Writer} {
  const [read, write] = pipe();
  const writer = new addon.Writer(write, () => {});
  return {
    source: new Source(addon, read, 'stdout'),
    say: (text) => writer.write(Buffer.from(text), 0),
    end: () => writer.close(),
    writer,
  };
}

/** What a Sink writes is read by a child. */
export function sink(): {sink: Sink; hear(max?: number): Buffer | null | undefined; leave(): void; reader: Reader; all(): Promise<Buffer>} {
  const [read, write] = pipe();
  let wake = () => {};
  const reader = new addon.Reader(read, () => wake());
  const hear = (max = 65_536) => {
    const got = reader.read(max);
    assert.notEqual(typeof got, 'number');
    return got as Buffer | null | undefined;
  };
  const all = async () => {
    const parts: Buffer[] = [];
    for (;;) {
      const ready = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const got = hear();
      if (got === null) return Buffer.concat(parts);
      if (got) parts.push(got);
      else await ready;
    }
  };
  return {sink: new Sink(addon, write), hear, leave: () => reader.close(), reader, all};
}
