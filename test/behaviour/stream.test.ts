// Owns: stream() as its users meet it: every shape, its end, leaving early, one reader (docs/from-netrunner.md: C5, N2).
// Never: pipe() between commands (pipe.test.ts), what a line is (test/unit/io).
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {pipeline} from 'node:stream/promises';
import {test} from 'node:test';
import {run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {findMarked, isAlive, newMarker, openDescriptors} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args];
const claimed = {reason: 'misuse', code: 'ERR_STREAM_CLAIMED'};

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

test('it starts at the first pull, not before', async () => {
  const marker = newMarker();
  const s = stream(sh('echo started; sleep 60', marker));
  const unborn = s.pid;
  assert.equal(unborn, undefined);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepEqual(findMarked(marker), []);
  const loop = s[Symbol.asyncIterator]();
  assert.equal(String((await loop.next()).value), 'started\n');
  assert.ok(isAlive(s.pid as number));
  await loop.return?.();
  assert.deepEqual(findMarked(marker), []);
});

test('start() starts it without reading', async () => {
  const s = stream(['seq', '3']);
  assert.equal(await s.start(), s);
  assert.ok((s.pid as number) > 0);
  assert.deepEqual(await all(s.lines()), ['1', '2', '3']);
});

test('every shape gives all of it', async () => {
  const text = 'a\r\ngrün €\n😀';
  const of = (encoding?: 'utf8' | 'hex') => stream(['cat'], {input: text, encoding});
  assert.equal(await of().text(), text);
  assert.equal(String(await of().bytes()), text);
  assert.deepEqual(await all(of().lines()), ['a', 'grün €', '😀']);
  assert.deepEqual((await all(of().lineBatches())).flat(), ['a', 'grün €', '😀']);
  assert.equal(Buffer.concat(await all(of() as AsyncIterable<Buffer>)).toString(), text);
  assert.equal((await all(of('utf8'))).join(''), text);
  assert.equal((await all(of('hex'))).join(''), Buffer.from(text).toString('hex'));
  assert.equal(await of('hex').text(), Buffer.from(text).toString('hex'));
  assert.equal((await all(of('utf8').toReadable())).join(''), text);
  assert.equal(Buffer.concat(await all(of().toReadable())).toString(), text);
  assert.equal(Buffer.concat(await all(of().toReadableStream())).toString(), text);
  assert.deepEqual(await stream(['echo', '{"a": [1]}']).json(), {a: [1]});
  assert.equal(await stream(['true']).text(), '');
  assert.deepEqual(await all(stream(['true']).lines()), []);
});

test('characters are not torn, wherever the chunks end', async () => {
  const found = await all(stream(sh(`printf '\\342'; sleep 0.05; printf '\\202\\254x'; printf '\\342'`), {encoding: 'utf8'}));
  assert.equal(found.join(''), '€x\ufffd');
});

