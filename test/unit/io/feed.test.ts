// Owns: feed(): every kind of input, sources that fail, and sources that are told to stop.
// Never: starts a process.
import assert from 'node:assert/strict';
import {EventEmitter} from 'node:events';
import {PassThrough, Readable} from 'node:stream';
import {test} from 'node:test';
import {feed} from '../../../src/io/feed.js';
import type {Input} from '../../../src/words/input.js';
import {censusOfThisFile} from '../../support/census.js';
import {until, within} from '../../support/wait.js';
import {sink} from './pipes.js';

censusOfThisFile(() => {});
const bytes = (text: string) => new TextEncoder().encode(text);

async function* slowly(parts: Iterable<string | Uint8Array>) {
  for (const part of parts) {
    await null;
    yield part;
  }
}

const kinds: Record<string, () => Input> = {
  text: () => 'one two',
  bytes: () => bytes('one two'),
  view: () => new DataView(bytes('xone twox').buffer, 1, 7),
  'array buffer': () => bytes('one two').buffer,
  blob: () => new Blob(['one ', 'two']),
  'node stream': () => Readable.from(['one ', Buffer.from('two')]),
  'web stream': () => new Blob(['one two']).stream(),
  array: () => ['one ', bytes('two')],
  generator: () =>
    (function* () {
      yield 'one ';
      yield bytes('two').buffer;
    })(),
  'async generator': () => slowly(['one ', bytes('two')]),
  'old stream': () => {
    const old = Object.assign(new EventEmitter(), {pipe() {}, pause() {}, resume() {}});
    setImmediate(() => {
      old.emit('data', Buffer.from('one '));
      old.emit('data', Buffer.from('two'));
      old.emit('end');
    });
    return old as unknown as NodeJS.ReadableStream;
  },
};

for (const [name, input] of Object.entries(kinds))
  test(`input: ${name}`, async () => {
    const {sink: it, all} = sink();
    const [fed, text] = await Promise.all([feed(it, input()), all()]);
    assert.deepEqual(fed, {complete: true});
    assert.equal(String(text), 'one two');
  });

test('a large input waits for the child', async () => {
  const {sink: it, all} = sink();
  let given = 0;
  const blocks = (function* () {
    for (; given < 100; given++) yield Buffer.alloc(100_000, given);
  })();
  const fed = feed(it, blocks);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(given < 3, `nothing is read ahead (${given})`);
  assert.equal((await all()).length, 10_000_000);
  assert.deepEqual(await fed, {complete: true});
});

test('a source that fails is reported, and does not look ended', async () => {
  const failure = new Error('broken');
  const sources: Input[] = [
    (function* () {
      yield 'half';
      throw failure;
    })(),
    (async function* () {
      yield 'half';
      throw failure;
    })(),
    new Readable({
      read() {
        this.destroy(failure);
      },
    }),
    new ReadableStream({pull: (controller) => controller.error(failure)}),
    {
      [Symbol.iterator]: () => {
        throw failure;
      },
    },
  ];
  for (const input of sources) {
    const {sink: it, reader} = sink();
    assert.equal((await feed(it, input)).error, failure);
    for (let chunk = reader.read(100); chunk !== undefined; chunk = reader.read(100)) assert.notEqual(chunk, null);
    it.close();
    reader.close();
  }
  const {sink: it, leave} = sink();
  const wrong = ['text', 42 as never];
  assert.match(String((await feed(it, wrong)).error), /TypeError: only strings and bytes can be written, not number/);
  it.close();
  leave();
});

test('a source is told to stop when the child stops reading', async () => {
  const stopped: string[] = [];
  const zeros = Buffer.alloc(65_536);
  const endless: Record<string, () => Input> = {
    return: () =>
      (function* () {
        try {
          for (;;) yield zeros;
        } finally {
          stopped.push('return');
        }
      })(),
    'async return': () =>
      (async function* () {
        try {
          for (;;) yield zeros;
        } finally {
          stopped.push('async return');
        }
      })(),
    cancel: () => new ReadableStream({pull: (controller) => controller.enqueue(zeros), cancel: () => void stopped.push('cancel')}),
    destroy: () =>
      new Readable({
        read() {
          this.push(zeros);
        },
        destroy(_error, callback) {
          stopped.push('destroy');
          callback(null);
        },
      }),
  };
  for (const [name, input] of Object.entries(endless)) {
    const {sink: it, leave} = sink();
    const fed = feed(it, input());
    await new Promise((resolve) => setImmediate(resolve));
    leave();
    assert.deepEqual(await within(fed, `feed of ${name}`), {complete: false}, name);
    await until(() => stopped.at(-1) === name, `${name}()`);
  }
});

test('a source that is silent is let go when the job is over', async () => {
  const silent: Input[] = [
    new PassThrough(),
    new ReadableStream(),
    (async function* () {
      await new Promise(() => {});
      yield '';
    })(),
  ];
  for (const input of silent) {
    const {sink: it, leave} = sink();
    const fed = feed(it, input);
    await new Promise((resolve) => setImmediate(resolve));
    it.close();
    assert.deepEqual(await within(fed, 'feed'), {complete: false});
    if (input instanceof PassThrough) assert.ok(input.destroyed);
    leave();
  }
});
