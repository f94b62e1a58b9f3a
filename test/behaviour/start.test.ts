// Owns: start() and the Subprocess as their users meet them (docs/from-netrunner.md: P1 to P4, P6 to P9).
// Never: run() (run.test.ts), the promises at a death (test/survival).
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {PassThrough, type Readable, type Writable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import {test} from 'node:test';
import {run, type StartOptions, type Subprocess, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';

censusOfThisFile(() => run(['true']));

test('pull style: read, write, closeStdin, then the end again and again', async () => {
  const p = await start(['cat']);
  assert.ok(p.pid > 0);
  assert.equal(await p.write('one'), true);
  assert.equal(String(await p.read()), 'one');
  assert.equal(await p.write(''), true);
  p.closeStdin();
  p.closeStdin();
  assert.equal(await p.read(), null);
  assert.equal(await p.read(), null);
  const end = await p.exited;
  assert.deepEqual([end.exitCode, end.signal, end.exitStatus, end.reason], [0, null, 0, 'exit']);
  p.closeStdin();
  assert.equal(p.alive, false);
  assert.equal((await p.closed).proven, true);
  assert.equal((await failure(p.write('late'))).code, 'ERR_STDIN_CLOSED');
});

test('what was written stays readable after the exit', async () => {
  const p = await start(['sh', '-c', 'printf 12345; printf err >&2'], {stderr: 'pipe'});
  await p.closed;
  assert.equal(String(await p.read(2)), '12');
  assert.equal(String(await p.read()), '345');
  assert.equal(await p.read(), null);
  assert.equal(String(await p.readStderr()), 'err');
  assert.equal(await p.readStderr(), null);
});

test('Node streams: pipe, events, backpressure', async () => {
  const p = await start(['cat']);
  const chunks: Buffer[] = [];
  p.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(p.stdout, 'end');
  for (let i = 0; i < 200; i++) if (!p.stdin.write(Buffer.alloc(10_000, i))) await once(p.stdin, 'drain');
  p.stdin.end();
  await ended;
  const all = Buffer.concat(chunks);
  assert.equal(all.length, 2_000_000);
  assert.ok(all.every((byte, i) => byte === Math.floor(i / 10_000) % 256));
  assert.equal((await p.closed).exitCode, 0);
});

test('closeStdin() and write() come behind what the Node stream still holds', async () => {
  const echoes = async (command: string[], options: StartOptions, type: (p: Subprocess) => unknown) => {
    const p = await start(command, options);
    const errors: unknown[] = [];
    p.stdin?.on('error', (error) => errors.push(error));
    await type(p);
    let text = '';
    for (let chunk = await p.read(); chunk; chunk = await p.read()) text += String(chunk);
    assert.deepEqual(errors, []);
    assert.equal((await p.closed).exitCode, 0);
    return text;
  };
  const abc = (p: Subprocess) => ['a', 'b', 'c'].map((letter) => p.stdin?.write(letter));
  for (const corked of [false, true]) {
    const type = (p: Subprocess) => {
      if (corked) p.stdin?.cork();
      abc(p);
      p.closeStdin();
    };
    assert.equal(await echoes(['cat'], {}, type), 'abc');
    assert.equal(await echoes(['cat'], {pty: {echo: false}}, type), 'abc');
  }
  const ended = async (p: Subprocess) => {
    p.stdin?.write('a');
    p.stdin?.write('b');
    p.stdin?.end('c');
    p.closeStdin();
    assert.equal((await failure(p.write('late'))).code, 'ERR_STDIN_CLOSED');
  };
  assert.equal(await echoes(['cat'], {}, ended), 'abc');
  const mixed = async (p: Subprocess) => {
    p.stdin?.write('a');
    p.stdin?.write('b');
    const taken = p.write('c');
    p.stdin?.write('d');
    assert.equal(await taken, true);
    p.closeStdin();
    await new Promise<void>((resolve) => p.stdin?.write('dropped', () => resolve()));
  };
  assert.equal(await echoes(['cat'], {}, mixed), 'abcd');
  const large = async (p: Subprocess) => {
    p.stdin?.write(Buffer.alloc(300_000));
    p.stdin?.write(Buffer.alloc(300_000));
    await p.waitFor('ready');
    p.closeStdin();
  };
  assert.equal((await echoes(['sh', '-c', 'echo ready; sleep 0.2; wc -c'], {}, large)).trim(), '600000');
  // A source that is piped into it stops; a child that ends meanwhile answers.
  const source = new PassThrough();
  const piped = (p: Subprocess) => {
    source.pipe(p.stdin as Writable);
    source.write('x');
    setImmediate(() => {
      p.closeStdin();
      source.write('y');
    });
  };
  assert.equal(await echoes(['cat'], {}, piped), 'x');
  const gone = await start(['sh', '-c', 'exec <&-; sleep 0.3'], {});
  gone.stdin?.write(Buffer.alloc(300_000));
  assert.equal(await gone.write('nobody'), false);
  await gone.closed;
});

test('a second reader that is refused ends nothing for the first', async () => {
  const script = ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.1; done'];
  const refusals: unknown[] = [];
  const seconds: ((output: {toReadable(): Readable; toReadableStream(): ReadableStream<Uint8Array>}) => unknown)[] = [
    (output) =>
      output
        .toReadable()
        .on('error', (error) => refusals.push((error as {code?: string}).code))
        .resume(),
    (output) => output.toReadable().destroy(),
    (output) => output.toReadableStream().cancel(),
  ];
  for (const second of seconds) {
    const s = stream(script);
    const lines: string[] = [];
    for await (const line of s.lines()) {
      if (lines.length === 0) await second(s);
      lines.push(line);
    }
    assert.deepEqual(lines, ['1', '2', '3']);
    const p = await start(script);
    let text = String(await p.read());
    await second(p);
    for (let chunk = await p.read(); chunk; chunk = await p.read()) text += String(chunk);
    assert.equal(text, '1\n2\n3\n');
    assert.equal((await p.closed).exitCode, 0);
  }
  assert.deepEqual(refusals, ['ERR_STREAM_CLAIMED', 'ERR_STREAM_CLAIMED']);
});

test('a stream that was only looked at does not keep what was closed from being read', async () => {
  const p = await start(['sleep', '60'], {killTimeout: 0});
  assert.notEqual(p.stdout, null);
  await p[Symbol.asyncDispose]();
  assert.equal(await p.read(), null);
});

test('one consumer per pipe: a second is refused', async () => {
  const p = await start(['cat']);
  p.stdout.on('data', () => {});
  assert.equal((await failure(p.read())).code, 'ERR_STREAM_CLAIMED');
  p.stdin.end();
  await p.closed;
});

test('an aborted read leaves no trace', async () => {
  const p = await start(['cat']);
  const controller = new AbortController();
  const waiting = p.read(100, {signal: controller.signal});
  controller.abort(new Error('no longer'));
  await assert.rejects(waiting, {message: 'no longer'});
  await p.write('kept');
  assert.equal(String(await p.read()), 'kept');
  await p.stop();
});

test('reads that wait at the exit are answered', async () => {
  const p = await start(['sh', '-c', 'read x']);
  const waiting = p.read();
  p.closeStdin();
  assert.equal(await waiting, null);
  assert.equal((await p.exited).exitCode, 1);
});

test('a child that stops reading: write() is false, stdin emits no error', async () => {
  const p = await start(['sh', '-c', 'exec <&-; echo closed; sleep 30']);
  assert.equal(String(await p.read()), 'closed\n');
  assert.equal(await p.write('x'), false);
  const errors: unknown[] = [];
  p.stdin.on('error', (error) => errors.push(error));
  p.stdin.write('y');
  await p.stop();
  assert.deepEqual(errors, []);
});

test('kill: by name or number; false when nobody is left; an unknown one is refused', async () => {
  const p = await start(['sleep', '30']);
  assert.equal((await failure(p.kill('SIGNOPE' as 'SIGTERM'))).code, 'ERR_UNKNOWN_SIGNAL');
  assert.equal(await p.kill('SIGUSR1'), true);
  const end = await p.exited;
  assert.equal(end.signal, 'SIGUSR1');
  assert.equal(end.reason, 'signal');
  await p.closed;
  assert.equal(await p.kill(9), false);
  assert.equal((await p.stop()).signal, 'SIGUSR1');
});

test('stop and continue are not exits', async () => {
  const p = await start(['sleep', '30']);
  await p.kill('SIGSTOP');
  await p.kill('SIGCONT');
  assert.equal(p.alive, true);
  await p.stop();
});

test('kill reaches the leader, the group or the tree', async () => {
  const p = await start([
    'sh',
    '-c',
    'trap "echo leader" USR1; setsid sh -c "trap \\"echo far\\" USR1; echo up; while :; do sleep 0.05; done" & while :; do sleep 0.05; done',
  ]);
  assert.equal(String(await p.read()), 'up\n');
  assert.equal(await p.kill('SIGUSR1', {reach: 'leader'}), true);
  assert.equal(String(await p.read()), 'leader\n');
  assert.equal((await failure(p.kill('SIGTERM', {reach: 'all' as 'tree'}))).code, 'ERR_INVALID_OPTION');
  await p.stop({killTimeout: 200});
});

test('stop: the polite signal first, SIGKILL after killTimeout, and it says which', async () => {
  const polite = await start(['sh', '-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done']);
  await polite.read();
  const ended = await polite.stop();
  assert.deepEqual([ended.exitCode, ended.forced, ended.proven], [7, false, true]);
  const rude = await start(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], {killTimeout: 150});
  await rude.read();
  const killed = await rude.stop();
  assert.deepEqual([killed.signal, killed.forced], ['SIGKILL', true]);
});

test('killSignal and stopScope choose the polite signal and who gets it', async () => {
  const p = await start(['sh', '-c', 'trap "exit 3" INT; echo up; while :; do sleep 0.05; done'], {killSignal: 'INT', stopScope: 'leader'});
  await p.read();
  assert.equal((await p.stop()).exitCode, 3);
});

test('a second stop may only bring SIGKILL nearer', async () => {
  const p = await start(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], {killTimeout: 60_000});
  await p.read();
  const first = p.stop();
  const second = p.stop({killTimeout: 0});
  assert.equal((await first).signal, 'SIGKILL');
  assert.deepEqual(await second, await first);
});

