// Owns: what a child is born with, and every way its birth fails (docs/from-netrunner.md: S7, S8).
// Never: what happens to it later.
import assert from 'node:assert/strict';
import {chmodSync, closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {RunError, run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {child} from '../support/places.js';

censusOfThisFile(() => run(['true']));

const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-birth-'));
after(() => rmSync(dir, {recursive: true}));

function file(name: string, content: string, mode = 0o755): string {
  const where = path.join(dir, name);
  writeFileSync(where, content);
  chmodSync(where, mode);
  return where;
}

async function failure(call: Promise<unknown>): Promise<RunError<'spawn'>> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RunError, String(error));
    assert.equal(error.reason, 'spawn', error.message);
    return error as RunError<'spawn'>;
  }
  throw new assert.AssertionError({message: 'it resolved'});
}

test('each failure of a birth is told from the others', async () => {
  const busy = path.join(dir, 'busy');
  copyFileSync('/bin/true', busy);
  chmodSync(busy, 0o755);
  const writing = openSync(busy, 'r+');
  mkdirSync(path.join(dir, 'sub'));
  const cases: [string, () => Promise<unknown>, string, string, RegExp][] = [
    ['no program', () => run(['no-such-program-at-all']), 'ENOENT', 'exec', /there is no program named 'no-such-program-at-all'/],
    ['a string is not split', () => run('npm test'), 'ENOENT', 'exec', /write \['npm', 'test'\], or use `\$`/],
    ['no file', () => run([path.join(dir, 'nothing')]), 'ENOENT', 'exec', /there is no file/],
    ['not executable', () => run([file('plain', 'x', 0o644)]), 'EACCES', 'exec', /x permission|chmod|executable/],
    ['a directory', () => run([path.join(dir, 'sub')]), 'EACCES', 'exec', /./],
    ['missing interpreter', () => run([file('lost', '#!/no/such/interpreter\n')]), 'ENOENT', 'interpreter', /interpreter/],
    ['no directory', () => run(['true'], {cwd: path.join(dir, 'nowhere')}), 'ENOENT', 'chdir', /cwd .* does not exist/],
    ['cwd is a file', () => run(['true'], {cwd: file('f', '')}), 'ENOTDIR', 'chdir', /is not a directory/],
    ['part of the path is a file', () => run([`${file('g', '')}/true`]), 'ENOTDIR', 'exec', /not a directory/],
    ['too big an argument', () => run(['true', 'x'.repeat(200_000)]), 'E2BIG', 'exec', /131072/],
    ['too much in all', () => run(['true', ...Array.from({length: 60}, () => 'x'.repeat(130_000))]), 'E2BIG', 'exec', /./],
    ['being written', () => run([busy]), 'ETXTBSY', 'exec', /open for writing/],
    ['a closed descriptor', () => run(['true'], {stdout: 9_999}), 'EBADF', 'hire', /not open/],
  ];
  for (const [name, call, code, stage, sentence] of cases) {
    const error = await failure(call());
    assert.deepEqual([error.code, error.stage], [code, stage], name);
    assert.match(error.message, sentence, name);
    assert.equal(error.result, undefined, name);
    assert.ok(error.errno < 0 && error.syscall.length > 0 && error.path.length > 0, name);
  }
  closeSync(writing);
});

test('start() fails in the same ways', async () => {
  const error = await failure(start(['no-such-program-at-all']));
  assert.deepEqual([error.code, error.stage], ['ENOENT', 'exec']);
});

test('a working directory of the host that was removed', async () => {
  const gone = path.join(dir, 'gone');
  const before = process.cwd();
  mkdirSync(gone);
  process.chdir(gone);
  rmSync(gone, {recursive: true});
  try {
    const error = await failure(run(['true']));
    assert.deepEqual([error.code, error.stage], ['ENOENT', 'chdir']);
    assert.equal((await run(['pwd'], {cwd: '/usr'})).stdout, '/usr\n');
  } finally {
    process.chdir(before);
  }
});

test('text that has no bytes is refused, in the command, arguments and environment', async () => {
  const torn = 'a\ud800';
  const calls = [() => run([torn]), () => run(['true', torn]), () => run(['true'], {env: {A: torn}}), () => run(['true'], {cwd: torn})];
  for (const call of calls) await assert.rejects(call, {reason: 'invalid', message: /lone surrogate/});
  assert.equal((await run(['printf', '%s', '\u{1f600}'])).stdout, '\u{1f600}');
});

