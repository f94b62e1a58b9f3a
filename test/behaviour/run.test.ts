// Owns: run() as its users meet it: output, exit, limits, input, text (docs/from-netrunner.md: C1 to C4, C6 to C8).
// Never: who dies when (test/survival).
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {getEventListeners} from 'node:events';
import {Readable} from 'node:stream';
import {test} from 'node:test';
import {run} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';

censusOfThisFile(() => run(['true']));

/** The error a call must reject with. */
test('an exit status is a value', async () => {
  const no = await run(['false']);
  assert.equal(no.exitCode, 1);
  assert.equal(no.ok, false);
  assert.equal(no.signal, null);
  assert.equal(no.exitStatus, 1);
  const yes = await run('true');
  assert.equal(yes.ok, true);
  assert.equal(yes.stdout, '');
});

test('death by a signal: both apart, and as 128 + n', async () => {
  const end = await run(['sh', '-c', 'kill -9 $$']);
  assert.equal(end.exitCode, null);
  assert.equal(end.signal, 'SIGKILL');
  assert.equal(end.exitStatus, 137);
  assert.equal(end.ok, false);
});

test('stdout and stderr apart, as text, bytes and lines', async () => {
  const script = 'printf "out\\n"; printf "err\\n" >&2';
  const text = await run(['sh', '-c', script]);
  assert.equal(text.stdout, 'out\n');
  assert.equal(text.stderr, 'err\n');
  const bytes = await run(['sh', '-c', script], {encoding: 'buffer'});
  assert.deepEqual(bytes.stdout, Buffer.from('out\n'));
  const lines = await run(['printf', 'a\\r\\nb\\n\\nlast'], {lines: true});
  assert.deepEqual(lines.stdout, ['a', 'b', '', 'last']);
  const stripped = await run(['printf', 'one\\n\\n'], {stripFinalNewline: true});
  assert.equal(stripped.stdout, 'one\n');
});

test("stderr 'stdout' is one pipe in the exact order of writing", async () => {
  const script = 'i=0; while [ $i -lt 50 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done';
  const {stdout, ...rest} = await run(['sh', '-c', script], {stderr: 'stdout'});
  assert.equal('stderr' in rest, false);
  const want = Array.from({length: 50}, (_, i) => `o${i}\ne${i}\n`).join('');
  assert.equal(stdout, want);
});

test("stderr 'consume' keeps the first and last 32 KiB and never blocks the child", async () => {
  const {stderr, exitCode} = await run(['sh', '-c', 'printf first >&2; head -c 1000000 /dev/zero | tr "\\0" x >&2; printf last >&2'], {
    stderr: 'consume',
  });
  assert.equal(exitCode, 0);
  assert.ok(stderr.startsWith('firstxxx'));
  assert.ok(stderr.endsWith('xxxlast'));
  assert.match(stderr, /\n\[\.\.\. 934473 bytes not kept \.\.\.\]\n/);
});

test('the child sees the program it was given: arguments are never split or parsed', async () => {
  const words = ['a b', '', '*', '$HOME', '"', "'", '\\', 'ü', '--', '-n'];
  const {stdout} = await run(['printf', '%s\\n', ...words]);
  assert.equal(stdout, `${words.join('\n')}\n`);
});

test('cwd, env, extendEnv and argv0', async () => {
  assert.equal((await run(['pwd'], {cwd: '/usr', stripFinalNewline: true})).stdout, '/usr');
  const {stdout} = await run(['sh', '-c', 'echo "$A-${HOME+set}"'], {env: {A: 'x', HOME: undefined}});
  assert.equal(stdout, 'x-\n');
  assert.equal((await run('/usr/bin/env', {env: {ONLY: '1'}, extendEnv: false})).stdout, 'ONLY=1\n');
  assert.equal((await run(['sh', '-c', 'echo $0'], {argv0: 'sh'})).stdout, 'sh\n');
  assert.equal((await run(['cat', '/proc/self/cmdline'], {argv0: 'other'})).stdout, 'other\0/proc/self/cmdline\0');
});

test('a program is searched in the PATH of the child', async () => {
  const error = await failure(run(['true'], {env: {PATH: '/nonexistent'}}));
  assert.equal(error.code, 'ENOENT');
});

test('input: 64 MiB through cat, the same bytes', {timeout: 60_000}, async () => {
  const input = Buffer.alloc(64 << 20);
  for (let i = 0; i < input.length; i += 4) input.writeUInt32LE((i * 2654435761) >>> 0, i);
  const {stdout} = await run(['cat'], {input, encoding: 'buffer'});
  assert.equal(stdout.length, input.length);
  assert.equal(createHash('sha256').update(stdout).digest('hex'), createHash('sha256').update(input).digest('hex'));
});

test('input of every kind', async () => {
  async function* slow() {
    yield 'from ';
    await new Promise((resolve) => setImmediate(resolve));
    yield Buffer.from('an async iterable');
  }
  const kinds: [string, Parameters<typeof run>[1]][] = [
    ['text', {input: 'text'}],
    ['bytes', {input: new Uint8Array([98, 121, 116, 101, 115])}],
    ['a view', {input: new DataView(Buffer.from('a view').buffer.slice(0, 0))}],
    ['from an array', {input: ['from ', 'an array']}],
    ['from an async iterable', {input: slow()}],
    ['from a stream', {input: Readable.from(['from ', 'a stream'])}],
    ['from a web stream', {input: new Blob(['from a web stream']).stream()}],
    ['from a blob', {input: new Blob(['from a blob'])}],
  ];
  for (const [want, options] of kinds) {
    const {stdout} = (await run(['cat'], options)) as {stdout: string};
    assert.equal(stdout, want === 'a view' ? '' : want);
  }
});

