// Owns: what settle() makes of options: defaults, refusals, and the table of what applies where.
// Never: starting a process.
import assert from 'node:assert/strict';
import {constants} from 'node:os';
import {PassThrough, Readable} from 'node:stream';
import {describe, test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {applies, type FunctionName, instead} from '../../../src/words/applies.js';
import {RunError} from '../../../src/words/errors.js';
import {checkSize, settleKillTimeout, settleReach, settleTimeout} from '../../../src/words/given.js';
import {type Settings, settle} from '../../../src/words/settings.js';

/** Settles what must be refused, and gives the error. */
function refusal(options: unknown, fn: FunctionName = 'run'): RunError {
  try {
    settle(fn, options);
  } catch (error) {
    assert.ok(error instanceof RunError, String(error));
    assert.equal(error.reason, 'invalid');
    assert.equal(error.result, undefined);
    return error;
  }
  throw new assert.AssertionError({message: 'it was not refused'});
}

function refused(options: unknown, sentence: RegExp, fn: FunctionName = 'run', code = 'ERR_INVALID_OPTION'): void {
  const error = refusal(options, fn);
  assert.match(error.message, sentence);
  assert.equal(error.code, code);
}

const common = {
  cwd: undefined,
  env: undefined,
  extendEnv: true,
  argv0: undefined,
  stdout: 'pipe',
  copies: {stdout: [], stderr: []},
  extraFds: [],
  input: undefined,
  pty: undefined,
  lines: false,
  stripFinalNewline: false,
  timeout: undefined,
  idleTimeout: undefined,
  killTimeout: 5_000,
  leftoverTimeout: 500,
  killSignal: constants.signals.SIGTERM,
  stopScope: 'tree',
  signal: undefined,
  keeping: {head: Number.POSITIVE_INFINITY, tail: 0, isLimit: true, spill: undefined},
  reportsTruncation: false,
  check: false,
  foreground: false,
  linger: 'stop',
  owner: undefined,
  detached: false,
  bounds: {
    limits: {},
    nice: undefined,
    umask: undefined,
    uid: undefined,
    gid: undefined,
    groups: undefined,
    noNewPrivileges: false,
    oomScoreAdj: undefined,
  },
  isolation: {level: 'tree', cgroup: undefined, moveHost: false},
} as const;

/** Of run() and $. */
const limited = {maxOutputSize: 104_857_600, keeping: {...common.keeping, head: 104_857_600}};

describe('defaults', () => {
  test('of run()', () => {
    const expected: Settings = {...common, stdin: 'ignore', stderr: 'pipe', encoding: 'utf8', ...limited};
    assert.deepEqual(settle('run', undefined), expected);
    assert.deepEqual(settle('run', {}), expected);
  });

  test('of start()', () => {
    const expected: Settings = {...common, stdin: 'pipe', stderr: 'consume', encoding: 'buffer', maxOutputSize: Number.POSITIVE_INFINITY};
    assert.deepEqual(settle('start', {}), expected);
  });

  test('of $: those of run(), but checked and without the final newline', () => {
    assert.deepEqual(settle('$', {}), {...settle('run', {}), check: true, stripFinalNewline: true});
  });

  test('of stream()', () => {
    const without = {maxOutputSize: Number.POSITIVE_INFINITY};
    assert.deepEqual(settle('stream', {}), {...common, ...without, stdin: 'ignore', stderr: 'consume', encoding: 'buffer', check: true});
  });

  test('of Daemon.start()', () => {
    const own = {maxOutputSize: Number.POSITIVE_INFINITY, encoding: 'utf8', stripFinalNewline: true};
    assert.deepEqual(settle('Daemon', {}), {...common, ...own, stdin: 'ignore', stderr: 'pipe'});
  });

  test('undefined means not given, for every option', () => {
    const nothing = Object.fromEntries(Object.keys(applies).map((name) => [name, undefined]));
    for (const fn of ['run', '$', 'stream', 'start', 'Daemon'] as const) assert.deepEqual(settle(fn, nothing), settle(fn, {}));
  });

  test('settings are frozen', () => {
    assert.ok(Object.isFrozen(settle('run', {})));
  });
});

describe('the table option x function', () => {
  const sample: Record<keyof typeof applies, unknown> = {
    args: ['x'],
    cwd: '/',
    env: {A: '1'},
    extendEnv: false,
    argv0: 'x',
    stdio: ['ignore', 'pipe', 'inherit'],
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
    extraFds: {3: 'ignore'},
    input: 'x',
    pty: true,
    encoding: 'hex',
    lines: true,
    stripFinalNewline: true,
    timeout: 5,
    idleTimeout: 5,
    killSignal: 'SIGINT',
    killTimeout: 5,
    leftoverTimeout: 5,
    stopScope: 'leader',
    signal: new AbortController().signal,
    maxOutputSize: 5,
    output: {max: 5},
    check: true,
    foreground: true,
    linger: 'leave',
    owner: [new EventTarget(), 'close'],
    limits: {nofile: 256},
    nice: 5,
    umask: 0o22,
    uid: 7,
    gid: 7,
    groups: [],
    noNewPrivileges: true,
    oomScoreAdj: 5,
    cgroup: 'builds',
    cgroupSetup: 'move-host',
    isolation: 'auto',
    detached: true,
  };
  for (const [name, row] of Object.entries(applies)) {
    for (const [fn, cell] of Object.entries(row) as [FunctionName, unknown][]) {
      test(`${name} in ${fn}()`, () => {
        const options: Record<string, unknown> = {[name]: sample[name as keyof typeof applies], ...(name === 'uid' && {gid: 7})};
        if (cell === true) return void settle(fn, options);
        if (typeof cell === 'object' && cell !== null && 'but' in cell) {
          settle(fn, options);
          options[name] = (cell.but as string[])[0];
        }
        const advice = instead[fn][name as keyof typeof applies];
        assert.ok(advice, 'a refusal says what to do instead');
        const error = refusal(options, fn);
        assert.equal(error.code, 'ERR_INVALID_OPTION');
        assert.ok(error.message.includes(`\`${name}\``) && error.message.endsWith(advice), error.message);
        if (Array.isArray(cell)) for (const word of cell) settle(fn, {[name]: word});
      });
    }
  }
});

describe('unknown options', () => {
  const hints: Record<string, RegExp> = {
    maxBuffer: /maxOutputSize/,
    shell: /\['sh', '-c', '...'\]/,
    reject: /`check: true`/,
    killTree: /whole tree/,
    forceKillAfterDelay: /killTimeout/,
    environment: /`env`/,
    cancelSignal: /`signal`/,
    windowsHide: /Windows is not supported/,
    timeOut: /did you mean `timeout`/,
    kilTimeout: /did you mean `killTimeout`/,
    stdou: /did you mean `stdout`/,
    ENV: /did you mean `env`/,
    zzzzzz: /the options are args, cwd,/,
    constructor: /the options are args/,
    ['x'.repeat(10_000)]: /`x{59}…`/,
  };
  for (const [name, hint] of Object.entries(hints)) {
    test(name.slice(0, 20), () => {
      refused({cwd: '/', [name]: true}, hint);
      refused({[name]: true}, /there is no option/, 'start');
    });
  }

  test('an unknown option that is undefined was not given', () => {
    settle('run', {maxBuffer: undefined});
  });

  test('__proto__ as an own key is an unknown option', () => {
    refused(JSON.parse('{"__proto__": 1}'), /there is no option `__proto__`/);
  });

  test('options that are no object', () => {
    for (const options of [null, 5, 'x', true, []]) refused(options, /options must be an object/);
  });
});

describe('times', () => {
  test('timeout: 0 and Infinity mean none', () => {
    assert.equal(settle('run', {timeout: 0}).timeout, undefined);
    assert.equal(settle('run', {timeout: Number.POSITIVE_INFINITY}).timeout, undefined);
    assert.equal(settle('run', {timeout: 200}).timeout, 200);
  });

  test('fractions are rounded up, so that nothing becomes 0', () => {
    assert.equal(settle('run', {timeout: 0.2}).timeout, 1);
    assert.equal(settle('run', {killTimeout: 1.5}).killTimeout, 2);
  });

  test('killTimeout: 0 means at once', () => {
    assert.equal(settle('start', {killTimeout: 0}).killTimeout, 0);
    assert.equal(settle('run', {leftoverTimeout: 0}).leftoverTimeout, 0);
  });

  test('refused', () => {
    for (const value of [-1, Number.NaN, '5s', null, 2 ** 60, 5n]) {
      refused({timeout: value}, /`timeout` must be milliseconds/);
      refused({killTimeout: value}, /`killTimeout` must be milliseconds/);
      refused({leftoverTimeout: value}, /`leftoverTimeout` must be milliseconds/);
    }
    refused({killTimeout: Number.POSITIVE_INFINITY}, /finite.*SIGKILL at once/);
    refused({leftoverTimeout: Number.POSITIVE_INFINITY}, /finite.*linger: 'wait'/);
  });

  test('settleKillTimeout has the same rule', () => {
    assert.equal(settleKillTimeout(undefined), undefined);
    assert.equal(settleKillTimeout(0), 0);
    assert.throws(() => settleKillTimeout(-1), RunError);
  });
});

describe('streams', () => {
  const places = (options: unknown, fn: FunctionName = 'run') => {
    const {stdin, stdout, stderr} = settle(fn, options);
    return [stdin, stdout, stderr];
  };

  test('the shorthand, and a single option above it', () => {
    assert.deepEqual(places({stdio: 'inherit'}), ['inherit', 'inherit', 'inherit']);
    assert.deepEqual(places({stdio: 'pipe'}, 'start'), ['pipe', 'pipe', 'pipe']);
    assert.deepEqual(places({stdio: ['ignore', 5, 'stdout']}), ['ignore', 5, 'stdout']);
    assert.deepEqual(places({stdio: [undefined, undefined, undefined]}), ['ignore', 'pipe', 'pipe']);
    assert.deepEqual(places({stdio: [undefined, 'inherit', undefined]}, 'start'), ['pipe', 'inherit', 'consume']);
    assert.deepEqual(places({stdio: 'inherit', stdout: 'pipe'}), ['inherit', 'pipe', 'inherit']);
    assert.deepEqual(places({stdin: 0, stdout: 1, stderr: 2}), [0, 1, 2]);
  });

  test('refused', () => {
    for (const name of ['stdin', 'stdout', 'stderr']) {
      for (const value of ['pip', -1, 1.5, Number.NaN, null, true])
        refused({[name]: value}, new RegExp(`\`${name}\` must be 'pipe', 'ignore'`));
      refused({[name]: {file: ''}}, /must have a path as its `file`/);
      refused({[name]: {file: 5}}, /must have a path or a file: URL as its `file`/);
      refused({[name]: {file: '/x', mode: 5}}, /must be {file, append}, but has 'mode' too/);
      refused({[name]: {file: new URL('http://x/y')}}, /is a http: URL/);
      refused({[name]: {file: '/x', append: 1}}, /true or false as its `append`/);
      refused({[name]: new PassThrough()}, /a stream with a descriptor, but is an object \(PassThrough\)/);
      refused({[name]: Object.assign(new PassThrough(), {fd: null})}, /wait for its 'open' event/);
    }
    refused({stdin: {file: '/x', append: true}}, /`stdin` must not have `append`: it is read/);
    refused({stdin: ['pipe', 'inherit']}, /`stdin` must be 'pipe'/);
    refused({stdout: 'stdout'}, /`stdout` must be/);
    refused({stdout: 'consume'}, /`stdout` must be/);
    for (const stdio of ['consume', 5, ['pipe'], ['pipe', 'pipe', 'pipe', 'pipe'], {}]) refused({stdio}, /`stdio` must be/);
    refused({stdio: ['pipe', 'stdout', 'pipe']}, /`stdio\[1\]` must be/);
    refused({stdio: ['pipe', 'pipe', 'ipc']}, /there is no 'ipc' here/);
  });
});

describe('several targets, files, more descriptors', () => {
  const wiring = (options: unknown, fn: FunctionName = 'run') => {
    const {stdout, stderr, copies} = settle(fn, options);
    return {stdout, stderr, ...(copies.stdout.length > 0 && {out: copies.stdout}), ...(copies.stderr.length > 0 && {err: copies.stderr})};
  };
  const file = {path: '/x', append: false};

  test('a list: with a pipe the user reads along, without one the host reads for the others', () => {
    assert.deepEqual(wiring({stdout: ['pipe', {file: '/x'}, 'inherit', 5]}), {stdout: 'pipe', stderr: 'pipe', out: [file, 'inherit', 5]});
    assert.deepEqual(wiring({stdout: ['inherit', {file: '/x'}]}), {stdout: 'copy', stderr: 'pipe', out: ['inherit', file]});
    assert.deepEqual(wiring({stderr: ['consume', 'inherit']}), {stdout: 'pipe', stderr: 'consume', err: ['inherit']});
    assert.deepEqual(wiring({stdout: ['inherit']}), {stdout: 'inherit', stderr: 'pipe'});
    assert.deepEqual(wiring({stdout: [{file: new URL('file:///x')}]}), {stdout: file, stderr: 'pipe'});
    const stream = new PassThrough();
    assert.deepEqual(wiring({stdout: ['pipe', stream]}).out, [stream]);
    assert.deepEqual(wiring({stdio: [undefined, ['pipe', 5], undefined]}).out, [5]);
  });

  test('a list that makes no sense', () => {
    refused({stdout: []}, /must not be an empty list/);
    refused({stdout: ['pipe', 'pipe']}, /'pipe' or 'consume' more than once/);
    refused({stdout: ['pipe', 'ignore']}, /holds 'ignore', which goes with nothing else/);
    refused({stderr: ['stdout', 5]}, /holds 'stdout', which goes with nothing else/);
    refused({stdout: ['consume', 5]}, /`stdout` holds one that must be/);
    refused({stdout: ['pipe', {file: ''}]}, /`stdout` holds one that must have a path/);
  });

  test('stream() hands out stdout', () => {
    for (const options of [{stdout: 'ignore'}, {stdout: ['inherit', 5]}, {stdio: 'inherit'}, {stdout: 5}])
      refused(options, /`stdout` that goes elsewhere does not apply to stream\(\)/, 'stream');
    refused({stdio: ['ignore', 'pipe', 'pipe']}, /`stderr` as a pipe does not apply to stream\(\)/, 'stream');
    assert.deepEqual(wiring({stdout: ['pipe', 5], stderr: 'stdout'}, 'stream'), {stdout: 'pipe', stderr: 'stdout', out: [5]});
  });

  test('extraFds', () => {
    const stream = {fd: 7};
    assert.deepEqual(settle('run', {extraFds: {5: 'ignore', 3: {file: '/x', append: true}, 4: undefined, 9: stream}}).extraFds, [
      {target: 3, to: {path: '/x', append: true}},
      {target: 5, to: 'ignore'},
      {target: 9, to: stream},
    ]);
    for (const name of [2, -1, 1.5, 1_024, 'x', '03']) refused({extraFds: {[name]: 'ignore'}}, /from 3 to 1023/);
    refused({extraFds: {3: 'pipe'}}, /`extraFds\[3\]` must be 'ignore', 'inherit'/);
    refused({extraFds: [5]}, /must be an object \{3: target\}/);
    refused({extraFds: Object.fromEntries(Array.from({length: 129}, (_, i) => [i + 3, 'ignore']))}, /has 129 descriptors; it takes 128/);
  });

  test('idleTimeout', () => {
    assert.equal(settle('run', {idleTimeout: 0.5}).idleTimeout, 1);
    for (const none of [0, Number.POSITIVE_INFINITY, undefined]) assert.equal(settle('run', {idleTimeout: none}).idleTimeout, undefined);
    refused({idleTimeout: 5, stdio: 'inherit'}, /neither stdout nor stderr comes here/);
    refused({idleTimeout: -5}, /`idleTimeout` must be milliseconds/);
    assert.equal(settle('run', {idleTimeout: 5, stdout: 'inherit'}).idleTimeout, 5);
  });

  test('output', () => {
    const keeping = (output: unknown) => settle('run', {output}).keeping;
    assert.deepEqual(keeping({max: 5}), {head: 5, tail: 0, isLimit: true, spill: undefined});
    assert.deepEqual(keeping({max: 5, overflow: 'head'}), {head: 5, tail: 0, isLimit: false, spill: undefined});
    assert.deepEqual(keeping({max: 5, overflow: 'tail', spill: '/x'}), {head: 0, tail: 5, isLimit: false, spill: '/x'});
    assert.deepEqual(keeping({max: 5, overflow: 'head+tail', spill: true}), {head: 3, tail: 2, isLimit: false, spill: true});
    assert.equal(keeping({}).head, 104_857_600);
    assert.equal(settle('run', {output: {max: 5}}).maxOutputSize, 5);
    refused({output: {max: 5}, maxOutputSize: 5}, /`maxOutputSize` is given beside `output`/);
    refused({output: {max: -1}}, /`output.max` must be a whole number/);
    refused({output: {overflow: 'middle'}}, /`output.overflow` must be 'error', 'head'/);
    refused({output: {spill: true}}, /write overflow: 'head'/);
    refused({output: {spill: '', overflow: 'head'}}, /`output.spill` is empty/);
    refused({output: {spill: false, overflow: 'head'}}, /`output.spill` must be a path/);
    refused({output: {limit: 5}}, /`output` has no `limit`/);
    refused({output: 5}, /`output` must be an object/);
  });
});

describe('input', () => {
  test('makes stdin a pipe', () => {
    const sources = [
      '',
      'x',
      new Uint8Array(1),
      new ArrayBuffer(1),
      new DataView(new ArrayBuffer(1)),
      new Blob(['x']),
      new Blob(['x']).stream(),
    ];
    const more = [Readable.from(['x']), ['x'], new Set(['x']), (async function* () {})(), {pipe() {}, on() {}}];
    for (const input of [...sources, ...more]) {
      const settings = settle('run', {input});
      assert.equal(settings.stdin, 'pipe');
      assert.equal(settings.input, input);
    }
    assert.equal(settle('run', {input: 'x', stdin: 'pipe'}).input, 'x');
  });

  test('beside another stdin it is refused', () => {
    for (const stdin of ['ignore', 'inherit', 5]) refused({input: 'x', stdin}, /`input` cannot be fed while stdin is/);
    refused({input: 'x', stdio: 'inherit'}, /`input` cannot be fed while stdin is 'inherit'/);
    refused({input: 'x', stdio: ['ignore', 'pipe', 'pipe']}, /`input` cannot be fed/);
    assert.equal(settle('run', {input: 'x', stdio: ['pipe', 'inherit', 'inherit']}).stdin, 'pipe');
    assert.equal(settle('run', {input: 'x', stdio: [undefined, 'inherit', 'inherit']}).stdin, 'pipe');
  });

  test('process.stdin means inherit', () => {
    for (const fn of ['run', 'start'] as const) {
      const {stdin, input} = settle(fn, {input: process.stdin});
      assert.deepEqual([stdin, input], ['inherit', undefined]);
    }
    assert.equal(settle('run', {input: process.stdin, stdin: 'inherit'}).stdin, 'inherit');
    refused({input: process.stdin, stdin: 'ignore'}, /`input` cannot be fed/);
  });

  test('refused', () => {
    for (const input of [5, true, {}, () => 'x', Symbol('x')]) refused({input}, /`input` cannot be fed from/);
    refused({input: null}, /write '' for an empty input/);
  });
});

describe('cwd, argv0 and env', () => {
  test('cwd is a path or a file: URL', () => {
    assert.equal(settle('run', {cwd: '/a b'}).cwd, '/a b');
    assert.equal(settle('run', {cwd: pathToFileURL('/a b')}).cwd, '/a b');
    refused({cwd: new URL('https://example.org/x')}, /https: URL/);
    refused({cwd: ''}, /`cwd` is empty/);
    refused({cwd: 5}, /`cwd` must be a path/);
    refused({cwd: '/a\0b'}, /NUL/);
    refused({cwd: new URL('file:///a%00b')}, /NUL|file: URL/);
  });

  test('argv0', () => {
    assert.equal(settle('run', {argv0: ''}).argv0, '');
    refused({argv0: 'a\0'}, /NUL/);
    refused({argv0: 5}, /`argv0` must be a string/);
  });

  test('env is copied and frozen', () => {
    const env: Record<string, string | undefined> = {A: '1', B: undefined};
    const settings = settle('run', {env});
    env.A = '2';
    assert.deepEqual({...settings.env}, {A: '1', B: undefined});
    assert.ok(Object.isFrozen(settings.env));
    assert.deepEqual(Object.entries(settle('run', {env: JSON.parse('{"__proto__": "x"}')}).env ?? {}), [['__proto__', 'x']]);
    assert.equal(settle('run', {env: process.env}).env?.PATH, process.env.PATH);
  });

  test('env refused, and no value is shown', () => {
    const secret = 'hunter2';
    const wrong: [unknown, RegExp][] = [
      [{'': secret}, /without a name/],
      [{[`A=${secret}`]: 'x'}, /must not hold '='/],
      [{'A\0': secret}, /name in `env` holds a NUL/],
      [{A: `${secret}\0`}, /env\.A holds a NUL/],
      [{A: 8080}, /env\.A must be a string, but is a number; write String/],
      [{A: null}, /env\.A must be a string, but is a null; write a string, or undefined/],
      [{A: [secret]}, /env\.A must be a string/],
      [[`A=${secret}`], /`env` must be an object/],
      [secret, /`env` must be an object/],
    ];
    for (const [env, sentence] of wrong) {
      refused({env}, sentence);
      if (typeof env !== 'string') assert.ok(!refusal({env}).message.includes(secret));
    }
  });
});

describe('the other options', () => {
  test('check', () => {
    assert.equal(settle('run', {check: true}).check, true);
    assert.deepEqual(settle('run', {check: [0, 1]}).check, [0, 1]);
    for (const check of [[], [256], [-1], ['0'], [0.5]]) refused({check}, /`check` must list at least one exit code/);
    for (const check of [0, 'yes', null, {}]) refused({check}, /`check` must be true, false or a list/);
  });

  test('maxOutputSize', () => {
    for (const maxOutputSize of [0, 1, Number.POSITIVE_INFINITY]) assert.equal(settle('run', {maxOutputSize}).maxOutputSize, maxOutputSize);
    for (const maxOutputSize of [-1, 0.5, Number.NaN, '10M', null]) refused({maxOutputSize}, /`maxOutputSize` must be a whole number/);
  });

  test('encoding and lines', () => {
    assert.equal(settle('run', {encoding: 'latin1'}).encoding, 'latin1');
    assert.equal(settle('run', {encoding: 'UTF-8' as BufferEncoding}).encoding, 'utf-8');
    assert.equal(settle('run', {}), settle('run', {cwd: undefined}), 'calls without options share what they settle to');
    for (const encoding of ['utf-9', null, 5, '']) refused({encoding}, /`encoding` must be 'buffer' or/);
    refused({encoding: 'buffer', lines: true}, /`lines: true` needs text/);
    settle('run', {encoding: 'buffer', lines: false});
  });

  test('killSignal', () => {
    assert.equal(settle('run', {killSignal: 'INT'}).killSignal, 2);
    refused({killSignal: 'SIGNOPE'}, /there is no signal 'SIGNOPE'/, 'run', 'ERR_UNKNOWN_SIGNAL');
  });

  test('signal', () => {
    const {signal} = AbortSignal.prototype.constructor === AbortSignal ? new AbortController() : assert.fail();
    assert.equal(settle('run', {signal}).signal, signal);
    refused({signal: new AbortController()}, /controller\.signal/);
    refused({signal: 'SIGTERM'}, /`killSignal`/);
    for (const wrong of [null, 5, {}]) refused({signal: wrong}, /`signal` must be an AbortSignal/);
  });

  test('owner', () => {
    const owner = [new EventTarget(), 'close'];
    assert.equal(settle('run', {owner}).owner, owner);
    for (const wrong of [null, 'GC', [], [owner[0]], [owner[0], ''], [owner[0], 5]])
      refused({owner: wrong}, /`owner` must be \[target, event\]/);
    for (const wrong of [null, 5, {}]) refused({owner: [wrong, 'close']}, /EventEmitter or an EventTarget/);
    refused({owner: [{once() {}, httpVersion: '1.1', rawHeaders: []}, 'close']}, /\[res, 'close'\]/);
    settle('run', {owner: [{once() {}, httpVersion: '1.1', rawHeaders: []}, 'aborted']});
  });

  test("owner: 'gc' is for start()", () => {
    assert.equal(settle('start', {owner: 'gc'}).owner, 'gc');
    refused({owner: 'gc'}, /`owner`: 'gc' does not apply to run\(\)/);
  });

  test('detached has no pipe of ours, and says what lingers', () => {
    const {stdin, stdout, stderr, detached, linger} = settle('start', {detached: true});
    assert.deepEqual([stdin, stdout, stderr, detached, linger], ['ignore', 'ignore', 'ignore', true, 'stop']);
    assert.equal(settle('start', {detached: 'leftovers', stdio: 'inherit'}).linger, 'leave');
    assert.equal(settle('start', {detached: true, linger: 'wait', stdout: 5, stderr: 'stdout'}).linger, 'wait');
    assert.equal(settle('start', {detached: false}).stdout, 'pipe');
    refused({detached: 'yes'}, /`detached` must be true, false or 'leftovers', but is 'yes'/, 'start');
    for (const pipe of [{stdin: 'pipe'}, {stdout: 'pipe'}, {stderr: 'consume'}, {stdio: 'pipe'}, {stdio: ['ignore', 'pipe', 'ignore']}])
      refused({detached: true, ...pipe}, /of a detached job cannot be a pipe/, 'start');
    refused({detached: true, pty: true}, /`pty` cannot be had by a detached job/, 'start');
    refused({detached: true, input: 'x'}, /`input` cannot be fed to a detached job/, 'start');
    refused({detached: true, foreground: true}, /`foreground` needs a terminal/, 'start');
    refused({detached: 'leftovers', linger: 'stop'}, /`linger` is 'stop'; leave it out/, 'start');
  });

  test('words and flags', () => {
    refused({linger: true}, /`linger` must be 'stop', 'wait' or 'leave', but is true/);
    refused({stopScope: 'all'}, /'tree', 'group' or 'leader'/);
    for (const name of ['extendEnv', 'lines', 'stripFinalNewline', 'foreground'])
      refused({[name]: 'yes'}, /must be true or false, but is 'yes'/);
    assert.equal(settleReach(undefined), undefined);
    assert.equal(settleReach('tree'), 'tree');
    assert.throws(() => settleReach('world'), /`reach` must be 'leader', 'group' or 'tree'/);
  });

  test('args', () => {
    refused({args: 'x'}, /`args` must be an array/, 'run', 'ERR_INVALID_ARGS');
    refused({args: [5]}, /write String\(5\)/, 'run', 'ERR_INVALID_ARGS');
    refused({args: ['a\0']}, /argument 0 of `args` holds a NUL/, 'start', 'ERR_INVALID_ARGS');
  });
});

describe('pty', () => {
  test('defaults and values', () => {
    const terminal = {cols: 80, rows: 24, term: undefined, echo: true};
    assert.deepEqual(settle('start', {pty: true}).pty, terminal);
    assert.deepEqual(settle('run', {pty: {}}).pty, terminal);
    assert.deepEqual(settle('start', {pty: {cols: 1, rows: 65_535, term: 'vt100', echo: false}}).pty, {
      cols: 1,
      rows: 65_535,
      term: 'vt100',
      echo: false,
    });
    assert.deepEqual(settle('start', {pty: false}), settle('start', {}));
  });

  test('a terminal is all three streams, and closing it hangs up', () => {
    const {stdin, stdout, stderr, killSignal} = settle('start', {pty: true});
    assert.deepEqual([stdin, stdout, stderr, killSignal], ['pipe', 'pipe', 'ignore', constants.signals.SIGHUP]);
    assert.equal(settle('run', {pty: true}).stdin, 'pipe');
    assert.equal(settle('run', {pty: true, killSignal: 'SIGTERM'}).killSignal, constants.signals.SIGTERM);
    assert.equal(settle('run', {pty: true, input: 'x'}).input, 'x');
  });

  test('refusals', () => {
    for (const cols of [0, -1, 1.5, 65_536, Number.NaN, '80', null]) {
      refused({pty: {cols}}, /`pty\.cols` must be a whole number from 1 to 65535/);
      refused({pty: {rows: cols}}, /`pty\.rows` must be a whole number from 1 to 65535/);
    }
    refused({pty: 'yes'}, /`pty` must be true, false or \{cols, rows, term, echo\}/);
    refused({pty: []}, /`pty` must be true, false or/);
    refused({pty: {columns: 80}}, /`pty` has no `columns`: did you mean `cols`\?/);
    refused({pty: {row: 80}}, /did you mean `rows`\?/);
    refused({pty: {colour: 80}}, /it has cols, rows, term, echo|did you mean/);
    refused({pty: {term: 7}}, /`pty\.term` must be a terminal's name/);
    refused({pty: {term: ''}}, /`pty\.term` is empty/);
    refused({pty: {term: 'a\0'}}, /NUL/);
    refused({pty: {echo: 1}}, /`pty\.echo` must be true or false/);
    for (const each of [{stdio: 'pipe'}, {stdin: 'ignore'}, {stdout: 'inherit'}, {stderr: 'pipe'}]) {
      refused({pty: true, ...each}, /cannot be given beside `pty`: a terminal is all three streams/);
    }
    refused({pty: true, foreground: true}, /`foreground` is about the host's own terminal/);
  });
});

test('sizes for resize() and limits for waitFor()', () => {
  checkSize(1, 65_535);
  for (const [cols, rows] of [
    [0, 24],
    [80, 65_536],
    [80.5, 24],
    ['80', 24],
    [80, undefined],
  ]) {
    assert.throws(() => checkSize(cols, rows), {reason: 'invalid', code: 'ERR_INVALID_ARGS'});
  }
  assert.equal(settleTimeout(undefined), undefined);
  assert.equal(settleTimeout(0), undefined);
  assert.equal(settleTimeout(Number.POSITIVE_INFINITY), undefined);
  assert.equal(settleTimeout(0.5), 1);
  assert.throws(() => settleTimeout(-1), {code: 'ERR_INVALID_OPTION'});
});
