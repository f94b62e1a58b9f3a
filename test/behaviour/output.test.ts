// Owns: `output`: what is kept, what is dropped and said so, and the spill file (docs/from-netrunner.md: C4).
// Never: maxOutputSize alone (run.test.ts), the keeping itself against a model (test/unit/subprocess).
import assert from 'node:assert/strict';
import {constants} from 'node:buffer';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import {run} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {SLOW} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-output-'));
after(() => rmSync(dir, {recursive: true}));
const seq = (last: number) => Array.from({length: last}, (_, i) => `${i + 1}\n`).join('');
const whole = seq(100_000);

test('head, tail, both: with the gap marked and counted', async () => {
  const of = (overflow: 'head' | 'tail' | 'head+tail', max = 20) => run(['seq', '100000'], {output: {max, overflow}});
  const dropped = whole.length - 20;
  const head = await of('head');
  assert.equal(head.stdout, `${whole.slice(0, 20)}\n[... ${dropped} bytes not kept ...]`);
  assert.deepEqual(head.truncated, {stdout: {kept: 20, dropped}});
  assert.equal((await of('tail')).stdout, `[... ${dropped} bytes not kept ...]\n${whole.slice(-20)}`);
  assert.equal((await of('head+tail')).stdout, `${whole.slice(0, 10)}[... ${dropped} bytes not kept ...]\n${whole.slice(-10)}`);
  const fits = await of('head+tail', whole.length);
  assert.equal(fits.stdout, whole);
  assert.deepEqual(fits.truncated, {});
});

test('bytes are not marked; lines are', async () => {
  const {stdout, truncated} = await run(['seq', '100000'], {output: {max: 10, overflow: 'head+tail'}, encoding: 'buffer'});
  assert.equal(String(stdout), `${whole.slice(0, 5)}${whole.slice(-5)}`);
  assert.deepEqual(truncated.stdout, {kept: 10, dropped: whole.length - 10});
  const lines = await run(['seq', '100000'], {output: {max: 8, overflow: 'head+tail'}, lines: true});
  assert.deepEqual(lines.stdout, ['1', '2', `[... ${whole.length - 8} bytes not kept ...]`, '000']);
});

test('cuts fall on character borders', async () => {
  const {stdout, truncated} = await run(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9; do printf "€"; done'], {
    output: {max: 10, overflow: 'head+tail'},
  });
  assert.equal(stdout, '€\n[... 21 bytes not kept ...]\n€');
  assert.deepEqual(truncated.stdout, {kept: 6, dropped: 21});
});

test('per stream', async () => {
  const {stdout, stderr, truncated} = await run(['sh', '-c', 'printf 12345678; printf abc >&2'], {output: {max: 5, overflow: 'tail'}});
  assert.match(stdout, /45678$/);
  assert.equal(stderr, 'abc');
  assert.deepEqual(Object.keys(truncated), ['stdout']);
});

test("overflow 'error' is maxOutputSize", async () => {
  const error = await failure(run(['seq', '100000'], {output: {max: 7}}));
  assert.deepEqual(
    [error.reason, error.result?.stdout, (error as {maxOutputSize?: number}).maxOutputSize],
    ['max-output', whole.slice(0, 7), 7],
  );
  assert.equal((await run(['printf', '1234567'], {output: {max: 7}})).stdout, '1234567');
});

test('a spill file has all of it, and is there only when it is needed', async () => {
  for (const overflow of ['head', 'tail', 'head+tail'] as const) {
    const {truncated, stdout} = await run(['seq', '100000'], {output: {max: 1_000, overflow, spill: true}});
    const {spill = ''} = truncated.stdout ?? {};
    assert.equal(path.dirname(spill), tmpdir());
    assert.equal(readFileSync(spill, 'utf8'), whole);
    assert.equal(statSync(spill).mode & 0o777, 0o600);
    assert.ok(stdout.length < 1_100);
    rmSync(spill);
  }
  const file = path.join(dir, 'spilled');
  const none = await run(['seq', '3'], {output: {max: 1_000, overflow: 'tail', spill: file}});
  assert.deepEqual([none.truncated, existsSync(file)], [{}, false]);
  const both = await run(['sh', '-c', 'seq 1000; seq 2000 >&2'], {output: {max: 10, overflow: 'tail', spill: file}});
  assert.equal(both.truncated.stdout?.spill, file);
  assert.equal(both.truncated.stderr?.spill, `${file}.stderr`);
  assert.deepEqual([readFileSync(file, 'utf8'), readFileSync(`${file}.stderr`, 'utf8')], [seq(1_000), seq(2_000)]);
});

test('a spill file never overwrites, follows, or is left by a command that cannot start', async () => {
  const file = path.join(dir, 'taken');
  writeFileSync(file, 'mine');
  const options = {output: {max: 1, overflow: 'tail', spill: file}} as const;
  const error = await failure(run(['seq', '9'], options));
  assert.deepEqual([error.reason, error.code], ['spawn', 'EEXIST']);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
  const link = path.join(dir, 'link');
  symlinkSync(path.join(dir, 'nowhere'), link);
  assert.equal((await failure(run(['seq', '9'], {output: {...options.output, spill: link}}))).code, 'EEXIST');
  const free = path.join(dir, 'free');
  assert.equal((await failure(run(['no-such-program-of-ours'], {output: {...options.output, spill: free}}))).code, 'ENOENT');
  assert.equal(existsSync(free), false);
  assert.ok(!readdirSync(dir).includes('nowhere'));
});

test('a spilled output keeps its check, its timeout and its memory', async () => {
  const options = {output: {max: 1_000, overflow: 'head+tail', spill: path.join(dir, 'big')}} as const;
  const before = process.memoryUsage.rss();
  const {truncated} = await run([child('flood_stdout'), String(128 << 20)], options);
  assert.ok(process.memoryUsage.rss() - before < (96 << 20) * SLOW); // a sanitizer holds back what was freed
  assert.equal(statSync(truncated.stdout?.spill as string).size, 128 << 20);
  rmSync(options.output.spill);
  const error = await failure(run(['sh', '-c', 'seq 1000; exit 3'], {...options, check: true}));
  assert.equal(error.reason, 'exit');
  assert.equal(error.result?.truncated?.stdout?.spill, options.output.spill);
});

test('more text than a string can hold is an error that says so, with the bytes in its result', async () => {
  const size = Math.ceil(constants.MAX_STRING_LENGTH / 2) + 1; // of hex, which has two characters for a byte
  const command = ['head', '-c', String(size), '/dev/zero'];
  const error = await failure(run(command, {maxOutputSize: Number.POSITIVE_INFINITY, encoding: 'hex'}));
  assert.equal(error.reason, 'max-output');
  assert.match(error.message, /wrote more text than the \d+ characters that a string can hold; write encoding: 'buffer'/);
  assert.equal(error.result?.stdout?.length, size);
});
