// Owns: where streams of a child can go and come from: files, streams, several at once, more descriptors (docs/from-netrunner.md: C6).
// Never: pipes alone (run.test.ts, start.test.ts).
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {once} from 'node:events';
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {PassThrough, Writable} from 'node:stream';
import {after, test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {promisify} from 'node:util';
import {run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child, hostFile} from '../support/places.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-targets-'));
after(() => rmSync(dir, {recursive: true}));
const at = (name: string) => path.join(dir, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const sh = (script: string) => ['sh', '-c', script];

test('a file: made, emptied, appended to, read', async () => {
  const before = process.umask(0o027);
  try {
    const result = await run(['echo', 'one'], {stdout: {file: at('a')}});
    assert.equal('stdout' in result, false);
    assert.equal(statSync(at('a')).mode & 0o777, 0o640);
  } finally {
    process.umask(before);
  }
  await run(['echo', 'two'], {stdout: {file: pathToFileURL(at('a'))}});
  assert.equal(read('a'), 'two\n');
  await run(sh('echo three; echo four >&2'), {stdout: {file: at('a'), append: true}, stderr: {file: at('b')}});
  assert.deepEqual([read('a'), read('b')], ['two\nthree\n', 'four\n']);
  assert.equal((await run(['cat'], {stdin: {file: at('a')}})).stdout, 'two\nthree\n');
  await run(sh('echo o1; echo e1 >&2; echo o2'), {stdout: {file: at('both')}, stderr: {file: at('both')}});
  assert.equal(read('both'), 'o1\ne1\no2\n'); // opened once: neither writes over the other
  const p = await start(['cat'], {stdin: {file: at('a')}, stdout: {file: at('c')}});
  await p.closed;
  assert.equal(read('c'), 'two\nthree\n');
  assert.deepEqual([p.stdin, p.stdout], [null, null]);
});

test('a file that cannot be opened: nothing starts, and the error names it', async () => {
  for (const [options, code, file] of [
    [{stdout: {file: at('no/such/dir')}}, 'ENOENT', at('no/such/dir')],
    [{stdin: {file: at('missing')}}, 'ENOENT', at('missing')],
    [{stderr: {file: dir}}, 'EISDIR', dir],
    [{stdout: ['pipe', {file: dir}]}, 'EISDIR', dir],
    [{extraFds: {3: {file: dir}}}, 'EISDIR', dir],
  ] as const)
    for (const call of [() => run(['touch', at('ran')], options), () => start(['touch', at('ran')], options)]) {
      const error = await failure(call());
      assert.deepEqual([error.reason, error.code], ['spawn', code]);
      const {stage, syscall, path: named} = error as typeof error & {stage: string; syscall: string; path: string};
      assert.deepEqual([stage, syscall, named], ['open', 'open', file]);
      assert.ok(error.message.includes(`'${file}'`), error.message);
    }
  assert.throws(() => statSync(at('ran')));
  assert.equal((await failure(stream(['true'], {stdout: ['pipe', {file: dir}]}).text())).code, 'EISDIR');
});

test('a Node stream or FileHandle with a descriptor', async () => {
  const out = createWriteStream(at('stream'));
  await once(out, 'open');
  await run(['echo', 'through'], {stdout: out as unknown as {fd: number}});
  out.end();
  await once(out, 'close');
  const handle = await open(at('stream'));
  assert.equal((await run(['cat'], {stdin: handle})).stdout, 'through\n');
  await handle.close();
  const unopened = createReadStream(at('stream'));
  assert.match((await failure(run(['cat'], {stdin: unopened}))).message, /wait for its 'open' event/);
  await once(unopened, 'open');
  assert.equal((await run(['cat'], {stdin: unopened})).stdout, 'through\n');
  unopened.destroy();
  await once(unopened, 'close');
});

test('several at once: each gets everything, in run(), start() and stream()', async () => {
  const heard: string[] = [];
  const listener = new Writable({
    write(chunk, _, done) {
      heard.push(String(chunk));
      setImmediate(done);
    },
  });
  const fd = openSync(at('fd'), 'w');
  const targets = ['pipe', {file: at('t1')}, {file: at('t2'), append: true}, fd, listener] as const;
  writeFileSync(at('t2'), 'before\n');
  const {stdout} = await run(sh('seq 10000'), {stdout: targets});
  assert.equal(stdout.length, 48_894);
  assert.equal(read('t1'), stdout);
  assert.equal(read('t2'), `before\n${stdout}`);
  assert.equal(read('fd'), stdout);
  assert.equal(heard.join(''), stdout);
  closeSync(fd);
  assert.equal(listener.destroyed, false);

  const p = await start(sh('echo out; echo err >&2'), {stdout: ['pipe', {file: at('t1')}], stderr: ['consume', {file: at('t2')}]});
  assert.equal(String(await p.read()), 'out\n');
  assert.equal(await p.read(), null);
  await p.closed;
  await until(() => p.stderrTail === 'err\n', 'stderr to be drained');
  assert.deepEqual([read('t1'), read('t2'), p.stderr], ['out\n', 'err\n', null]);
  assert.equal((await failure(p.readStderr())).code, 'ERR_STREAM_CLAIMED');

  assert.equal(await stream(['echo', 's'], {stdout: ['pipe', {file: at('t1')}], stderr: ['consume', {file: at('t2')}]}).text(), 's\n');
  assert.equal(read('t1'), 's\n');
});

test('without a pipe among them the host reads for the others alone', async () => {
  const result = await run(sh('seq 100000; echo e >&2'), {
    stdout: [{file: at('u1')}, {file: at('u2')}],
    stderr: [{file: at('u3')}, {file: at('u2')}],
  });
  assert.equal('stdout' in result || 'stderr' in result, false);
  assert.equal(read('u1').length, 588_895);
  assert.equal(read('u2').length, 588_897);
  const p = await start(['seq', '100000'], {stdout: [{file: at('u1')}, {file: at('u2')}]});
  assert.equal(p.stdout, null);
  await p.closed;
  await until(() => read('u1').length === 588_895 && read('u2').length === 588_895, 'both files');
});

test('the host`s own streams among them', async () => {
  const {stdout, stderr} = await promisify(execFile)(process.execPath, [hostFile('tee_to_inherited')]);
  assert.equal(stdout, 'first\nout\nkept: out\n');
  assert.equal(stderr, 'err\nerr\n');
});

test('the slowest sets the pace, and nothing is lost', async () => {
  let taken = 0;
  let most = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      setTimeout(() => {
        taken += chunk.length;
        done();
      }, 5);
    },
  });
  const p = await start([child('flood_stdout'), String(4 << 20)], {stdout: ['pipe', slow, {file: at('slow')}]});
  let bytes = 0;
  for (let chunk = await p.read(65_536); chunk; chunk = await p.read(65_536)) {
    bytes += chunk.length;
    most = Math.max(most, bytes - taken);
  }
  assert.equal(bytes, 4 << 20);
  assert.equal(taken, bytes);
  assert.equal(most, 0); // a chunk is handed out when everybody has it
  assert.equal(statSync(at('slow')).size, bytes);
  await p.closed;
});

