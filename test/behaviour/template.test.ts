// Owns: $ as its users meet it: defaults, options, starting in the next microtask, errors.
// Never: splitting (test/unit/words/split.test.ts), pipe() (pipe.test.ts).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {$, run, scope} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';

censusOfThisFile(() => run(['true']));

test('values arrive as they are', async () => {
  const nasty = ['', ' ', 'a b', `'"\\`, '$(touch x)', '*', '-rf', 'ü\n', '`id`', '${HOME}'];
  const {stdout} = await $({encoding: 'buffer', stripFinalNewline: false})`printf ${'%s\\0'} ${nasty} "${nasty[2] as string}"`;
  assert.deepEqual(String(stdout).split('\0'), [...nasty, 'a b', '']);
  const args = await $`${child('print_args')} --name=${'a b'}.txt ${[]} ${5} ${true}`;
  assert.match(args.stdout, /--name=a b\.txt/);
});

test('checked, and without the final newline; nothrow() makes an exit status a value', async () => {
  assert.equal((await $`echo hi`).stdout, 'hi');
  assert.equal((await $`printf 'a\n\n'`).stdout, 'a\n');
  const error = await failure($`sh -c ${'echo why >&2; exit 3'}`);
  assert.deepEqual([error.reason, error.code, error.result?.exitCode], ['exit', 'ERR_EXIT', 3]);
  assert.match(error.message, /failed with exit code 3\nwhy$/);
  const {exitCode, ok} = await $`sh -c ${'exit 3'}`.nothrow();
  assert.deepEqual([exitCode, ok], [3, false]);
  assert.equal((await $({check: [3]})`sh -c ${'exit 3'}`).ok, true);
});

test('$({...}) is $ with options, one over the other', async () => {
  const there = $({cwd: '/', env: {A: '1'}});
  assert.equal((await there`pwd`).stdout, '/');
  assert.equal((await there({cwd: '/tmp', env: undefined})`sh -c ${'echo $PWD $A'}`).stdout, '/tmp 1');
  assert.deepEqual((await $({lines: true})`seq 3`).stdout, ['1', '2', '3']);
  assert.equal((await $({input: 'x'})`cat`).stdout, 'x');
  assert.equal((await failure($({timeout: 50})`sleep 60`)).reason, 'timeout');
});

test('the caller is in the stack', async () => {
  const error = await failure((async () => await $`false`)());
  assert.match(error.stack as string, /template\.test\.js/);
});

test('it starts in the next microtask, two side by side', async () => {
  const began = performance.now();
  await Promise.all([$`sleep 0.5`, $`sleep 0.5`, $`sleep 0.5`]);
  assert.ok(performance.now() - began < 1_400);
  const running = $`true`;
  await null;
  await null;
  assert.throws(() => running.nothrow(), {code: 'ERR_STREAM_CLAIMED'});
  await running;
});

test('refused before anything starts', async () => {
  assert.equal((await failure($`echo a | cat`)).message, "`|` means nothing here: no shell runs. Use .pipe(), or ['sh', '-c', ...]");
  assert.equal((await failure($``)).code, 'ERR_INVALID_COMMAND');
  assert.equal((await failure($`ls ${undefined as never}`)).code, 'ERR_INVALID_COMMAND');
  assert.equal((await failure($({lines: 5 as never})`ls`)).code, 'ERR_INVALID_OPTION');
  assert.equal((await failure($`no-such-program-of-ours`)).code, 'ENOENT');
  for (const wrong of ['ls', ['ls'], 5, undefined]) assert.throws(() => $(wrong as never), {code: 'ERR_INVALID_COMMAND'});
});

test('in a scope it ends with it, and is refused afterwards', async () => {
  let kept!: typeof $;
  let cut!: Promise<unknown>;
  await scope(async (s) => {
    kept = s.$;
    assert.equal((await s.$`echo in`).stdout, 'in');
    cut = failure(s.$`sleep 60`);
    assert.equal(await s.stream(['echo', 'in']).text(), 'in\n');
    const left = s.stream(['sh', '-c', 'while :; do echo x; done']);
    await left[Symbol.asyncIterator]().next();
    await new Promise((resolve) => setImmediate(resolve));
  });
  assert.equal(((await cut) as {reason: string}).reason, 'abort');
  assert.equal((await failure(kept`true`)).code, 'ERR_SCOPE_ENDED');
});

test('a stream of a scope that has ended', async () => {
  const {open, late} = await scope(async (s) => {
    const running = s.stream(['sh', '-c', 'echo x; sleep 60']);
    const loop = running.lines();
    assert.equal((await loop.next()).value, 'x');
    return {open: loop, late: s.stream(['true'])};
  });
  assert.equal((await failure(open.next())).reason, 'abort');
  assert.equal((await failure(late.text())).code, 'ERR_SCOPE_ENDED');
});
