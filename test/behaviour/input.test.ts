// Owns: that stdin arrives whole: hashes of many sizes, through quick and slow readers (docs/from-netrunner.md: C2, N1).
// Never: the kinds of input (run.test.ts).
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {test} from 'node:test';
import {run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

/** Bytes that differ at every place, so that a repeated or missing piece shows. */
const source = Buffer.alloc(4 << 20);
for (let i = 0; i < source.length; i += 4) source.writeUInt32LE((i * 2_654_435_761) >>> 0, i);

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('every size from 0 to 4 MiB in odd steps has the right hash', {timeout: 60_000}, async () => {
  const sizes = [0, 1, 2, 4095, 4096, 4097, 65_535, 65_536, 65_537, 4 << 20];
  for (let size = 3; size < source.length; size += 99_991) sizes.push(size);
  const check = async (size: number) => {
    const input = source.subarray(0, size);
    const {stdout} = await run(['sha256sum'], {input});
    assert.equal(stdout.slice(0, 64), hash(input), `${size} bytes`);
  };
  while (sizes.length > 0) await Promise.all(sizes.splice(0, 8).map(check));
});

test('256 MiB through a slow reader, in pieces, with backpressure', {timeout: 120_000}, async () => {
  const p = await start(['sh', '-c', '"$0" 50001 500 | sha256sum', child('slow_reader')], {stderr: 'pipe'});
  const wanted = createHash('sha256');
  for (let i = 0; i < 64; i++) {
    wanted.update(source);
    assert.equal(await p.write(source), true);
  }
  p.closeStdin();
  assert.equal(String(await p.read()).slice(0, 64), wanted.digest('hex'));
  await p.closed;
});

test('un-awaited writes keep their order', async () => {
  const p = await start(['cat']);
  for (let i = 0; i < 2_000; i++) void p.write(`${i}\n`);
  p.closeStdin();
  let all = '';
  for (let chunk = await p.read(); chunk; chunk = await p.read()) all += chunk;
  assert.equal(all, Array.from({length: 2_000}, (_, i) => `${i}\n`).join(''));
  await p.closed;
});

test('an iterator that breaks its own protocol is a source that fails', async () => {
  for (const piece of [undefined, null, 7]) {
    const input = {[Symbol.iterator]: () => ({next: () => piece})} as unknown as Iterable<string>;
    const error = await failure(within(run(['cat'], {input}), 'it to be refused'));
    assert.equal(error.reason, 'input');
    assert.match(error.message, /its iterator gave (undefined|null|7)/);
  }
});
