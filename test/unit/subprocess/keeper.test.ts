// Owns: what is kept of a stream: the first and last bytes against a naive model, the cuts on character borders, the mark of the gap.
// Never: starting a process.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {Keeper} from '../../../src/subprocess/keeper.js';
import {keptText, wholeCharacters} from '../../../src/subprocess/kept.js';

test('against a model: any chunks, any limits', () => {
  const chunks = fc.array(fc.uint8Array({maxLength: 40}), {maxLength: 30});
  fc.assert(
    fc.property(chunks, fc.nat(50), fc.nat(50), (parts, head, tail) => {
      const keeper = new Keeper(head, tail);
      let all = Buffer.alloc(0);
      for (const part of parts) {
        assert.equal(keeper.overflowsWith(part.length), all.length + part.length > head + tail);
        keeper.add(part);
        all = Buffer.concat([all, part]);
        const kept = keeper.take();
        const rest = all.subarray(Math.min(head, all.length));
        assert.deepEqual(kept.head, all.subarray(0, head));
        assert.deepEqual(kept.tail, rest.subarray(Math.max(0, rest.length - tail)));
        assert.equal(kept.dropped, all.length - kept.head.length - kept.tail.length);
      }
    }),
    {numRuns: 500},
  );
});

test('a chunk that is changed afterwards changes nothing', () => {
  const keeper = new Keeper(2, 2);
  const chunk = Buffer.from('abcdef');
  keeper.add(chunk);
  chunk.fill(0);
  const {head, tail} = keeper.take();
  assert.equal(`${head}${tail}`, 'abef');
});

for (const encoding of ['utf8', 'utf16le', 'latin1', 'base64', 'hex'] as const)
  test(`no character is torn: ${encoding}`, () => {
    const text = encoding === 'utf8' || encoding === 'utf16le' ? 'aé€😀z'.repeat(6) : 'plain text of some length';
    const bytes = encoding === 'base64' || encoding === 'hex' ? Buffer.from(text) : Buffer.from(text, encoding);
    const whole = bytes.toString(encoding);
    for (let head = 0; head < bytes.length; head++)
      for (let tail = 0; head + tail < bytes.length; tail++) {
        const kept = {head: bytes.subarray(0, head), tail: bytes.subarray(bytes.length - tail), dropped: bytes.length - head - tail};
        const cut = wholeCharacters(kept, encoding);
        assert.ok(whole.startsWith(cut.head.toString(encoding)), `${head} ${tail}`);
        assert.ok(whole.endsWith(cut.tail.toString(encoding)), `${head} ${tail}`);
        assert.equal(cut.head.length + cut.tail.length + cut.dropped, bytes.length);
        assert.ok(kept.head.length - cut.head.length < 4 && kept.tail.length - cut.tail.length < 4);
      }
  });

test('the gap is marked, at the end and at the beginning too; a limit is not', () => {
  const of = (head: string, tail: string, dropped: number) => ({head: Buffer.from(head), tail: Buffer.from(tail), dropped});
  assert.equal(keptText(of('ab', 'yz', 5), 'utf8'), 'ab\n[... 5 bytes not kept ...]\nyz');
  assert.equal(keptText(of('ab', '', 5), 'utf8'), 'ab\n[... 5 bytes not kept ...]');
  assert.equal(keptText(of('', 'yz', 5), 'utf8'), '[... 5 bytes not kept ...]\nyz');
  assert.equal(keptText(of('ab', '', 5), 'utf8', true), 'ab');
  assert.equal(keptText(of('a\n', '', 5), 'utf8'), 'a\n[... 5 bytes not kept ...]');
  assert.equal(keptText(of('ab', 'cd', 0), 'utf8'), 'abcd');
});