test('1,000 failures leave nothing', {timeout: 60_000}, async () => {
  const bad = () => [
    run(['no-such-program-at-all']).catch((error: RunError) => error.code),
    run(['true'], {cwd: '/no/such/directory'}).catch((error: RunError) => error.code),
    start([file('lost2', '#!/no/such/interpreter\n')]).catch((error: RunError) => error.code),
    run(['true', 'a\0b']).catch((error: RunError) => error.code),
  ];
  for (let i = 0; i < 250; i++) assert.deepEqual(await Promise.all(bad()), ['ENOENT', 'ENOENT', 'ENOENT', 'ERR_INVALID_ARGS']);
});

test("a file without '#!' runs through /bin/sh, as execvp does", async () => {
  const {stdout} = await run([file('script', 'echo "$0-$1"\n'), 'arg']);
  assert.equal(stdout, `${path.join(dir, 'script')}-arg\n`);
});

test('EACCES of one directory of the PATH does not hide a later one, and is remembered', async () => {
  mkdirSync(path.join(dir, 'a'));
  mkdirSync(path.join(dir, 'b'));
  writeFileSync(path.join(dir, 'a', 'tool'), 'x', {mode: 0o644});
  const PATH = `${path.join(dir, 'a')}:${path.join(dir, 'b')}`;
  assert.equal((await failure(run(['tool'], {env: {PATH}}))).code, 'EACCES');
  writeFileSync(path.join(dir, 'b', 'tool'), '#!/bin/sh\necho found\n', {mode: 0o755});
  assert.equal((await run(['tool'], {env: {PATH}})).stdout, 'found\n');
});

test('a relative program is looked for from cwd', async () => {
  writeFileSync(path.join(dir, 'sub', 'here'), '#!/bin/sh\npwd\n', {mode: 0o755});
  assert.equal((await run(['./here'], {cwd: path.join(dir, 'sub')})).stdout, `${path.join(dir, 'sub')}\n`);
});

test('the child has 0, 1 and 2, whatever the host has open', async () => {
  const open = Array.from({length: 50}, () => openSync('/dev/null', 'r'));
  try {
    const {stdout} = await run([child('print_fds')], {lines: true});
    assert.deepEqual(
      stdout.map((line) => line.split(' ')[0]),
      ['0', '1', '2'],
    );
  } finally {
    for (const fd of open) closeSync(fd);
  }
});

test('descriptors that cross: any permutation arrives in its place', async () => {
  const fds = ['a', 'b'].map((name) => openSync(path.join(dir, `cross-${name}`), 'w+'));
  const [a, b] = fds as [number, number];
  await run(['sh', '-c', 'echo out; echo err >&2'], {stdin: 'ignore', stdout: b, stderr: a});
  for (const fd of fds) closeSync(fd);
  const {stdout} = await run(['cat', path.join(dir, 'cross-b'), path.join(dir, 'cross-a')]);
  assert.equal(stdout, 'out\nerr\n');
});

test('no signal is blocked or ignored in the child', async () => {
  const {stdout} = await run([child('print_signals')]);
  assert.match(stdout, /SigBlk:?\s*0+$/m);
  assert.match(stdout, /SigIgn:?\s*0+$/m);
});

test('its own session, no controlling terminal, death of the shepherd is its own', async () => {
  const {stdout} = await run([child('print_death_signal')]);
  assert.match(stdout, /9|KILL/);
  const own = await run(['sh', '-c', 'ps -o sid= -p $$ 2>/dev/null || cut -d" " -f6 /proc/$$/stat']);
  assert.equal(Number(own.stdout), own.pid);
  assert.notEqual((await run(['sh', '-c', ': < /dev/tty'])).exitCode, 0);
});

test('1 MiB of arguments, 2 MiB of environment, empty strings: exact', async () => {
  const args = ['', ...Array.from({length: 10}, (_, i) => String(i).repeat(100_000)), ''];
  const {stdout} = await run([child('print_args'), ...args], {maxOutputSize: Number.POSITIVE_INFINITY});
  for (const arg of args) assert.ok(stdout.includes(arg));
  const env = Object.fromEntries(Array.from({length: 20}, (_, i) => [`BIG_${i}`, 'v'.repeat(100_000)]));
  const big = await run(['sh', '-c', 'echo ${#BIG_0} ${#BIG_19}'], {env});
  assert.equal(big.stdout, '100000 100000\n');
});
