// Owns: `net-runner` as a program: every option and exit status of its help, signals both ways, terminals, PID 1.
// Never: how words are parsed (unit/cli); the promises at a host's death beyond the command line's own (survival).
import assert from 'node:assert/strict';
import {type ChildProcessByStdio, spawn, spawnSync} from 'node:child_process';
import {closeSync, constants, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {after, test} from 'node:test';
import {FLAGS, STATUSES} from '../../src/cli/flags.js';
import {censusOfThisFile} from '../support/census.js';
import {folder as cgroups, isThere, noCgroups} from '../support/cgroups.js';
import {newLifeline} from '../support/lifeline.js';
import {child, commandLineFile, root} from '../support/places.js';
import {childrenOf, findMarked, isAlive, newMarker} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => {});

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-cli-'));
after(() => rmSync(folder, {recursive: true}));

const NODE = [process.execPath, commandLineFile()] as const;

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Running = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts it without a terminal. It dies of signals on purpose, so it leaves no core file. */
function begin(words: readonly string[]): Running {
  return spawn('sh', ['-c', 'ulimit -c 0; exec "$@"', 'sh', ...NODE, ...words], {stdio: ['pipe', 'pipe', 'pipe']});
}

async function outcomeOf(running: Running): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  running.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  running.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const over = new Promise<[number | null, NodeJS.Signals | null]>((resolve) => running.on('close', (...end) => resolve(end)));
  const [code, signal] = await within(over, 'net-runner to end');
  return {code, signal, stdout, stderr};
}

async function netRunner(words: readonly string[], input = ''): Promise<Outcome> {
  const running = begin(words);
  running.stdin.on('error', () => {}); // a command need not read what it is given
  running.stdin.end(input);
  return outcomeOf(running);
}

const run = (...words: string[]) => netRunner(['run', ...words]);

/** The first line of its stdout; what follows stays with `outcomeOf`. */
async function firstLine(running: Running): Promise<string> {
  const lines = createInterface({input: running.stdout});
  const line = await within(new Promise<string>((resolve) => lines.once('line', resolve)), 'its first line');
  lines.close();
  running.stdout.resume();
  return line;
}

/** What needs a controller works where there is one, and says which file it was where there is none. */
async function limited(flag: string, value: string, file: string): Promise<void> {
  const end = await run('--cgroup', `${cgroups}/limited`, flag, value, 'true');
  if (end.code === 0) return;
  assert.equal(end.code, 125);
  assert.match(end.stderr, noCgroups ? /cgroup/ : new RegExp(`its ${file} could not be written \\(E\\w+\\); `));
}

