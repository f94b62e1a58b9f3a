// Owns: waitFor(): a search through what a program writes, on pipes and terminals alike.
// Never: which bytes a match takes when they are no text (unit/io/search.test.ts).
import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {within} from '../support/wait.js';

censusOfThisFile();

test('up to and including the match; the rest stays unread', async () => {
  const p = await start(['sh', '-c', 'printf "login: secret\\nand more\\n"']);
  assert.deepEqual(await p.waitFor(': '), {match: ': ', before: 'login'});
  const {match, before} = await p.waitFor(/(\w+)\n/);
  assert.deepEqual([match[0], match[1], before], ['secret\n', 'secret', '']);
  assert.equal(String(await p.read(3)), 'and');
  assert.equal((await p.waitFor('ore')).before, ' m');
  assert.equal(String(await p.read()), '\n');
  assert.equal(await p.read(), null);
});

test('across chunks, in the middle of a character and of the pattern', async () => {
  const p = await start(['cat']);
  const found = p.waitFor('größer');
  for (const byte of Buffer.from('viel größer!')) {
    await p.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await found, {match: 'größer', before: 'viel '});
  assert.equal(String(await p.read()), '!');
  await p.stop();
});

test('in vain: the time limit, the end, an AbortSignal; nothing is consumed', async () => {
  const p = await start(['sh', '-c', 'echo one; read x; echo two']);
  const late = await failure(p.waitFor('never', {timeout: 200}));
  assert.deepEqual([late.reason, late.code], ['timeout', 'ETIMEDOUT']);
  assert.match(late.message, /did not write "never" within 200 ms; the last it wrote: "one\\n"$/);
  const controller = new AbortController();
  const aborted = p.waitFor(/never/, {signal: controller.signal, timeout: 60_000});
  controller.abort(new Error('no longer'));
  await assert.rejects(aborted, {message: 'no longer'});
  p.closeStdin();
  const ended = await failure(p.waitFor(/three/));
  assert.deepEqual([ended.reason, ended.code], ['not-ready', 'ERR_NOT_READY']);
  assert.match(ended.message, /ended its output without \/three\/; the last it wrote: "one\\ntwo\\n"$/);
  assert.equal(String(await p.read()), 'one\ntwo\n');
  assert.equal(await p.read(), null);
  const nothing = await failure(p.waitFor('x'));
  assert.match(nothing.message, /it wrote nothing/);
});

test('reads and searches are answered in their order', async () => {
  const p = await start(['cat']);
  const answers = [p.waitFor('b'), p.read(1), p.waitFor('e'), p.read()];
  await p.write('abcdefg');
  const [b, c, e, rest] = await Promise.all(answers);
  assert.deepEqual([b, String(c), e, String(rest)], [{match: 'b', before: 'a'}, 'c', {match: 'e', before: 'd'}, 'fg']);
  await p.stop();
});

test('in vain, and somebody waits behind it: what it has searched is his', async () => {
  const p = await start(['sh', '-c', 'printf abc; exec sleep 60'], {killTimeout: 0});
  const late = failure(p.waitFor('never', {timeout: 200}));
  const next = within(p.waitFor('b'), 'the search behind it');
  assert.equal((await late).reason, 'timeout');
  assert.equal((await next).before, 'a');
  const aborted = assert.rejects(p.waitFor('never', {signal: AbortSignal.timeout(200)}), {name: 'TimeoutError'});
  assert.equal(String(await within(p.read(), 'the read behind it')), 'c');
  await aborted;
  await p.stop();
});

test('in vain at the end: who gets copies gets what is read afterwards', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-wait-'));
  const file = path.join(folder, 'copy');
  const p = await start(['printf', 'hello'], {stdout: ['pipe', {file}]});
  assert.equal((await failure(p.waitFor('never'))).reason, 'not-ready');
  assert.equal(String(await p.read()), 'hello');
  assert.equal(await p.read(), null);
  assert.equal(readFileSync(file, 'utf8'), 'hello');
  rmSync(folder, {recursive: true});
});

test('half of a character takes the whole, and no byte behind a broken one', async () => {
  const pair = await start(['printf', '😀x']);
  await pair.waitFor(/./);
  assert.equal(String(await pair.read()), 'x');
  const broken = await start(['printf', '\\342\\202A\\377B']);
  assert.equal((await broken.waitFor(/\ufffd/)).before, '');
  assert.equal((await broken.waitFor(/\ufffd/)).before, 'A');
  assert.equal(String(await broken.read()), 'B');
});

test('an endless output without a match ends the wait', async () => {
  const p = await start(['yes', 'no']);
  const error = await failure(p.waitFor('maybe'));
  assert.equal(error.reason, 'not-ready');
  assert.match(error.message, /wrote 16 MiB without "maybe"/);
  assert.ok(error.message.length < 500);
  await p[Symbol.asyncDispose]();
});

test('wrong use', async () => {
  const p = await start(['cat']);
  assert.equal((await failure(p.waitFor(''))).code, 'ERR_INVALID_ARGS');
  assert.equal((await failure(p.waitFor(5 as unknown as string))).code, 'ERR_INVALID_ARGS');
  assert.equal((await failure(p.waitFor('x', {timeout: -1}))).code, 'ERR_INVALID_OPTION');
  p.stdout.on('data', () => {});
  assert.equal((await failure(p.waitFor('x'))).code, 'ERR_STREAM_CLAIMED');
  await p.stop();
  const silent = await start(['true'], {stdout: 'ignore'});
  assert.equal((await failure(silent.waitFor('x'))).code, 'ERR_STREAM_CLAIMED');
  await silent.closed;
});

test('a regular expression of its own, whatever its flags', async () => {
  const p = await start(['sh', '-c', 'printf "AbA"']);
  const pattern = /a/giy;
  assert.equal((await p.waitFor(pattern)).match[0], 'A');
  assert.equal((await p.waitFor(pattern)).before, 'b');
  assert.equal(pattern.lastIndex, 0);
  await p.closed;
});

test('a shell at its prompt', async () => {
  const p = await start(['bash', '--norc'], {pty: true, env: {PS1: '[$?]> '}});
  await p.waitFor('[0]> ', {timeout: 20_000});
  await p.write('false\r');
  await p.waitFor('[1]> ', {timeout: 20_000});
  await p.write('echo $((6*7)); exit 3\r');
  await p.waitFor(/^42\r\n/m, {timeout: 20_000});
  assert.equal((await p.closed).exitCode, 3);
});

const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find((file) => existsSync(file));

test('python3 -i', {skip: python === undefined && 'no python3 here'}, async () => {
  const p = await start([python as string, '-i', '-q'], {pty: true, env: {PYTHON_BASIC_REPL: '1'}});
  await p.waitFor('>>> ', {timeout: 20_000});
  await p.write('6 * 7\n');
  const {before} = await p.waitFor('>>> ', {timeout: 20_000});
  assert.match(before, /^42\r$/m);
  await p.write('\x04');
  assert.equal((await p.closed).exitCode, 0);
});

test('what a terminal held at the end is searched too', async () => {
  const busy = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };
  await using p = await start(['sh', '-c', 'sleep 0.2; for i in 1 2 3 4 5; do echo tok$i; sleep 0.05; done'], {pty: true});
  await p.waitFor('tok1');
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (const i of [2, 3, 4]) {
    busy(60);
    await p.waitFor(`tok${i}`);
  }
  busy(300);
  assert.equal((await p.waitFor('tok5', {timeout: 20_000})).match, 'tok5');
});
