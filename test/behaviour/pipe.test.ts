// Owns: commands joined by pipe(), of stream() and of $: the kernel's own pipe between them, who stops whom, whose verdict counts.
// Never: one command alone (stream.test.ts, template.test.ts).
import assert from 'node:assert/strict';
import {closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {$, command, run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {findMarked, isAlive, newMarker, openDescriptors} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const targetOf = (fd: string) => {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
};

const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args];

test('two, three, ten commands', async () => {
  assert.equal(await stream(['printf', 'b\na\nb\n']).pipe(['sort']).pipe(['uniq', '-c']).pipe(['tr', '-d', ' ']).text(), '1a\n2b\n');
  let chain = stream(['seq', '1000']) as ReturnType<ReturnType<typeof stream>['pipe']>;
  for (let i = 0; i < 9; i++) chain = chain.pipe(command('cat'));
  assert.equal((await chain.text()).length, 3893);
  const {stages, ok} = await chain.result;
  assert.deepEqual([stages.length, ok], [10, true]);
});

test('the pipe between them is one of the kernel: no descriptor of the host is on the way', async () => {
  const s = stream(sh('exec 3>&1; readlink /proc/self/fd/3 >&2; sleep 60'), {check: false}).pipe(sh('readlink /proc/self/fd/0; sleep 60'));
  const loop = s.lines();
  const joint = (await loop.next()).value as string;
  assert.match(joint, /^pipe:\[\d+\]$/);
  const mine = () => {
    const found: string[] = [];
    for (let fd = 0; fd < 200; fd++) {
      try {
        found.push(readlinkSync(`/proc/self/fd/${fd}`));
      } catch {
        // not open
      }
    }
    return found;
  };
  assert.ok(!mine().includes(joint));
  await loop.return?.();
  const {stages} = await s.result;
  assert.equal(String(stages[0]?.stderr).trim(), joint);
});

test('an upstream that nobody reads any more is fine: SIGPIPE, or stopped', async () => {
  const marker = newMarker();
  const quick = stream(['yes']).pipe(['head', '-2']);
  assert.equal(await quick.text(), 'y\ny\n');
  const {ok, stages} = await quick.result;
  assert.deepEqual([ok, stages[0]?.ok, stages[0]?.signal], [true, true, 'SIGPIPE']);
  const silent = stream(sh('echo x; sleep 60', marker)).pipe(['head', '-1']);
  assert.equal(await within(silent.text(), 'its reader to end'), 'x\n');
  assert.deepEqual(
    (await silent.result).stages.map((stage) => stage.ok),
    [true, true],
  );
  assert.deepEqual(findMarked(marker), []);
  const shell = stream(sh('yes; exit $?')).pipe(['head', '-1']); // 141: the shell's own child died of it
  await shell.text();
  assert.equal((await shell.result).ok, true);
});

test('an upstream that fails by itself is an error, though the last one is content', async () => {
  for (let i = 0; i < 10; i++) {
    const s = stream(sh('echo x; echo why >&2; exit 3')).pipe(['cat']);
    const lines: string[] = [];
    const error = await failure(
      (async () => {
        for await (const line of s.lines()) lines.push(line);
      })(),
    );
    assert.deepEqual(lines, ['x']);
    assert.equal(error.reason, 'exit');
    assert.match(error.message, /^sh -c .* failed with exit code 3\nwhy$/s);
    assert.deepEqual(
      error.result?.stages?.map((stage) => stage.exitCode),
      [3, 0],
    );
  }
  const quiet = stream(sh('echo x; exit 3'), {check: false}).pipe(['cat']);
  assert.equal(await quiet.text(), 'x\n');
  assert.deepEqual([(await quiet.result).ok, (await quiet.result).exitCode], [false, 0]);
  const both = await failure(stream(sh('exit 3')).pipe(sh('cat; exit 4')).text());
  assert.equal(both.result?.exitCode, 4);
});

test('one that cannot be started: the others are stopped, and the error is its own', async () => {
  const marker = newMarker();
  for (const s of [
    stream(sh('sleep 60', marker)).pipe(['no-such-program-of-ours']),
    stream(['no-such-program-of-ours']).pipe(sh('sleep 60', marker)),
  ]) {
    const error = await failure(s.text());
    assert.deepEqual([error.code, error.command?.file], ['ENOENT', 'no-such-program-of-ours']);
    assert.deepEqual(findMarked(marker), []);
  }
});

test('one that goes through the host and whose reader cannot be started: its descriptor is closed once, and no other with it', async () => {
  const before = openDescriptors();
  const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-pipe-'));
  const fifo = path.join(dir, 'fifo');
  await run(['mkfifo', fifo]);
  const files: number[] = [];
  const lost: number[] = [];
  const closeOldest = () => {
    const fd = files.shift() as number;
    try {
      closeSync(fd);
    } catch {
      lost.push(fd);
    }
  };
  // Each gets the lowest number that is free: the one that was closed just now. As a pipe that has been read, it has nothing to read.
  let immediate: NodeJS.Immediate;
  const openAnother = () => {
    files.push(openSync(fifo, 'r+'));
    if (files.length > 10) closeOldest();
    immediate = setImmediate(openAnother);
  };
  immediate = setImmediate(openAnother);
  try {
    for (let i = 0; i < 20; i++) {
      const s = stream(['yes'], {idleTimeout: 60_000}).pipe(['no-such-program-of-ours']);
      assert.equal((await failure(within(s.text(), 'it to be refused'))).code, 'ENOENT');
      assert.equal((await within(run(['cat'], {input: 'x'}), 'a job beside it')).stdout, 'x');
    }
  } finally {
    clearImmediate(immediate);
    while (files.length > 0) closeOldest();
    rmSync(dir, {recursive: true});
  }
  assert.deepEqual(lost, []);
  assert.equal(openDescriptors().get('pipe'), before.get('pipe'));
});

test('one that is stopped stops the others: half an input must not look whole', async () => {
  const marker = newMarker();
  const error = await failure(stream(sh('echo x; sleep 60'), {timeout: 100}).pipe(sh('cat; sleep 60', marker)).text());
  assert.equal(error.reason, 'timeout');
  assert.equal(error.command?.args[1], 'echo x; sleep 60');
  assert.deepEqual(findMarked(marker), []);
});

test('leaving early stops all of them', async () => {
  const marker = newMarker();
  const s = stream(sh('yes & wait', marker)).pipe(sh('cat', marker)).pipe(sh('cat & wait', marker));
  for await (const _ of s) break;
  assert.equal((await s.result).stages.length, 3);
  await until(() => findMarked(marker).length === 0, 'all to be gone');
});

test('somebody listens in between: the bytes go through the host, and all of them get there', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-pipe-'));
  try {
    const file = path.join(dir, 'copy');
    const text = await stream(['seq', '100000'], {stdout: ['pipe', {file}]})
      .pipe(['tail', '-1'])
      .text();
    assert.equal(text, '100000\n');
    assert.equal(readFileSync(file, 'utf8').length, 588_895);
    const idle = await failure(stream(sh('echo x; sleep 60'), {idleTimeout: 100}).pipe(['cat']).text());
    assert.equal(idle.reason, 'idle');
    const left = stream([child('flood_stdout')], {stdout: ['pipe', {file: path.join(dir, 'part')}]}).pipe(['head', '-c', '5']);
    assert.equal(await within(left.text(), 'its reader to end'), '01234');
    assert.equal((await left.result).ok, true);
  } finally {
    rmSync(dir, {recursive: true});
  }
});

