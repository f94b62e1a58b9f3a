// Owns: that stdin arrives whole: hashes of many sizes, through quick and slow readers (docs/from-netrunner.md: C2, N1).
//   What becomes of a source that fails, that is not wanted, or that gives many small pieces.
// Never: the kinds of input (run.test.ts).
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {EventEmitter} from 'node:events';
import {createReadStream} from 'node:fs';
import {test} from 'node:test';
import {run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {openDescriptors} from '../support/proc.js';
import {until, within} from '../support/wait.js';

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

test('a stream that fails while the child is being started is a source that fails, and no uncaught exception', async () => {
  const missing = () => createReadStream('/nonexistent/of-ours');
  const begins: (() => Promise<unknown>)[] = [
    () => run(['cat'], {input: missing()}),
    () => run(['cat'], {input: missing(), output: {max: 10, overflow: 'head', spill: true}}),
    () => stream(['cat'], {input: missing()}).pipe(['cat']).text(),
  ];
  for (const begin of begins) {
    const error = await failure(within(begin(), 'it to be refused'));
    assert.equal(error.reason, 'input');
    assert.match(error.message, /ENOENT/);
  }
  const p = await start(['cat'], {input: missing()});
  assert.equal((await within(p.closed, 'its end')).inputComplete, false);
  const input = missing();
  const lazy = stream(['cat'], {input});
  await new Promise<void>((resolve) => input.once('close', () => resolve())); // long before anybody pulls
  assert.equal((await failure(within(lazy.text(), 'it to be refused'))).reason, 'input');
  const old = Object.assign(new EventEmitter(), {pipe() {}, pause() {}, resume() {}});
  process.nextTick(() => old.emit('error', new Error('too early')));
  const early = await failure(within(run(['cat'], {input: old as unknown as NodeJS.ReadableStream}), 'it to be refused'));
  assert.deepEqual([early.reason, (early.cause as Error).message], ['input', 'too early']);
});

test('a source whose child cannot be started is closed', async () => {
  const before = openDescriptors();
  const aborted = {signal: AbortSignal.abort()};
  for (let i = 0; i < 5; i++) {
    assert.equal((await failure(run(['no-such-program-of-ours'], {input: createReadStream('/dev/zero')}))).code, 'ENOENT');
    assert.equal((await failure(start(['cat'], {...aborted, input: createReadStream('/dev/zero')}))).reason, 'abort');
    assert.equal(
      (
        await failure(
          stream(['cat'], {input: createReadStream('/dev/zero')})
            .pipe(['no-such-program-of-ours'])
            .text(),
        )
      ).code,
      'ENOENT',
    );
  }
  await until(() => (openDescriptors().get('/dev/zero') ?? 0) === (before.get('/dev/zero') ?? 0), 'the files to be closed');
  const closed: string[] = [];
  const web = new ReadableStream({cancel: () => void closed.push('cancel')});
  const iterator = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => new Promise<IteratorResult<string>>(() => {}),
    return: async () => {
      closed.push('return');
      return {done: true, value: undefined} as const;
    },
  };
  for (const input of [web, iterator]) await failure(run(['no-such-program-of-ours'], {input}));
  assert.deepEqual(closed, ['cancel', 'return']);
});

test('a source that fails without saying why is one that fails', async () => {
  const silently: (() => ReadableStream | AsyncIterable<string>)[] = [
    () => new ReadableStream({start: (controller) => controller.error()}),
    async function* () {
      yield 'half';
      throw undefined;
    },
  ];
  for (const input of silently) {
    const error = await failure(within(run(['cat'], {input: input()}), 'it to be refused'));
    assert.deepEqual([error.reason, error.cause], ['input', undefined]);
    const p = await start(['cat'], {input: input()});
    assert.equal((await within(p.closed, 'its end')).inputComplete, false);
  }
});

test('many small pieces, or empty ones, leave the event loop its turns', async () => {
  const small = function* () {
    for (let i = 0; i < 100_000; i++) yield 'a line of 20 chars.\n';
  };
  let turns = 0;
  let immediate = setImmediate(function turn() {
    turns++;
    immediate = setImmediate(turn);
  });
  try {
    const {stdout} = await run(['wc', '-c'], {input: small()});
    assert.equal(stdout, '2000000\n');
  } finally {
    clearImmediate(immediate);
  }
  assert.ok(turns > 100, `it had ${turns} turns`);
  const empty = function* () {
    for (;;) yield '';
  };
  const error = await failure(within(run(['sleep', '60'], {input: empty(), timeout: 100}), 'its time limit'));
  assert.equal(error.reason, 'timeout');
});