test('timeout and abort are reasons of an end, never rejections', async () => {
  const late = await start(['sleep', '30'], {timeout: 100});
  assert.equal((await late.closed).reason, 'timeout');
  const controller = new AbortController();
  const aborted = await start(['sleep', '30'], {signal: controller.signal});
  controller.abort();
  assert.equal((await aborted.closed).reason, 'abort');
});

test('stderrTail keeps what is consumed', async () => {
  const p = await start(['sh', '-c', 'echo why >&2']);
  await p.closed;
  assert.equal(p.stderr, null);
  assert.equal(p.stderrTail, 'why\n');
});

test('stats count bytes and chunks that moved, and keep their final values', async () => {
  const p = await start(['cat'], {stderr: 'pipe'});
  await p.write('12345');
  await p.read();
  p.closeStdin();
  await p.read();
  await p.closed;
  const {bytesIn, bytesOut, bytesErr, readCount, writeCount, exitStatus, usage, durationMs} = p.stats();
  assert.deepEqual([bytesIn, bytesOut, bytesErr, readCount, writeCount, exitStatus], [5, 5, 0, 1, 1, 0]);
  assert.ok(usage && usage.maxRssBytes > 0);
  assert.ok(durationMs > 0);
  assert.equal(p.stats().durationMs, durationMs);
});