const flagTests: Readonly<Record<string, () => Promise<void>>> = {
  async '--timeout'() {
    const began = performance.now();
    const end = await run('--timeout', '200ms', 'sh', '-c', 'sleep 60 & sleep 60');
    assert.equal(end.code, 124);
    assert.match(end.stderr, /did not end within 200 ms/);
    assert.ok(performance.now() - began < 15_000);
  },
  async '--kill-timeout'() {
    const end = await run('--timeout', '100ms', '-k', '100ms', '--json', child('ignore_sigterm'));
    assert.equal(end.code, 124);
    const result = JSON.parse(end.stdout);
    assert.equal(result.forced, true);
    assert.equal(result.signal, 'SIGKILL');
  },
  async '--signal'() {
    const end = await run(
      '--timeout',
      '200ms',
      '-k',
      '300ms',
      '--signal',
      'int',
      '--json',
      'sh',
      '-c',
      'trap "exit 9" INT; sleep 60 & wait',
    );
    assert.equal(end.code, 124);
    assert.equal(JSON.parse(end.stdout).exitCode, 9);
  },
  async '--max-output'() {
    const end = await run('--max-output', '1000B', child('flood_stdout'));
    assert.equal(end.code, 125);
    assert.equal(end.stdout.length, 1000);
    assert.match(end.stderr, /wrote more than 1000 B to stdout; it was stopped/);
    const exact = await run('--max-output', '1000B', child('flood_stderr'), '1000');
    assert.equal(exact.code, 0);
    assert.equal(exact.stderr.length, 1000);
  },
  async '--cwd'() {
    assert.equal((await run('--cwd', folder, 'pwd', '-P')).stdout, `${realpathSync(folder)}\n`);
    const missing = await run('--cwd', path.join(folder, 'none'), 'pwd');
    assert.equal(missing.code, 125);
    assert.match(missing.stderr, /cwd .* does not exist/);
  },
  async '--env'() {
    assert.equal((await run('--env', 'NR_A=1', '--env', 'NR_B=x=y', 'sh', '-c', 'echo "$NR_A $NR_B"')).stdout, '1 x=y\n');
  },
  async '--linger'() {
    const script = '(sleep 0.3; echo late) & echo early';
    assert.equal((await run('--linger', 'wait', 'sh', '-c', script)).stdout, 'early\nlate\n');
    assert.equal((await run('--linger', 'stop', 'sh', '-c', script)).stdout, 'early\n');
    const left = await run('--stats', '--linger', 'leave', 'sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $!');
    const pid = Number(left.stdout);
    assert.equal(left.code, 0);
    assert.match(left.stderr, new RegExp(`left behind: \\w+ ${pid}`));
    assert.equal(isAlive(pid), true, 'it lives on');
    process.kill(pid, 'SIGKILL');
    await until(() => findMarked(`sleep 60 >/dev/null 2>&1 & echo $!`).length === 0, 'its shepherd and server to leave');
  },
  async '--nice'() {
    assert.equal((await run('--nice', '9', 'nice')).stdout, '9\n');
  },
  async '--limit'() {
    assert.equal(
      (await run('--limit', 'nofile=200:300', '--limit', 'core=0', 'sh', '-c', 'ulimit -n; ulimit -H -n; ulimit -c')).stdout,
      '200\n300\n0\n',
    );
    const refused = await run('--limit', `nofile=${2 ** 40}`, 'true');
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /`limits.nofile` is above the host's own hard limit/);
  },
  async '--cgroup'() {
    if (noCgroups) return;
    const end = await run('--cgroup', `${cgroups}/cli`, '--json', 'cat', '/proc/self/cgroup');
    const result = JSON.parse(end.stdout);
    assert.match(result.stdout, new RegExp(`^0::/.*${cgroups}/cli/nr-[0-9a-f]{16}$`, 'm'));
    assert.deepEqual([result.isolation, result.usage.scope, result.oom], ['cgroup', 'cgroup', false]);
    assert.equal(isThere(cgroups), false);
    assert.match((await run('--cgroup', '../x', 'true')).stderr, /holds '.' or '..'/);
  },
  '--memory-max': () => limited('--memory-max', '1G', 'memory.max'),
  '--pids-max': () => limited('--pids-max', '100', 'pids.max'),
  '--cpu-max': () => limited('--cpu-max', '50%', 'cpu.max'),
  async '--isolation'() {
    assert.equal(JSON.parse((await run('--isolation', 'tree', '--json', 'true')).stdout).isolation, 'tree');
    const auto = JSON.parse((await run('--isolation', 'auto', '--json', 'true')).stdout).isolation;
    assert.ok(auto === 'tree' || auto === 'cgroup');
  },
  async '--pty'() {
    assert.equal((await run('--pty', 'sh', '-c', 'tty >/dev/null && echo a terminal >&2')).stdout, 'a terminal\r\n');
  },
  async '--stats'() {
    const end = await run('--stats', child('write_and_exit'), '79');
    assert.equal(end.stdout.length, 79);
    assert.match(end.stderr, /^exit 0 \| [\d.]+ ms \| stdout 79 B \| cpu [\d.]+ ms \| peak [\d.]+ MiB \| left behind: nothing\n$/);
    const left = await run('--stats', 'sh', '-c', 'sleep 60 & exit 3');
    assert.equal(left.code, 3);
    assert.match(left.stderr, /^exit 3 .*left behind: nothing \(ended: \w+ \d+\)\n$/);
  },
  async '--report'() {
    const file = path.join(folder, 'report.json');
    const end = await run('--report', file, 'sh', '-c', 'echo out; exit 3');
    assert.equal(end.code, 3);
    assert.equal(end.stdout, 'out\n');
    const result = JSON.parse(readFileSync(file, 'utf8'));
    assert.deepEqual([result.exitCode, result.ok, result.reason, result.stdout], [3, false, 'exit', undefined]);
    const nowhere = await run('--report', path.join(folder, 'none', 'x'), 'sh', '-c', 'echo started');
    assert.deepEqual([nowhere.code, nowhere.stdout], [125, ''], 'nothing starts when the report could not be written');
  },
  async '--json'() {
    const end = await run('--json', 'sh', '-c', 'echo out; echo err >&2; exit 4');
    assert.deepEqual([end.code, end.stderr], [4, '']);
    const result = JSON.parse(end.stdout);
    assert.deepEqual([result.stdout, result.stderr, result.exitCode, result.exitStatus, result.ok], ['out\n', 'err\n', 4, 4, false]);
    assert.deepEqual(result.command, {file: 'sh', args: ['-c', 'echo out; echo err >&2; exit 4']});
    assert.equal(typeof result.durationMs, 'number');
    const failed = await run('--json', 'no-such-program-anywhere');
    assert.equal(failed.code, 127);
    assert.equal(JSON.parse(failed.stdout).error.code, 'ENOENT');
  },
  async '--help'() {
    for (const words of [['run', '--help'], ['run', '-h'], ['--help'], ['-h'], ['help']]) {
      const end = await netRunner(words);
      assert.equal(end.code, 0);
      assert.match(end.stdout, /usage:/);
    }
  },
};