test('what the host reads for others has got there when the job of start() is closed, stopped or disposed', async () => {
  const slow = () => {
    const taken = {bytes: 0};
    const stream = new Writable({
      write(chunk: Buffer, _, done) {
        setTimeout(() => {
          taken.bytes += chunk.length;
          done();
        }, 20);
      },
    });
    return {stream, taken};
  };
  const size = 1 << 20;
  const script = `head -c ${size} /dev/zero; head -c ${size} /dev/zero >&2`;
  for (const stdio of [
    {stdout: (to: Writable) => [{file: at('drained')}, to], stderr: (to: Writable) => [{file: at('drained too')}, to]},
    {stdout: (to: Writable) => [{file: at('drained')}, to], stderr: (to: Writable) => ['consume' as const, {file: at('drained too')}, to]},
  ]) {
    const [out, err] = [slow(), slow()];
    const p = await start(sh(script), {stdout: stdio.stdout(out.stream), stderr: stdio.stderr(err.stream)} as never);
    await p.closed;
    assert.deepEqual([out.taken.bytes, statSync(at('drained')).size], [size, size]);
    assert.deepEqual([err.taken.bytes, statSync(at('drained too')).size], [size, size]);
  }
  const [one, other] = [slow(), slow()];
  const disposed = await start(sh('echo x; exec sleep 60'), {stdout: [{file: at('y')}, one.stream], stderr: 'ignore'});
  await until(() => disposed.stats().bytesOut === 2, 'it to be read');
  await disposed[Symbol.asyncDispose]();
  assert.equal(one.taken.bytes, 2);
  const stuck = new Writable({write: () => {}});
  const stopped = await start(sh('head -c 300000 /dev/zero; exec sleep 60'), {stdout: [other.stream, stuck], stderr: 'ignore'});
  await until(() => other.taken.bytes > 0, 'the other one to have some');
  await within(stopped.stop(), 'a stop beside a copy that nobody takes');
  const read = await start(sh('echo x; exec sleep 60'), {stdout: ['pipe', new Writable({write: () => {}})]});
  const chunk = read.read();
  await until(() => read.stats().bytesOut === 2, 'it to be read');
  await read.stop();
  assert.equal(String(await within(chunk, 'a read beside a copy that nobody takes')), 'x\n');
});

