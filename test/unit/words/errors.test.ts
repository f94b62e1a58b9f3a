// Owns: RunError: its table, its sentences, and how little of a child's output and nothing of its environment it shows.
// Never: starting a process.
import assert from 'node:assert/strict';
import {constants} from 'node:os';
import {describe, test} from 'node:test';
import {inspect} from 'node:util';
import {type Ended, ended, invalid, misuse, RunError, spawnFailed, unsupported} from '../../../src/words/errors.js';
import {commandLine} from '../../../src/words/quote.js';
import type {FailedResult} from '../../../src/words/result.js';

const command = commandLine('make', ['all', 'a b']);

function resultWith(more: Partial<FailedResult> = {}): FailedResult {
  return {
    command,
    pid: 4711,
    ok: false,
    exitCode: 2,
    signal: null,
    exitStatus: 2,
    durationMs: 5,
    usage: null,
    oom: false,
    leftovers: [],
    isolation: 'tree',
    ...more,
  };
}

describe('one class', () => {
  const error = ended({reason: 'exit', command, result: resultWith(), check: true});

  test('is an Error with a name, a reason and a code', () => {
    assert.ok(error instanceof RunError);
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'RunError');
    assert.equal(error.reason, 'exit');
    assert.equal(error.code, 'ERR_EXIT');
    assert.match(error.stack!, /^RunError: make all 'a b' failed with exit code 2\n/);
    assert.match(error.stack!.split('\n')[1]!, /errors\.test/);
  });

  test('instanceof goes by the brand, across copies of the package', () => {
    assert.ok({[Symbol.for('net-runner.RunError')]: true} instanceof RunError);
    for (const other of [new Error('x'), {}, null, undefined, 5]) assert.ok(!((other as unknown) instanceof RunError));
  });

  test('result and shortMessage are not enumerable', () => {
    assert.deepEqual(Object.keys(error).sort(), ['code', 'command', 'reason']);
    assert.equal(error.result?.exitCode, 2);
  });
});

describe('the message', () => {
  const withStderr = (stderr: string | string[] | Buffer) => ended({reason: 'exit', command, result: resultWith({stderr}), check: true});

  test('is one sentence and the last ten lines of stderr', () => {
    const lines = Array.from({length: 30}, (_, i) => `line ${i}`);
    for (const stderr of [lines.join('\n'), `${lines.join('\n')}\n`, Buffer.from(`${lines.join('\r\n')}\r\n`), lines]) {
      const error = withStderr(stderr);
      assert.equal(error.shortMessage, "make all 'a b' failed with exit code 2");
      assert.equal(error.message, `${error.shortMessage}\n${lines.slice(-10).join('\n')}`);
    }
  });

  test('without stderr it is the sentence', () => {
    for (const stderr of ['', '\n\n', [], Buffer.alloc(0)]) assert.equal(withStderr(stderr).message, withStderr(stderr).shortMessage);
  });

  test('has no escape sequence and no control character', () => {
    const error = withStderr('\u001b[31mred\u001b[0m\n10%\r20%\r100%\n\u001b]0;title\u0007bell\u0007\0');
    assert.ok(error.message.endsWith('\nred\n100%\nbell'), JSON.stringify(error.message));
  });

  test('stays short', () => {
    assert.ok(withStderr('x'.repeat(1e7)).message.length < 1_000);
    assert.ok(withStderr(Buffer.alloc(1e7, 'x\n')).message.length < 1_000);
  });
});

describe('shown', () => {
  const big = 'a'.repeat(100_000);
  const error = ended({reason: 'exit', command, result: resultWith({stdout: big, stderr: Buffer.from(big)}), check: true});

  test('inspect cuts each stream to 1 KiB', () => {
    const text = inspect(error);
    assert.ok(text.length < 5_000, String(text.length));
    assert.match(text, /reason: 'exit'/);
    assert.match(text, /98976 characters …/);
    assert.match(text, /98976 bytes …/);
  });

  test('so does JSON', () => {
    const json = JSON.parse(JSON.stringify(error));
    assert.equal(json.name, 'RunError');
    assert.equal(json.reason, 'exit');
    assert.equal(json.command, "make all 'a b'");
    assert.equal(json.result.exitCode, 2);
    assert.ok(json.result.stdout.length < 1_100 && json.result.stderr.length < 1_100);
    assert.ok(JSON.stringify(error).length < 5_000);
  });

  test('lines are cut too, from the end', () => {
    const lines = Array.from({length: 1_000}, (_, i) => `line ${i}`);
    const {result} = JSON.parse(JSON.stringify(ended({reason: 'exit', command, result: resultWith({stdout: lines}), check: true})));
    assert.equal(result.stdout.at(-1), 'line 999');
    assert.match(result.stdout[0], /^… \d+ lines …$/);
    assert.ok(JSON.stringify(result.stdout).length < 2_000);
    const one = ended({reason: 'exit', command, result: resultWith({stdout: ['x', big]}), check: true});
    assert.ok(JSON.stringify(one).length < 3_000);
  });

  test('a huge command is cut everywhere', () => {
    const huge = commandLine(
      'x',
      Array.from({length: 10_000}, () => 'y'.repeat(100)),
    );
    const error = ended({reason: 'exit', command: huge, result: resultWith({command: huge}), check: true});
    assert.ok(inspect(error).length < 4_000);
    assert.ok(JSON.stringify(error).length < 3_000);
    assert.equal(error.command?.args.length, 10_000);
  });

  test('the cause is shown', () => {
    const cause = new TypeError('the source broke');
    const error = ended({reason: 'input', command, result: resultWith(), cause});
    assert.equal(error.cause, cause);
    assert.match(inspect(error), /TypeError: the source broke/);
    assert.equal(JSON.parse(JSON.stringify(error)).cause, 'the source broke');
  });

  test('nested deeply it is short', () => {
    assert.match(inspect({a: {b: {c: error}}}, {depth: 0}), /Object/);
    assert.ok(inspect({a: {b: {c: error}}}, {depth: 2}).length < 5_000);
  });
});