test('a source that fails stops the job and is the cause', async () => {
  const cause = new Error('the source broke');
  async function* broken() {
    yield 'x';
    throw cause;
  }
  const error = await failure(run(['cat'], {input: broken()}));
  assert.equal(error.reason, 'input');
  assert.equal(error.code, 'ERR_INPUT');
  assert.equal(error.cause, cause);
});

test('a child that does not read its input is no error, and the source is closed', async () => {
  let closed = false;
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(65_536);
    } finally {
      closed = true;
    }
  }
  const {exitCode} = await run(['true'], {input: endless()});
  assert.equal(exitCode, 0);
  assert.equal(closed, true);
});

test('a source that never yields again does not hold the result', async () => {
  async function* stuck() {
    yield 'x';
    await new Promise(() => {});
  }
  const {stdout} = await run(['head', '-c', '1'], {input: stuck()});
  assert.equal(stdout, 'x');
});

test('maxOutputSize: exactly n bytes are allowed; n + 1 rejects with the first n', async () => {
  const {stdout} = await run(['head', '-c', '1000', '/dev/zero'], {maxOutputSize: 1000});
  assert.equal(stdout.length, 1000);
  for (const command of [['yes'], ['head', '-c', '1001', '/dev/zero']] as const) {
    const error = await failure(run(command, {maxOutputSize: 1000, encoding: 'buffer'}));
    assert.equal(error.reason, 'max-output');
    assert.equal(error.code, 'ERR_MAX_OUTPUT');
    assert.equal(error.result?.stdout?.length, 1000);
  }
});

test('timeout: rejects with the output so far', async () => {
  const error = await failure(run(['sh', '-c', 'echo before; sleep 30'], {timeout: 200}));
  assert.equal(error.reason, 'timeout');
  assert.equal(error.code, 'ETIMEDOUT');
  assert.equal(error.result?.stdout, 'before\n');
});

test('timeout 0 and Infinity are none', async () => {
  for (const timeout of [0, Number.POSITIVE_INFINITY, undefined]) assert.equal((await run(['true'], {timeout})).ok, true);
});

test('check: true, or the accepted codes', async () => {
  const error = await failure(run(['sh', '-c', 'echo why >&2; exit 3'], {check: true}));
  assert.equal(error.reason, 'exit');
  assert.equal(error.result?.exitCode, 3);
  assert.match(error.message, /why/);
  assert.equal((await run(['sh', '-c', 'exit 3'], {check: [0, 3]})).ok, true);
  const killed = await failure(run(['sh', '-c', 'kill -TERM $$'], {check: true}));
  assert.equal(killed.reason, 'signal');
  assert.equal(killed.code, 'ERR_SIGNAL');
});

test('an aborted signal starts nothing; one that aborts later stops the tree', async () => {
  const early = await failure(run(['true'], {signal: AbortSignal.abort('why')}));
  assert.equal(early.reason, 'abort');
  assert.equal(early.code, 'ABORT_ERR');
  assert.equal(early.cause, 'why');
  assert.equal(early.result, undefined);
  const controller = new AbortController();
  const call = failure(run(['sh', '-c', 'echo on; sleep 30'], {signal: controller.signal}));
  setTimeout(() => controller.abort(new Error('enough')), 100);
  const late = await call;
  assert.equal(late.reason, 'abort');
  assert.equal((late.cause as Error).message, 'enough');
});

test('one listener per AbortSignal, and none is left', async () => {
  const {signal} = new AbortController();
  const calls = Array.from({length: 20}, () => run(['true'], {signal}));
  await Promise.all(calls);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

test('leftovers are ended within leftoverTimeout, and named', async () => {
  const {stdout, leftovers, durationMs} = await run([child('hold_stdout_open')]);
  assert.equal(stdout, 'done\n');
  assert.deepEqual(
    leftovers.map(({name}) => name),
    ['hold_stdout_ope'],
  );
  assert.throws(() => process.kill(leftovers[0]!.pid, 0), {code: 'ESRCH'});
  assert.ok(durationMs < 5_000);
});

test("linger 'wait' waits until they end by themselves", async () => {
  const {stdout} = await run(['sh', '-c', '(sleep 0.3; echo late) & echo done'], {linger: 'wait'});
  assert.equal(stdout, 'done\nlate\n');
});

test('200 quick programs lose nothing', {timeout: 60_000}, async () => {
  for (let i = 0; i < 200; i++) {
    const {stdout, stderr} = await run(['sh', '-c', 'echo out; echo err >&2']);
    assert.equal(stdout, 'out\n');
    assert.equal(stderr, 'err\n');
  }
});

test('characters are never torn, whatever the chunks', async () => {
  const text = 'aä€😀'.repeat(40_000);
  const {stdout} = await run(['cat'], {input: text});
  assert.equal(stdout, text);
});

test('/dev/stdout and /dev/stderr can be opened by the child', async () => {
  const {stdout, stderr} = await run(['sh', '-c', 'echo a > /dev/stdout; echo b > /dev/stderr']);
  assert.equal(stdout, 'a\n');
  assert.equal(stderr, 'b\n');
});

test('usage and durations are figures', async () => {
  const {usage, durationMs} = await run(['sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done']);
  assert.ok(usage.userMs > 0);
  assert.ok(usage.maxRssBytes > 100_000);
  assert.equal(usage.scope, 'reaped');
  assert.ok(durationMs > 0);
});