test('every row of the option table has its test', () => {
  assert.deepEqual(Object.keys(flagTests).sort(), FLAGS.map(({name}) => name).sort());
});
for (const [name, check] of Object.entries(flagTests)) test(name, check);

const statusTests: Readonly<Record<string, () => Promise<void>>> = {
  async 'its own'() {
    for (const code of [0, 1, 77, 255]) assert.equal((await run(child('exit_with'), String(code))).code, code);
    for (const [signal, number] of Object.entries({SIGTERM: 15, SIGKILL: 9, SIGINT: 2, SIGPIPE: 13, SIGUSR1: 10, SIGSEGV: 11, SIGHUP: 1})) {
      assert.equal((await run(child('die_by_signal'), String(number))).signal, signal);
    }
  },
  async '124'() {
    assert.equal((await run('--timeout', '50ms', 'sleep', '60')).code, 124);
  },
  async '125'() {
    assert.equal((await run('--no-such-option', 'true')).code, 125);
    assert.equal((await run()).code, 125);
    assert.equal((await netRunner(['no-such-command'])).code, 125);
    assert.equal((await netRunner([])).code, 125);
  },
  async '126'() {
    const file = path.join(folder, 'plain.txt');
    writeFileSync(file, 'x', {mode: 0o644});
    assert.equal((await run(file)).code, 126);
    const script = path.join(folder, 'script');
    writeFileSync(script, '#!/no/such/interpreter\n', {mode: 0o755});
    assert.equal((await run(script)).code, 126);
  },
  async '127'() {
    const end = await run('no-such-program-anywhere');
    assert.equal(end.code, 127);
    assert.match(end.stderr, /^net-runner: .*no program named 'no-such-program-anywhere'/);
    assert.equal((await run('./no-such-file')).code, 127);
  },
};

test('every row of the exit status table has its test', () => {
  assert.deepEqual(Object.keys(statusTests).sort(), STATUSES.map(([status]) => status).sort());
});
for (const [status, check] of Object.entries(statusTests)) test(`exit status: ${status}`, check);

test('--version', async () => {
  const {version} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  assert.equal((await netRunner(['--version'])).stdout, `net-runner ${version}\n`);
});

test('standard streams are the very ones net-runner got', async () => {
  assert.equal((await netRunner(['run', 'cat'], 'from stdin')).stdout, 'from stdin');
  const end = await run('sh', '-c', 'echo out; echo err >&2');
  assert.deepEqual([end.stdout, end.stderr], ['out\n', 'err\n']);
});

test('when our reader goes, the command hears of it', async () => {
  const running = begin(['run', '--max-output', '1G', child('flood_stdout')]);
  running.stdout.once('data', () => running.stdout.destroy());
  const over = new Promise<NodeJS.Signals | null>((resolve) => running.on('exit', (_, signal) => resolve(signal)));
  assert.equal(await within(over, 'net-runner to end'), 'SIGPIPE');
});