test('json() that is none names the command', async () => {
  await assert.rejects(stream(['echo', 'oops']).json(), {name: 'SyntaxError', message: /^echo oops did not write JSON, but 'oops/});
});

test('a web stream reads into the memory of its reader', async () => {
  const reader = stream(['seq', '1000']).toReadableStream().getReader({mode: 'byob'});
  const hash = createHash('sha256');
  let view = new Uint8Array(100);
  for (;;) {
    const {done, value} = await reader.read(view);
    if (done) break;
    assert.equal(value.buffer.byteLength, 100);
    hash.update(value);
    view = new Uint8Array(value.buffer);
  }
  assert.equal(
    hash.digest('hex'),
    createHash('sha256')
      .update(Array.from({length: 1_000}, (_, i) => `${i + 1}\n`).join(''))
      .digest('hex'),
  );
});

test('an exit that was not wanted comes behind everything that was written, with the end of stderr', async () => {
  const lines: string[] = [];
  const error = await failure(
    (async () => {
      for await (const line of stream(sh('printf "one\\ntwo"; echo why >&2; exit 3')).lines()) lines.push(line);
    })(),
  );
  assert.deepEqual(lines, ['one', 'two']);
  assert.equal(error.reason, 'exit');
  assert.match(error.message, /failed with exit code 3\nwhy$/);
  assert.equal(error.result?.exitCode, 3);
  assert.equal(error.result?.stderr, 'why\n');
  assert.match(error.stack as string, /stream\.test\.js/);
});

test('every shape rejects alike, and so does its result', async () => {
  const of = () => stream(sh('echo x; kill -9 $$'));
  for (const read of [
    (s: ReturnType<typeof of>) => s.text(),
    (s: ReturnType<typeof of>) => s.bytes(),
    (s: ReturnType<typeof of>) => s.json(),
    (s: ReturnType<typeof of>) => all(s),
    (s: ReturnType<typeof of>) => all(s.lines()),
    (s: ReturnType<typeof of>) => all(s.lineBatches()),
    (s: ReturnType<typeof of>) => all(s.toReadable()),
    (s: ReturnType<typeof of>) => all(s.toReadableStream()),
    (s: ReturnType<typeof of>) => pipeline(s.toReadable(), async (chunks) => void (await all(chunks))),
  ]) {
    const s = of();
    const error = await failure(read(s));
    assert.equal(error.reason, 'signal');
    assert.equal(error.result?.signal, 'SIGKILL');
    assert.equal(await failure(s.result), error);
  }
});

test('check: false ends quietly, and the result has the outcome', async () => {
  const s = stream(sh('echo out; echo err >&2; exit 3'), {check: false});
  assert.deepEqual(await all(s.lines()), ['out']);
  const {exitCode, ok, stderr, usage, command} = await s.result;
  assert.deepEqual([exitCode, ok, stderr], [3, false, 'err\n']);
  assert.equal(usage?.scope, 'reaped');
  assert.equal(command.file, 'sh');
  assert.deepEqual(await all(stream(sh('exit 3'), {check: [3]})), []);
});

test('a program that is missing, a command that is none', async () => {
  const missing = stream(['no-such-program-of-ours']);
  const error = await failure(all(missing));
  assert.deepEqual([error.reason, error.code], ['spawn', 'ENOENT']);
  assert.equal(await failure(missing.result), error);
  assert.equal((await failure(missing.start())).code, 'ENOENT');
  const refused = stream([]);
  assert.equal((await failure(all(refused.lines()))).code, 'ERR_INVALID_COMMAND');
  assert.equal((await failure(refused.result)).code, 'ERR_INVALID_COMMAND');
  assert.equal((await failure(stream(['ls'], {lines: true} as never).text())).code, 'ERR_INVALID_OPTION');
  assert.equal((await failure(all(stream(['ls']).lines({maxLineLength: 0})))).code, 'ERR_INVALID_OPTION');
});

test('leaving early stops the tree, throws nothing, and gives the descriptors back', async () => {
  const marker = newMarker();
  const endless = () => stream(sh('trap "" TERM; while :; do echo x; done & sleep 60', marker), {killTimeout: 100});
  const before = openDescriptors().get('pipe') ?? 0;
  const ways: Record<string, (s: ReturnType<typeof endless>) => Promise<unknown>> = {
    async break(s) {
      for await (const _ of s) break;
    },
    async 'break out of lines()'(s) {
      for await (const _ of s.lines()) break;
    },
    async 'break out of lineBatches()'(s) {
      for await (const _ of s.lineBatches()) break;
    },
    async return(s) {
      return (async () => {
        for await (const chunk of s) return chunk;
        return undefined;
      })();
    },
    async throw(s) {
      const mine = new Error('mine');
      await assert.rejects(
        (async () => {
          for await (const _ of s) throw mine;
        })(),
        (error) => error === mine,
      );
    },
    async 'destroy()'(s) {
      const readable = s.toReadable();
      await once(readable, 'readable');
      readable.destroy();
      await once(readable, 'close');
      assert.deepEqual(findMarked(marker), [], 'close comes when nobody is left');
    },
    async 'break out of a Node stream'(s) {
      for await (const _ of s.toReadable()) break;
    },
    async 'cancel()'(s) {
      const web = s.toReadableStream();
      const reader = web.getReader();
      await reader.read();
      await reader.cancel();
    },
    async dispose(s) {
      await s.start();
      await s[Symbol.asyncDispose]();
    },
    async 'throw() of the iterator'(s) {
      const loop = s.lines();
      await loop.next();
      await assert.rejects(loop.throw?.(new Error('mine')) as Promise<unknown>, /mine/);
    },
  };
  for (const [name, leave] of Object.entries(ways)) {
    const s = endless();
    await within(leave(s), name);
    const {ok, signal} = await within(s.result, `the result after ${name}`);
    assert.equal(ok, false, name);
    assert.notEqual(signal, null, name);
    await until(() => findMarked(marker).length === 0, `nobody to be left after ${name}`);
    await until(() => (openDescriptors().get('pipe') ?? 0) <= before, `its pipes to be closed after ${name}`);
  }
});

test('left before it was started: nothing starts', async () => {
  const s = stream(['true']);
  await s[Symbol.asyncDispose]();
  assert.equal((await failure(s.result)).reason, 'misuse');
  await assert.rejects(s.text(), claimed);
  assert.equal(s.pid, undefined);
});

test('one reader, in one shape, once', async () => {
  const s = stream(['seq', '100000']);
  const loop = s[Symbol.asyncIterator]();
  await loop.next();
  await assert.rejects(s.text(), {...claimed, message: /seq 100000 is read by a loop already/});
  await assert.rejects(s.lines().next(), claimed);
  await assert.rejects(s[Symbol.asyncIterator]().next(), claimed);
  assert.throws(() => s.toReadable().on('data', () => {}), claimed);
  await assert.rejects(s.toReadableStream().getReader().read(), claimed);
  await assert.rejects(s.pipe(['cat']).text(), claimed);
  const piped = stream(['echo', 'once']);
  const [first, second] = [piped.pipe(['cat']), piped.pipe(['cat'])];
  await assert.rejects(second.text(), claimed);
  assert.equal(await first.text(), 'once\n');
  assert.equal((await piped.result).ok, true);
  // The others have stopped nothing.
  assert.ok((await all({[Symbol.asyncIterator]: () => loop})).length > 0);
  assert.equal((await s.result).ok, true);
  await assert.rejects(s.text(), claimed);
  assert.deepEqual(await loop.next(), {done: true, value: undefined});
});

test('pulls that do not wait for each other are answered in their order', async () => {
  const lines = stream(['seq', '20000']).lines();
  const found = await Promise.all(Array.from({length: 20_001}, () => lines.next()));
  assert.deepEqual(
    found.map(({value}) => value),
    [...Array.from({length: 20_000}, (_, i) => String(i + 1)), undefined],
  );
});

test('the result alone: the command runs, its output is thrown away', async () => {
  const {ok, exitCode} = await within(stream([child('flood_stdout'), String(4 << 20)]).result, 'the result');
  assert.deepEqual([ok, exitCode], [true, 0]);
  const s = stream(['seq', '3']);
  const {result} = s; // asked for first, read in the same turn all the same
  assert.deepEqual(await all(s.lines()), ['1', '2', '3']);
  assert.equal((await result).ok, true);
});

test('timeout, abort, input, idleTimeout, maxOutputSize', async () => {
  const sleeper = sh('echo x; sleep 60');
  assert.equal((await failure(all(stream(sleeper, {timeout: 100, check: false})))).reason, 'timeout');
  const controller = new AbortController();
  const aborted = failure(
    (async () => {
      for await (const _ of stream(sleeper, {signal: controller.signal})) controller.abort(new Error('enough'));
    })(),
  );
  assert.equal(((await aborted).cause as Error).message, 'enough');
  const broken = new Error('broken');
  const input = (function* () {
    yield 'half';
    throw broken;
  })();
  const fed = await failure(stream(['cat'], {input}).text());
  assert.deepEqual([fed.reason, fed.code, fed.cause], ['input', 'ERR_INPUT', broken]);
  const idle = await failure(all(stream(sleeper, {idleTimeout: 100})));
  assert.deepEqual([idle.reason, idle.code, (idle as {idleTimeout?: number}).idleTimeout], ['idle', 'ETIMEDOUT', 100]);
  for (const limit of [0, 1, 65_535, 65_536, 200_001]) {
    const chunks: Buffer[] = [];
    const error = await failure(
      (async () => {
        for await (const chunk of stream([child('flood_stdout')], {maxOutputSize: limit})) chunks.push(chunk);
      })(),
    );
    assert.equal(error.reason, 'max-output');
    assert.equal(Buffer.concat(chunks).length, limit);
  }
  assert.equal((await stream(['seq', '3'], {maxOutputSize: 6}).text()).length, 6);
});

test('idleTimeout does not count while nobody reads', async () => {
  const s = stream(sh('echo one; sleep 0.1; echo two; sleep 0.1; echo three'), {idleTimeout: 400});
  const lines: string[] = [];
  for await (const line of s.lines()) {
    lines.push(line);
    await new Promise((resolve) => setTimeout(resolve, 600));
  }
  assert.deepEqual(lines, ['one', 'two', 'three']);
});

test('a line that is too long stops it, behind the lines before', async () => {
  const lines: string[] = [];
  const s = stream(sh('echo short; sleep 0.05; while :; do printf xxxxxxxx; done'));
  const error = await failure(
    (async () => {
      for await (const line of s.lines({maxLineLength: 100_000})) lines.push(line);
    })(),
  );
  assert.equal(await failure(s.result), error);
  assert.deepEqual(lines, ['short']);
  assert.equal(error.reason, 'max-output');
  assert.match(error.message, /wrote a line of more than 100000 characters/);
});

test('stderr: consumed, or in one pipe with stdout', async () => {
  const both = stream(sh('for i in 1 2 3; do echo o$i; echo e$i >&2; done'), {stderr: 'stdout'});
  assert.deepEqual(await all(both.lines()), ['o1', 'e1', 'o2', 'e2', 'o3', 'e3']);
  const s = stream([child('flood_stderr'), String(1 << 20)], {check: false});
  await s.text();
  const {stderr} = await s.result;
  assert.match(stderr, /\[\.\.\. \d+ bytes not kept \.\.\.\]/);
  assert.ok(stderr.length < 70_000);
});

test('an old descriptor number is not closed by a stream that is over', async () => {
  const s = stream(['true']);
  await s.text();
  const p = await start(['cat']);
  await s[Symbol.asyncDispose]();
  await p.write('x');
  assert.equal(String(await p.read()), 'x');
  await p.stop();
});

test('400 MiB and an idle reader: the child waits in write, the host holds nothing', {timeout: 60_000}, async () => {
  const size = 400 << 20;
  const s = stream([child('flood_stdout'), String(size)]);
  const loop = s[Symbol.asyncIterator]();
  const first = (await loop.next()).value as Buffer;
  const pid = s.pid as number;
  const rss = process.memoryUsage.rss();
  // Blocked for good: asleep in pipe_write, and its count of written bytes does not move.
  const written = () => Number(readFileSync(`/proc/${pid}/io`, 'utf8').match(/^wchar: (\d+)$/m)?.[1]);
  let last = -1;
  await until(async () => {
    const now = written();
    const still = now === last && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') S ');
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return still;
  }, 'the child to be blocked');
  assert.ok(last - first.length <= 2 << 20, `${last} bytes were written, ${first.length} read`);
  const grown = process.memoryUsage.rss() - rss;
  assert.ok(grown < 16 << 20, `the host grew by ${grown} bytes`);
  let bytes = first.length;
  for await (const chunk of {[Symbol.asyncIterator]: () => loop}) bytes += chunk.length;
  assert.equal(bytes, size);
});

test('batches that are asked for at once are whole, and in order', async () => {
  const batches = stream(['seq', '100000']).lineBatches();
  const lines: string[] = [];
  for (let over = false; !over; ) {
    for (const {done, value} of await Promise.all([batches.next(), batches.next(), batches.next()])) {
      if (done) over = true;
      else lines.push(...value);
    }
  }
  assert.equal(lines.length, 100_000);
  assert.equal(
    lines.findIndex((line, i) => line !== String(i + 1)),
    -1,
  );
});

test('lines before one that is too long are handed out', async () => {
  const lines: string[] = [];
  const loop = (async () => {
    for await (const line of stream(['printf', 'a\\nb\\nccccccccccc\\nd\\n']).lines({maxLineLength: 5})) lines.push(line);
  })();
  assert.equal((await failure(loop)).reason, 'max-output');
  assert.deepEqual(lines, ['a', 'b']);
});
