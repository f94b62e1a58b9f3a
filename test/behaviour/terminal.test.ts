// Owns: `pty` as its users meet it: the terminal a child finds, its size, its end of input, who is in its foreground (docs/from-netrunner.md: T1, T2, T4).
// Never: that no byte is lost (terminal_bytes.test.ts), job control (terminal_jobs.test.ts).
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {test} from 'node:test';
import {$, command, Daemon, run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

test('a session of its own, a controlling terminal, and all three streams are it', async () => {
  const {stdout, ...result} = await run([child('print_terminal')], {pty: true, lines: true});
  const seen = Object.fromEntries(stdout.map((line) => line.split(' ') as [string, string]));
  const pid = String(result.pid);
  assert.deepEqual(seen, {pid, sid: pid, pgrp: pid, tty: 'yes', foreground: pid, stdin: 'yes', stdout: 'yes', stderr: 'yes'});
  assert.equal('stderr' in result, false);
  assert.deepEqual(result.leftovers, []);
});

test('size, TERM and mode are right from the first moment', async () => {
  const script = 'stty size; echo $TERM; stty -a | grep -o "[-]*iutf8"; echo error >&2; echo "[$COLUMNS$LINES]"';
  process.env.COLUMNS = '10';
  process.env.LINES = '5';
  try {
    const plain = await run(['sh', '-c', script], {pty: true, lines: true});
    assert.deepEqual(plain.stdout, ['24 80', 'xterm-256color', 'iutf8', 'error', '[]']);
  } finally {
    delete process.env.COLUMNS;
    delete process.env.LINES;
  }
  const other = await run(['sh', '-c', script], {
    pty: {cols: 65_535, rows: 1, term: 'vt100'},
    env: {TERM: 'dumb', LINES: '7'},
    lines: true,
  });
  assert.deepEqual(other.stdout.slice(0, 2), ['1 65535', 'vt100']);
  assert.equal(other.stdout.at(-1), '[7]');
  const given = await run(['sh', '-c', 'echo $TERM'], {pty: true, env: {TERM: 'dumb', PATH: process.env.PATH}, extendEnv: false});
  assert.equal(given.stdout, 'dumb\r\n');
  const bare = await run(['sh', '-c', 'echo $TERM'], {pty: true, env: {}, extendEnv: false});
  assert.equal(bare.stdout, 'xterm-256color\r\n');
});

test('resize: the program is told, and sees the new size', async () => {
  const p = await start(['sh', '-c', 'trap "stty size" WINCH; echo up; while :; do sleep 0.05; done'], {pty: true});
  await p.waitFor('up');
  assert.equal(p.resize(132, 50), true);
  await p.waitFor('50 132', {timeout: 20_000});
  assert.equal(p.resize(1, 65_535), true);
  await p.waitFor('65535 1', {timeout: 20_000});
  for (const [cols, rows] of [
    [0, 1],
    [1, 65_536],
    [1.5, 1],
    [Number.NaN, 1],
  ] as const) {
    assert.throws(() => p.resize(cols, rows), {reason: 'invalid', code: 'ERR_INVALID_ARGS'});
  }
  await p.stop();
  assert.equal(p.resize(80, 24), false);
});

test('without a terminal there is nothing to resize, and nobody in its foreground', async () => {
  const p = await start(['cat']);
  assert.equal(p.foreground, null);
  assert.throws(() => p.resize(80, 24), {reason: 'misuse', code: 'ERR_NOT_A_TERMINAL', message: /start it with `pty`/});
  await p.stop();
});

test('closeStdin() types ^D: the input ends, the terminal does not', async () => {
  const p = await start(['sh', '-c', 'cat; stty size; cat </dev/tty'], {pty: {echo: false}});
  await p.write('one\n');
  await p.waitFor('one\r\n');
  await p.write('tail without an end');
  p.closeStdin();
  p.closeStdin();
  // Behind an open line it takes two: had only one been typed, cat would still wait.
  const {before} = await p.waitFor('24 80', {timeout: 20_000});
  assert.equal(before, 'tail without an end');
  assert.equal((await failure(p.write('late'))).code, 'ERR_STDIN_CLOSED');
  assert.equal(p.resize(100, 30), true);
  await p.stop();
});

test('closeStdin() types as many as the mode of the terminal asks for', async () => {
  for (const [mode, typed] of [
    ['-icrnl', 'abc\r'],
    ['icrnl', 'abc\r'],
    ['icrnl', 'abc\x16\n'],
    ['icrnl', 'abc\x04'],
  ] as const) {
    const p = await start(['sh', '-c', `stty ${mode} -echo; echo ready; cat; echo END; cat; echo ALL`], {pty: true, killTimeout: 0});
    await p.waitFor('ready');
    await p.write(typed);
    p.closeStdin();
    await within(p.waitFor('END'), `the end behind ${JSON.stringify(typed)} with ${mode}`);
    // The second one waits: no character too much was typed.
    assert.equal((await failure(p.waitFor('ALL', {timeout: 200}))).reason, 'timeout');
    await p.stop();
  }
});

test('a program that reads character by character: a clear error, and it goes on', async () => {
  const p = await start(['sh', '-c', 'stty raw -echo; echo ready; od -An -tx1 -N1; stty sane; echo back; cat'], {pty: true});
  await p.waitFor('ready');
  assert.throws(() => p.closeStdin(), {reason: 'misuse', code: 'ERR_TERMINAL_RAW', message: /write\('\\x04'\) types \^D/});
  await p.write('\x04');
  await p.waitFor('04');
  await p.waitFor('back');
  p.closeStdin();
  assert.equal((await within(p.closed, 'cat to end')).exitCode, 0);
});

test('input is typed, then its end; without input run() ends it at once', async () => {
  assert.equal((await run(['cat'], {pty: {echo: false}, input: 'a\nb'})).stdout, 'a\r\nb');
  assert.equal((await run(['cat'], {pty: true, input: ['x', 'y\n']})).stdout, 'xy\r\nxy\r\n');
  assert.equal((await run(['cat'], {pty: true})).stdout, '');
  assert.equal((await run(['sh', '-c', 'read x || echo none'], {pty: true})).stdout, 'none\r\n');
});

test('Node streams: end() types ^D, no error ever', async () => {
  const p = await start(['cat'], {pty: {echo: false}});
  const errors: unknown[] = [];
  p.stdin.on('error', (error) => errors.push(error));
  p.stdout.on('error', (error) => errors.push(error));
  let said = '';
  p.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(p.stdout, 'end');
  p.stdin.write('hello\n');
  p.stdin.end('bye\n');
  await within(ended, 'the end');
  assert.equal(said, 'hello\r\nbye\r\n');
  assert.equal((await p.closed).exitCode, 0);
  assert.deepEqual(errors, []);
});

test('a backspace takes a whole character', async () => {
  const p = await start(['sh', '-c', 'read x; echo "[$x]"'], {pty: {echo: false}});
  await p.write('aé\x7fb\n');
  await p.waitFor('[ab]', {timeout: 20_000});
  await p.closed;
});

test('there is no stderr to read', async () => {
  const p = await start(['sh', '-c', 'echo x >&2; sleep 30'], {pty: true});
  assert.equal(p.stderr, null);
  assert.match((await failure(p.readStderr())).message, /runs in a terminal, which has no stderr of its own/);
  await p.waitFor('x');
  await p.stop();
});

test('stop() hangs up: an interactive shell, deaf to SIGTERM, ends at once', async () => {
  const p = await start(['bash', '--norc'], {pty: true, env: {PS1: 'ready> '}});
  await p.waitFor('ready> ', {timeout: 20_000});
  await p.kill('SIGTERM', {reach: 'leader'});
  await p.write('echo still $((40+2))\r');
  await p.waitFor('still 42', {timeout: 20_000});
  await p.waitFor('ready> ', {timeout: 20_000});
  // bash looks at a signal that came just before it sleeps when the next key is typed.
  await until(() => processState(p.pid)?.state === 'S', 'the shell to wait for keys');
  const end = await p.stop();
  assert.deepEqual([end.signal, end.forced, end.proven], ['SIGHUP', false, true]);
});

test('killSignal and timeout as ever', async () => {
  const p = await start(['sleep', '30'], {pty: true, killSignal: 'SIGINT'});
  assert.equal((await p.stop()).signal, 'SIGINT');
  const error = await failure(run(['sh', '-c', 'echo half; sleep 30'], {pty: true, timeout: 300}));
  assert.equal(error.reason, 'timeout');
  assert.equal(error.result?.stdout, 'half\r\n');
  const full = await failure(run(['yes'], {pty: true, maxOutputSize: 10_000}));
  assert.equal(full.reason, 'max-output');
  assert.equal(String(full.result?.stdout).length, 10_000);
});

test('the foreground process, by name and pid', async () => {
  const p = await start(['bash', '--norc'], {pty: true, env: {PS1: 'ready> '}});
  await p.waitFor('ready> ', {timeout: 20_000});
  assert.deepEqual(p.foreground, {pid: p.pid, name: 'bash'});
  await p.write('sleep 30\r');
  const sleeping = await until(() => p.foreground?.name === 'sleep' && p.foreground, 'sleep to be in the foreground');
  assert.notEqual(sleeping.pid, p.pid);
  await p.write('\x03');
  await until(() => p.foreground?.pid === p.pid, 'bash to be in the foreground again');
  // A leader that has ended leaves the others of its group.
  await p.write('true | sleep 30\r');
  await until(() => p.foreground?.name === 'sleep', 'the rest of a pipeline');
  await p.stop();
  assert.equal(p.foreground, null);
});

test('what cannot be started leaves no terminal', async () => {
  assert.equal((await failure(start(['/no/such/program'], {pty: true}))).code, 'ENOENT');
  assert.equal((await failure(start(['true'], {pty: true, cwd: '/no/such/place'}))).reason, 'spawn');
  const aborted = await failure(start(['true'], {pty: true, signal: AbortSignal.abort()}));
  assert.equal(aborted.reason, 'abort');
});

test('stream(): lines, chunks, a result without stderr, and leaving early', async () => {
  const s = stream(['sh', '-c', 'test -t 0 && test -t 1 && echo out; echo err >&2; exit 3'], {pty: true, check: false});
  const lines = [];
  for await (const line of s.lines()) lines.push(line);
  assert.deepEqual(lines, ['out', 'err']);
  const result = await s.result;
  assert.deepEqual([result.exitCode, 'stderr' in result], [3, false]);
  const left = stream([child('flood_stdout')], {pty: true});
  for await (const chunk of left) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.equal(processState(left.pid as number), undefined);
});

test('$ in a terminal', async () => {
  const {stdout} = await $({pty: {cols: 70, rows: 7}})`sh -c ${'stty size; test -t 2 && echo yes'}`;
  assert.equal(stdout, '7 70\r\nyes');
  assert.equal((await $({pty: {echo: false}, input: 'typed\n'})`cat`).stdout, 'typed');
});

test('joined by pipe(): what one writes to its terminal is typed into, or piped to, the next', async () => {
  const words = ['sh', '-c', 'test -t 1 && echo b; echo a'];
  assert.equal(await stream(words, {pty: true}).pipe(['sort']).text(), 'a\r\nb\r\n');
  assert.equal(
    await stream(['printf', 'x\\n'])
      .pipe(['sh', '-c', 'test -t 0 && cat'], {pty: {echo: false}})
      .text(),
    'x\r\n',
  );
  assert.equal((await $({pty: true})`echo a`.pipe($`cat`)).stdout, 'a');
  const endless = stream(['yes'], {pty: true}).pipe(['head', '-n', '2']);
  assert.equal(await within(endless.text(), 'the end of its reader to end it'), 'y\r\ny\r\n');
  assert.deepEqual(
    (await endless.result).stages.map(({ok}) => ok),
    [true, true],
  );
});

test('Daemon.start(): a service with a terminal, and a new one at each restart', async () => {
  const script = 'test -t 0 && test -t 2 && stty size && echo up; exec sleep 60';
  const daemon = await Daemon.start(['sh', '-c', script], {pty: {cols: 70, rows: 7}, ready: {line: /up/, timeout: 20_000}});
  assert.deepEqual(daemon.tail(), ['7 70', 'up']);
  await daemon.stop();
  const terminals: string[] = [];
  const restart = {policy: 'on-failure', max: 2, backoff: {min: 1, max: 1}} as const;
  const failing = await Daemon.start(['sh', '-c', 'tty; exit 1'], {pty: true, restart, onOutput: (line) => terminals.push(line)});
  await within(failing.ended, 'it to give up');
  assert.equal(terminals.length, 3);
  for (const name of terminals) assert.match(name, /^\/dev\//);
});

test('a terminal ends with the host, so a detached job has none: refused before anything starts', async () => {
  const calls = [
    start(['touch', '/no/such/place'], {pty: true, detached: true}),
    start(['true'], {pty: {cols: 80}, detached: 'leftovers'}),
    start(command(['true'], {pty: true}), {detached: true}),
  ];
  for (const call of calls) {
    const error = await failure(call);
    assert.deepEqual([error.reason, error.code, error.result], ['invalid', 'ERR_INVALID_OPTION', undefined]);
    assert.match(error.message, /`pty` cannot be had by a detached job: the terminal ends with us; leave one of them out/);
  }
});