test('TERM stops the tree, and the way it ended is ours', async () => {
  const polite = begin(['run', child('trap_sigterm_exit_0')]);
  await firstLine(polite);
  polite.kill('SIGTERM');
  assert.equal((await outcomeOf(polite)).code, 0);

  const deaf = begin(['run', '-k', '100ms', child('ignore_sigterm')]);
  await firstLine(deaf);
  deaf.kill('SIGTERM');
  assert.equal((await outcomeOf(deaf)).signal, 'SIGKILL');
});

test('without a terminal INT, QUIT and HUP go to the command', async () => {
  for (const [signal, code] of [
    ['SIGINT', 5],
    ['SIGQUIT', 6],
    ['SIGHUP', 7],
  ] as const) {
    const script = 'trap "exit 5" INT; trap "exit 6" QUIT; trap "exit 7" HUP; echo ready; sleep 60 & wait';
    const running = begin(['run', 'sh', '-c', script]);
    await firstLine(running);
    running.kill(signal);
    assert.equal((await outcomeOf(running)).code, code, signal);
  }
});

test('children that its process had before are no orphans of the command', async () => {
  const words = ['sh', '-c', 'sleep 60 <&- >&- 2>&- & echo $!; exec "$@"', 'sh', ...NODE, 'run', 'true'];
  const {stdout, status} = spawnSync(words[0] as string, words.slice(1), {encoding: 'utf8'});
  const before = Number(stdout);
  const lives = isAlive(before);
  if (lives) process.kill(before, 'SIGKILL');
  await until(() => !isAlive(before), 'it to end');
  assert.deepEqual([status, lives], [0, true]);
});

test('a reader of its own words that has gone ends it quietly', async () => {
  const fifo = path.join(folder, 'unread');
  spawnSync('mkfifo', [fifo]);
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(fifo, 'w');
  closeSync(reading);
  const statuses = {
    '--help': 0,
    'run --help': 0,
    version: 0,
    doctor: 0,
    'run --stats true': 0,
    'run --timeout 100ms sleep 60': 124,
    'up one=false': 1,
  };
  for (const [words, status] of Object.entries(statuses)) {
    const up = words.startsWith('up'); // whose stdout is for its services
    const end = spawnSync(NODE[0], [NODE[1], ...words.split(' ')], {stdio: ['ignore', up ? 'ignore' : writing, writing]});
    assert.deepEqual([end.status, end.signal], [status, null], words);
  }
  closeSync(writing);
});

test('what cannot be done is a sentence, not a stack', async () => {
  const full = await run('--report', '/dev/full', 'true');
  assert.deepEqual(
    [full.code, full.stderr],
    [125, 'net-runner: the report cannot be written to /dev/full: ENOSPC: no space left on device, write\n'],
  );
  const gone = mkdtempSync(path.join(tmpdir(), 'net-runner-gone-'));
  const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"';
  const up = spawnSync('sh', ['-c', script, 'sh', gone, ...NODE, 'up'], {encoding: 'utf8'});
  assert.deepEqual([up.status, up.stderr], [125, 'net-runner: the current directory is gone; change to another one\n']);
  assert.equal((await netRunner(['up', 'constructor=true'])).code, 0);
});

test('SIGKILL to net-runner leaves nothing of the tree', async (t) => {
  const line = newLifeline();
  t.after(() => line.close());
  const marker = newMarker();
  const running = spawn(process.execPath, [NODE[1], 'run', '-k', '300ms', child('leave_survivors'), marker], {
    stdio: ['ignore', 'pipe', line.fd],
  });
  line.letGo();
  for await (const said of createInterface({input: running.stdout!})) if (said === 'up') break;
  running.kill('SIGKILL');
  await within(line.ended, 'the tree to end');
  await until(() => findMarked(marker).length === 0, 'its shepherd, which holds no line, to leave too');
});

test('shepherd and fork server killed together: what they leave comes to net-runner and is ended', async (t) => {
  const line = newLifeline();
  t.after(() => line.close());
  const marker = newMarker();
  const running = spawn(process.execPath, [NODE[1], 'run', child('leave_survivors'), marker], {stdio: ['ignore', 'pipe', line.fd]});
  line.letGo();
  const over = new Promise<number | null>((resolve) => running.on('exit', resolve));
  const said = createInterface({input: running.stdout!});
  for await (const word of said) if (word === 'up') break;
  running.stdout!.resume();
  const [server] = childrenOf(running.pid);
  assert.ok(server, 'the fork server is its only child');
  const shepherds = childrenOf(server.pid);
  // Stopped first, so that neither can do its work for the other.
  for (const {pid} of [server, ...shepherds]) process.kill(pid, 'SIGSTOP');
  for (const {pid} of [server, ...shepherds]) process.kill(pid, 'SIGKILL');
  assert.equal(await within(over, 'net-runner to end'), 125);
  await within(line.ended, 'the tree to end');
  assert.deepEqual(findMarked(marker), []);
});