test('a copy that cannot be written stops the job, and the others have all that was read', async () => {
  const failing = new PassThrough();
  failing.on('error', () => {});
  setTimeout(() => failing.destroy(new Error('disk full')), 50);
  const error = await failure(run([child('flood_stdout')], {stdout: [{file: at('v')}, failing]}));
  assert.deepEqual([error.reason, error.code], ['output', 'ERR_OUTPUT']);
  assert.match(error.message, /was stopped, because of its output: a stream cannot be written/);
  const full = await failure(run([child('flood_stdout')], {stdout: ['pipe', {file: '/dev/full'}]}));
  assert.match(full.message, /'\/dev\/full' cannot be written: ENOSPC/);
  assert.equal(((full.cause as Error).cause as {code: string}).code, 'ENOSPC');
  assert.equal((await failure(stream([child('flood_stdout')], {stdout: ['pipe', {file: '/dev/full'}]}).text())).reason, 'output');
  const p = await start([child('flood_stdout')], {stdout: ['pipe', {file: '/dev/full'}]});
  await p.read();
  assert.notEqual((await within(p.closed, 'its end')).signal, null);
  await p[Symbol.asyncDispose]();
});

test('a copy to a stream that has ended, or fails, is no uncaught exception of the host', async () => {
  const ended = new PassThrough();
  ended.end();
  const failing = new Writable({write: (_chunk, _encoding, done) => done(new Error('no room'))});
  const destroyed = new PassThrough();
  destroyed.destroy();
  for (const made of [() => ended, () => failing, () => destroyed, () => createWriteStream(at('none/x'))]) {
    const to = made();
    const error = await failure(run(['sh', '-c', 'echo x; exec sleep 60'], {stdout: ['pipe', to], killTimeout: 100}));
    assert.equal(error.reason, 'output');
    // Node tells it a second time, as an event, in a later turn.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.equal(to.listenerCount('error'), 0);
  }
});

test('many jobs may write to one stream', async () => {
  const to = new PassThrough().resume();
  await Promise.all(Array.from({length: 20}, () => run(['echo', 'x'], {stdout: ['pipe', to]})));
  assert.equal(to.listenerCount('error') <= 1, true);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  assert.deepEqual([to.listenerCount('error'), to.listenerCount('close')], [0, 0]);
});

test('a copy that fails after the program has ended is an error all the same', async () => {
  for (let i = 0; i < 20; i++) {
    const error = await failure(run(['echo', 'x'], {stdout: ['pipe', {file: '/dev/full'}]}));
    assert.equal(error.reason, 'output');
  }
  const late = new Writable({write: (_chunk, _encoding, done) => void setTimeout(() => done(new Error('no room')), 100)});
  assert.equal((await failure(run(['echo', 'x'], {stdout: ['pipe', late]}))).reason, 'output');
});