test('await using: dispose ends the tree', async () => {
  const p = await start(['sleep', '30']);
  await p[Symbol.asyncDispose]();
  assert.equal(p.alive, false);
});

test('a Subprocess is not thenable', async () => {
  const p = await start(['true']);
  assert.equal('then' in p, false);
  await p.closed;
});

test('start resolves only when exec has succeeded', async () => {
  const error = await failure(start(['/nonexistent/program']));
  assert.deepEqual([error.reason, error.code], ['spawn', 'ENOENT']);
  const options = await failure(start(['true'], {check: true} as object));
  assert.equal(options.code, 'ERR_INVALID_OPTION');
});

test('stdio: ignore, inherit, a descriptor', async () => {
  const {openSync, closeSync, readFileSync, mkdtempSync, rmSync} = await import('node:fs');
  const dir = mkdtempSync('/tmp/net-runner-test-');
  const fd = openSync(`${dir}/out`, 'w+');
  const p = await start(['sh', '-c', 'readlink /proc/self/fd/0; echo err >&2'], {stdio: ['ignore', fd, fd]});
  assert.equal(p.stdin, null);
  assert.equal(p.stdout, null);
  await p.closed;
  closeSync(fd);
  assert.equal(readFileSync(`${dir}/out`, 'utf8'), '/dev/null\nerr\n');
  rmSync(dir, {recursive: true});
  assert.equal((await run(['cat'], {stdin: 'ignore'})).stdout, '');
  assert.equal((await failure(run(['true'], {stdout: 9_999}))).reason, 'spawn');
});