/** script(1) gives a program a terminal and feeds it what we write. */
const noScript = spawnSync('script', ['--version']).error === undefined ? false : 'script(1) is not installed';

function inTerminal(words: readonly string[]): Running {
  const quoted = [...NODE, 'run', ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  // A shell that stays would be in the foreground group as well, and say by its own status that it had the signal too.
  return spawn('script', ['-qec', `exec ${quoted}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {...process.env, SHELL: '/bin/sh'},
  });
}

test('with a terminal the command shares it, and our process group', {skip: noScript}, async () => {
  const {stdout} = await outcomeOf(inTerminal([child('print_terminal')]));
  const facts = new Map(stdout.split(/\r?\n/).map((line) => line.split(' ') as [string, string]));
  assert.equal(facts.get('stdin'), 'yes');
  assert.equal(facts.get('tty'), 'yes');
  assert.equal(facts.get('foreground'), facts.get('pgrp'), 'it is in the foreground');
  assert.notEqual(facts.get('pgrp'), facts.get('pid'), "it is in net-runner's group");
});

test('^C in a terminal reaches the command exactly once', {skip: noScript}, async () => {
  const running = inTerminal(['sh', '-c', "trap 'echo got-int' INT; echo ready; while ! read line; do :; done; echo line:$line; exit 6"]);
  let stdout = '';
  let sent = 0;
  running.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    if (sent === 0 && stdout.includes('ready')) {
      sent = 1;
      running.stdin.write('\x03');
    } else if (sent === 1 && stdout.includes('got-int')) {
      sent = 2;
      running.stdin.write('on\r');
    }
  });
  const over = new Promise<number | null>((resolve) => running.on('close', resolve));
  assert.equal(await within(over, 'it to end'), 6);
  assert.equal(stdout.match(/got-int/g)?.length, 1);
  assert.match(stdout, /line:on/);
});

/** PID 1 of a new pid namespace: as root, or as whoever may make a user namespace. */
const UNSHARE = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--pid', '--fork', '--mount-proc', '--kill-child'];
const noNamespace =
  spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status === 0 ? false : 'no pid namespace may be made here (unshare --pid)';

test('as PID 1 it runs, reaps, and says a signal by 128 + n', {skip: noNamespace}, () => {
  const asInit = (...words: string[]) => spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), ...NODE, 'run', ...words], {encoding: 'utf8'});
  assert.equal(asInit('sh', '-c', 'exit 3').status, 3);
  assert.equal(asInit(child('die_by_signal'), '15').status, 143);
  const left = asInit('--stats', child('escape_the_session'));
  assert.equal(left.status, 0);
  assert.match(left.stderr, /left behind: nothing \(ended: escape_the_sess \d+\)/);
});

test('the demo tells its story, in ASCII, and leaves nothing', async () => {
  const end = await netRunner(['demo']);
  assert.equal(end.code, 0, `${end.stdout}${end.stderr}`);
  assert.match(end.stdout, /\nleft behind: 0 processes, 0 zombies, 0 open pipes \(\d+\.\d s\)\n$/);
  assert.match(end.stdout, /exit 0 \| [\d.]+ ms \| stdout \d+ B \|/);
  for (const name of ['server', 'worker', 'runaway']) assert.match(end.stdout, new RegExp(`${name}.*gone after +\\d+ ms`));
  assert.match(end.stdout, /pipe.*closed at +\d+ ms/);
  assert.match(end.stdout, /^[\n\x20-\x7e]*$/);
  const ended =
    end.stdout
      .match(/\(pids ([\d, ]+)\) were ended/)?.[1]
      ?.split(', ')
      .map(Number) ?? [];
  assert.ok(ended.length > 0, 'the negative control left something');
  await until(() => ended.every((pid) => !isAlive(pid)), 'what child_process left to be gone');
});