test('nothing is written to a descriptor after the job that it was given to', async () => {
  const fifo = at('full');
  await promisify(execFile)('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const options = {stdout: ['pipe', fd], encoding: 'buffer', timeout: 300, killTimeout: 100} as const;
  assert.equal((await failure(run(['head', '-c', '200000', '/dev/zero'], options))).reason, 'timeout');
  closeSync(fd);
  const other = openSync(at('other'), 'w');
  assert.equal(other, fd, 'the number is used again');
  // Nothing tells that nothing comes: ten times as long as a full descriptor is left alone.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(fstatSync(other).size, 0);
  closeSync(other);
});

test('whoever shares a file appends to it', async () => {
  const file = at('shared');
  const shared = async (script: string, options: object) => {
    writeFileSync(file, 'old\n');
    await run(['sh', '-c', script, file], options);
    return readFileSync(file, 'utf8');
  };
  // Each waits until the one before is there: some are written by the child, some by the host.
  const there = (word: string) => `until grep -q ${word} "$0"; do sleep 0.01; done`;
  const script = `echo one; ${there('one')}; echo two >&2; ${there('two')}; echo three`;
  assert.equal(await shared(script, {stdout: ['pipe', {file}], stderr: {file}}), 'one\ntwo\nthree\n');
  assert.equal(await shared(script, {stdout: {file}, stderr: {file, append: true}}), 'one\ntwo\nthree\n');
  assert.equal(await shared(script, {stdout: {file, append: true}, stderr: {file, append: true}}), 'old\none\ntwo\nthree\n');
});

test('one that takes nothing does not keep a job that was stopped, or a reader that has left', async () => {
  const stuck = () => new Writable({write() {}});
  const error = await within(
    failure(run([child('flood_stdout')], {stdout: ['pipe', stuck()], timeout: 100, killTimeout: 100})),
    'the time limit',
  );
  assert.equal(error.reason, 'timeout');
  const p = await start([child('flood_stdout')], {stdout: ['pipe', stuck(), {file: at('x')}]});
  const waits = p.read();
  await until(() => statSync(at('x')).size > 0, 'the other copy');
  await p[Symbol.asyncDispose]();
  await within(waits, 'the read');
  const s = stream([child('flood_stdout')], {stdout: ['pipe', stuck()]});
  const next = s[Symbol.asyncIterator]().next();
  await s.start();
  await within(s[Symbol.asyncDispose](), 'dispose');
  await within(next, 'the pull');
});

test('an aborted read loses nothing that the others have', async () => {
  const gate: (() => void)[] = [];
  const slow = new Writable({highWaterMark: 1, write: (_chunk, _encoding, done) => void gate.push(done)});
  const p = await start(sh('echo one; read x; echo two'), {stdout: ['pipe', slow]});
  const controller = new AbortController();
  const first = p.read(100, {signal: controller.signal});
  await until(() => gate.length === 1, 'the copy to be written');
  controller.abort();
  gate[0]?.();
  assert.equal(String(await first), 'one\n');
  const second = new AbortController();
  const waits = p.read(100, {signal: second.signal});
  second.abort(new Error('mine'));
  await assert.rejects(waits, /mine/);
  await p.write('x\n');
  const last = p.read();
  await until(() => gate.length === 2, 'the second copy');
  gate[1]?.();
  assert.equal(String(await last), 'two\n');
  await p.closed;
  await p[Symbol.asyncDispose]();
});

test('extraFds: what is asked for, and nothing else', async () => {
  writeFileSync(at('secret'), 'sesame');
  const secret = openSync(at('secret'), 'r');
  const {stdout} = await run([child('print_fds')], {extraFds: {3: 'ignore', 5: {file: at('five')}, 9: secret}});
  assert.deepEqual(stdout.match(/^\d+/gm), ['0', '1', '2', '3', '5', '9']);
  const result = await run(sh('cat <&9; echo status >&5; echo gone >&3'), {extraFds: {3: 'ignore', 5: {file: at('five')}, 9: secret}});
  assert.deepEqual([result.stdout, read('five')], ['sesame', 'status\n']);
  closeSync(secret);
  assert.match((await failure(run(['true'], {extraFds: {3: 900}}))).message, /is not open/);
});

test('the same file as stdout and as an extra descriptor is opened once', async () => {
  await run(sh('echo a; echo b >&3; echo c'), {stdout: {file: at('w')}, extraFds: {3: {file: at('w')}}});
  assert.equal(read('w'), 'a\nb\nc\n');
});

test('a FIFO that nobody opens at its other end: a signal and a timeout are heard, and no thread is left waiting', async () => {
  const fifo = at('lonely');
  await promisify(execFile)('mkfifo', [fifo]);
  for (const target of [
    {stdin: {file: fifo}},
    {stdout: {file: fifo}},
    {stdout: ['pipe', {file: fifo}]},
    {stdin: {file: fifo}, stdout: {file: fifo}},
  ] as const) {
    const error = await failure(within(run(['cat'], {...target, signal: AbortSignal.timeout(50)}), 'the abort to be heard'));
    assert.equal(error.reason, 'abort');
    const late = await failure(run(['cat'], {...target, timeout: 50}));
    assert.deepEqual([late.reason, late.code, late.message], ['timeout', 'ETIMEDOUT', 'cat did not start within its timeout of 50 ms']);
  }
  // Each would have held one of the four threads of the pool.
  const file = await within(open(at('after'), 'w'), 'a thread of the pool to be free');
  await file.close();
});