test('readInto() fills memory of the caller; a web stream reads into that of its reader', async () => {
  const p = await start(['sh', '-c', 'printf 0123456789']);
  const block = Buffer.alloc(4);
  const parts: string[] = [];
  for (let length = await p.readInto(block); length > 0; length = await p.readInto(block)) parts.push(block.toString('latin1', 0, length));
  assert.deepEqual(parts, ['0123', '4567', '89']);
  assert.equal(await p.readInto(block), 0);
  assert.equal(p.stats().bytesOut, 10);
  assert.equal((await failure(p.readInto('no memory' as never))).code, 'ERR_INVALID_ARGS');
  await p.closed;

  const web = await start(['cat']);
  const reader = web.toReadableStream().getReader({mode: 'byob'});
  assert.equal(web.toReadableStream(), web.toReadableStream());
  await web.write('hello');
  const {value} = await reader.read(new Uint8Array(3));
  assert.equal(Buffer.from(value as Uint8Array).toString(), 'hel');
  const waits = reader.read(new Uint8Array(99));
  web.closeStdin();
  assert.equal(Buffer.from((await waits).value as Uint8Array).toString(), 'lo');
  assert.equal((await reader.read(new Uint8Array(9))).done, true);
  await web.closed;
});

test('one reader: the second is told who reads, and what', async () => {
  const p = await start(['cat']);
  await p.write('x');
  await p.read();
  assert.equal(p.toReadable(), p.stdout);
  await assert.rejects(p.toReadableStream().getReader().read(), {
    code: 'ERR_STREAM_CLAIMED',
    message: /^stdout of cat is read by read\(\) already/,
  });
  await p[Symbol.asyncDispose]();
  const streamed = await start(['cat']);
  streamed.stdout.on('data', () => {});
  await assert.rejects(streamed.readInto(Buffer.alloc(1)), {message: /^stdout of cat is read as a Node stream already/});
  await streamed[Symbol.asyncDispose]();
  const none = await start(['true'], {stdout: 'ignore'});
  assert.throws(() => none.toReadable(), {code: 'ERR_STREAM_CLAIMED'});
  await none.closed;
});

test('idleTimeout of start() counts only while a read waits', async () => {
  const p = await start(['sh', '-c', 'sleep 0.5; echo late; sleep 60'], {idleTimeout: 200});
  await new Promise((resolve) => setTimeout(resolve, 800));
  assert.equal(String(await p.read()), 'late\n');
  assert.equal(p.alive, true);
  assert.equal(await p.read(), null);
  assert.equal((await p.closed).reason, 'idle');
});

test('a read of what is no number is refused at once, and harms no other', async () => {
  await using p = await start(['cat']);
  const first = p.read();
  for (const max of ['10', 10n, true, [5], Number.NaN]) assert.equal((await failure(p.read(max as number))).reason, 'invalid');
  const second = p.read();
  await p.write('hello');
  assert.equal(String(await first), 'hello');
  await p.write('world');
  assert.equal(String(await second), 'world');
});