describe('every end has its sentence', () => {
  const died = resultWith({exitCode: null, signal: 'SIGKILL', exitStatus: 137});
  const rows: [Ended, string, RegExp][] = [
    [{reason: 'exit', command, result: resultWith(), check: [0, 1]}, 'ERR_EXIT', /exit code 2 \(accepted: 0, 1\)/],
    [{reason: 'signal', command, result: died}, 'ERR_SIGNAL', /ended by SIGKILL \(exit status 137\)/],
    [{reason: 'timeout', command, result: died, timeout: 200}, 'ETIMEDOUT', /timeout of 200 ms and was stopped/],
    [{reason: 'timeout', command, timeout: 200}, 'ETIMEDOUT', /did not start within/],
    [{reason: 'abort', command, result: died, cause: new Error('why')}, 'ABORT_ERR', /was stopped, because its AbortSignal/],
    [{reason: 'abort', command, cause: 'why'}, 'ABORT_ERR', /was not started/],
    [
      {reason: 'max-output', command, result: died, maxOutputSize: 1000, stream: 'stdout'},
      'ERR_MAX_OUTPUT',
      /more than 1000 bytes to stdout/,
    ],
    [{reason: 'max-output', command, result: died, maxOutputSize: 1000}, 'ERR_MAX_OUTPUT', /to stdout or stderr/],
    [{reason: 'input', command, result: died, cause: new Error('gone')}, 'ERR_INPUT', /its input failed: gone/],
    [{reason: 'lost', command, result: died, started: true, proven: true}, 'ERR_SHEPHERD_LOST', /its processes are all gone/],
    [{reason: 'lost', command, started: 'unknown', proven: false}, 'ERR_SHEPHERD_LOST', /before it said whether/],
    [
      {reason: 'unkillable', command, result: died, leftovers: [{pid: 7, name: 'dd', state: 'D'}]},
      'ERR_UNKILLABLE',
      /7 \(dd, state D\) is still there 5 s after SIGKILL/,
    ],
  ];
  for (const [end, code, sentence] of rows) {
    test(`${end.reason}: ${sentence.source}`, () => {
      const error = ended(end);
      assert.equal(error.reason, end.reason);
      assert.equal(error.code, code);
      assert.match(error.message, sentence);
      assert.ok(error.message.startsWith("make all 'a b' "), error.message);
      assert.equal(error.result, end.result);
    });
  }

  test('the figures ride along', () => {
    const unkillable = ended({
      reason: 'unkillable',
      command,
      result: died,
      leftovers: [
        {pid: 7, name: 'dd'},
        {pid: 8, name: 'dd'},
      ],
    });
    assert.deepEqual(unkillable.reason === 'unkillable' && unkillable.pids, [7, 8]);
    const timeout = ended({reason: 'timeout', command, result: died, timeout: 200});
    assert.equal(timeout.reason === 'timeout' && timeout.timeout, 200);
  });
});