test('what cannot be joined is refused', async () => {
  assert.match((await failure(stream(['ls']).pipe(['cat'], {input: 'x'}).text())).message, /gets its stdin from the command before it/);
  assert.match(
    (await failure(stream(['ls']).pipe(['cat'], {stdin: 'inherit'}).text())).message,
    /gets its stdin from the command before it/,
  );
  assert.match((await failure($({stdout: 'ignore'})`ls`.pipe(['cat']))).message, /has its stdout elsewhere/);
  assert.equal((await failure(stream(['ls']).pipe([]).text())).code, 'ERR_INVALID_COMMAND');
  assert.equal((await failure(stream([]).pipe(['cat']).text())).code, 'ERR_INVALID_COMMAND');
  const begun = stream(['true']);
  await begun.start();
  assert.equal((await failure(begun.pipe(['cat']).text())).code, 'ERR_STREAM_CLAIMED');
  await begun[Symbol.asyncDispose]();
});

test('input goes to the first, the result comes from the last', async () => {
  const s = stream(['cat'], {input: 'b\na\n'}).pipe(['sort'], {encoding: 'utf8'});
  assert.equal(await s.text(), 'a\nb\n');
  assert.deepEqual((await s.result).command.file, 'sort');
  assert.equal('inputComplete' in (await s.result), false);
  assert.equal((await s.result).stages[0]?.command.file, 'cat');
  const first = stream(['echo', 'x']);
  const second = first.pipe(['cat']);
  await second.text();
  assert.equal(await first.result, await second.result);
});

test('of $: the same rules, with the output collected', async () => {
  const {stdout, stages} = await $`printf ${'b\na\n'}`.pipe($`sort`).pipe(['head', '-1']);
  assert.deepEqual([stdout, stages.length], ['a', 3]);
  assert.equal((await failure($`sh -c ${'echo x; exit 3'}`.pipe($`cat`))).result?.exitCode, 3);
  const quiet = await $`sh -c ${'echo x; exit 3'}`.pipe($`cat`).nothrow();
  assert.deepEqual([quiet.stdout, quiet.ok, quiet.exitCode], ['x', false, 0]);
  const lines = await $`seq 3`.pipe($({lines: true})`cat`);
  assert.deepEqual(lines.stdout, ['1', '2', '3']);
  const part = $`echo x`;
  const whole = part.pipe($`cat`);
  assert.equal(await part, await whole);
  assert.throws(() => part.nothrow(), /comes too late/);
});

test('a spill file of one whose output is passed on by the host is not left, nor its descriptor', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-pipe-'));
  const file = path.join(folder, 'spilled');
  const {stdout} = await $({pty: true, output: {max: 4, overflow: 'tail', spill: file}})`seq 3`.pipe($`cat`);
  assert.match(stdout, /^1\r?\n2\r?\n3/);
  const holds = () => readdirSync('/proc/self/fd').some((fd) => targetOf(fd).startsWith(file));
  await until(() => !existsSync(file) && !holds(), 'it to be gone');
  rmSync(folder, {recursive: true});
});

test('jobs beside a pipe inherit nothing of it', async () => {
  const p = await start(['sleep', '60']);
  const s = stream(['yes']).pipe(sh('head -1 >/dev/null; sleep 0.2; echo done'));
  assert.equal(await within(s.text(), 'the pipe'), 'done\n');
  assert.ok(isAlive(p.pid));
  await p.stop();
});