describe('failed births are told apart', () => {
  const {errno} = constants;
  const spawn = (argv: readonly string[], stage: string, name: keyof typeof errno, more: {cwd?: string; interpreter?: string} = {}) =>
    spawnFailed({command: commandLine(argv[0]!, argv.slice(1)), errno: errno[name], stage, syscall: 'execve', ...more});
  const rows: [RunError, string, RegExp][] = [
    [spawn(['nope'], 'exec', 'ENOENT'), 'ENOENT', /there is no program named 'nope' in the directories of the child's PATH/],
    [spawn(['npm test'], 'exec', 'ENOENT'), 'ENOENT', /there is no program named 'npm test'; write \['npm', 'test'\], or use `\$`/],
    [spawn(['./x'], 'exec', 'ENOENT', {cwd: '/w'}), 'ENOENT', /there is no file '\.\/x' \(looked for from cwd '\/w'\)/],
    [spawn(['/x'], 'exec', 'ENOENT'), 'ENOENT', /there is no file '\/x'; check the path/],
    [spawn(['ls'], 'chdir', 'ENOENT', {cwd: '/w'}), 'ENOENT', /its cwd '\/w' does not exist/],
    [spawn(['ls'], 'chdir', 'ENOENT'), 'ENOENT', /host's own working directory does not exist any more/],
    [spawn(['ls'], 'chdir', 'ENOTDIR', {cwd: '/w'}), 'ENOTDIR', /is not a directory/],
    [spawn(['ls'], 'chdir', 'EACCES', {cwd: '/w'}), 'EACCES', /may not be entered/],
    [spawn(['/x'], 'exec', 'EACCES'), 'EACCES', /'\/x' may not be executed.*chmod \+x/],
    [spawn(['x'], 'exec', 'EACCES'), 'EACCES', /was found in the child's PATH, but/],
    [spawn(['/x'], 'interpreter', 'ENOENT'), 'ENOENT', /'\/x' is there, but the interpreter .* does not exist/],
    [spawn(['/x'], 'interpreter', 'ENOENT', {interpreter: '/bin/zsh'}), 'ENOENT', /its interpreter '\/bin\/zsh' does not exist/],
    [spawn(['/x'], 'exec', 'ENOEXEC'), 'ENOEXEC', /no program for this machine/],
    [spawn(['x', 'y'.repeat(200_000)], 'exec', 'E2BIG'), 'E2BIG', /one argument has 200001 bytes/],
    [spawn(['x', 'y', 'z'], 'exec', 'E2BIG'), 'E2BIG', /its 2 arguments \(6 bytes\) and its environment together/],
    [spawn(['/x'], 'exec', 'ETXTBSY'), 'ETXTBSY', /open for writing/],
    [spawn(['x'], 'pipe', 'EMFILE'), 'EMFILE', /ulimit -n/],
    [spawn(['x'], 'pipe', 'ENFILE'), 'ENFILE', /fs\.file-max/],
    [spawn(['x'], 'fork', 'EAGAIN'), 'EAGAIN', /ulimit -u/],
    [spawn(['x'], 'fork', 'ENOMEM'), 'ENOMEM', /not enough memory/],
    [spawn(['/a/b'], 'exec', 'ENOTDIR'), 'ENOTDIR', /a part of '\/a\/b' is not a directory/],
    [spawn(['/a'], 'exec', 'ELOOP'), 'ELOOP', /too many symbolic links/],
    [spawn(['/a'], 'exec', 'ENAMETOOLONG'), 'ENAMETOOLONG', /too long/],
    [spawn(['bash'], 'foreground', 'ENOTTY'), 'ENOTTY', /needs a terminal/],
    [spawn(['x'], 'fds', 'EBADF'), 'EBADF', /is not open/],
    [spawn(['x'], 'request', 'EPROTO'), 'EPROTO', /fault of net-runner/],
    [spawn(['x'], 'signals', 'EINVAL'), 'EINVAL', /execve failed with EINVAL/],
  ];
  for (const [error, code, sentence] of rows) {
    test(`${error.reason === 'spawn' && error.stage} ${code}: ${sentence.source}`, () => {
      assert.equal(error.code, code);
      assert.match(error.message, sentence);
      assert.match(error.message, /could not be started: /);
      assert.ok(error.message.length < 700);
      assert.equal(error.result, undefined);
      assert.ok(error.reason === 'spawn' && error.errno < 0 && error.syscall === 'execve');
    });
  }

  test('no two read alike', () => {
    assert.equal(new Set(rows.map(([error]) => error.message)).size, rows.length);
  });

  test('path is the program, or the directory', () => {
    const program = spawn(['nope'], 'exec', 'ENOENT', {cwd: '/w'});
    const directory = spawn(['nope'], 'chdir', 'ENOENT', {cwd: '/w'});
    assert.equal(program.path, 'nope');
    assert.equal(directory.path, '/w');
  });
});

test('the other factories', () => {
  const refused = invalid('ERR_INVALID_OPTION', 'no');
  assert.deepEqual([refused.reason, refused.code, refused.message, refused.command], ['invalid', 'ERR_INVALID_OPTION', 'no', undefined]);
  const cause = new Error('dlopen');
  const missing = unsupported('ERR_BINARY_MISSING', 'no binary', cause);
  assert.deepEqual([missing.reason, missing.code, missing.cause], ['unsupported', 'ERR_BINARY_MISSING', cause]);
  assert.ok(!('cause' in unsupported('ERR_BINARY_MISSING', 'no binary')));
  const misused = misuse('ERR_STDIN_CLOSED', 'closed', command);
  assert.deepEqual([misused.reason, misused.code, misused.command], ['misuse', 'ERR_STDIN_CLOSED', command]);
});
