// Owns: Daemon.start(): readiness, health, restarts with real processes, output, and its end (CONTRACT D1 to D4).
// Never: how delays are reckoned (unit/api/restart), or the promises at a death of anybody of ours (survival).
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {after, describe, test} from 'node:test';
import {command, Daemon, type DaemonOptions, type DaemonState} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child, hostFile} from '../support/places.js';
import {freePort} from '../support/port.js';
import {findMarked, isAlive, newMarker, openDescriptors} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-daemon-'));
after(() => rmSync(folder, {recursive: true}));

/** The warnings of the process while `act` runs. */
async function warningsOf(act: () => Promise<unknown>): Promise<string[]> {
  const heard: string[] = [];
  const listen = (warning: Error) => void heard.push(warning.message);
  process.on('warning', listen);
  await act();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  return heard;
}

const redis = (() => {
  try {
    return execFileSync('sh', ['-c', 'command -v redis-server'], {encoding: 'utf8'}).trim();
  } catch {
    return undefined;
  }
})();

const FAST = {backoff: {min: 1, max: 5}} as const;

describe('ready', () => {
  test('redis by its port', {skip: redis === undefined && 'there is no redis-server (Debian: apt-get install redis-server)'}, async () => {
    const port = await freePort();
    const daemon = await Daemon.start(['redis-server', '--port', String(port), '--save', ''], {cwd: folder, ready: {port}});
    assert.deepEqual([daemon.state, daemon.alive, daemon.restarts], ['ready', true, 0]);
    assert.ok(daemon.uptime > 0);
    assert.match(execFileSync('redis-cli', ['-p', String(port), 'ping'], {encoding: 'utf8'}), /PONG/);
    assert.match(daemon.tail(3).join('\n'), /Ready to accept connections/);
    const taken = await failure(Daemon.start(['redis-server', '--port', String(port)], {ready: {port}}));
    assert.deepEqual([taken.reason, taken.code], ['not-ready', 'ERR_NOT_READY']);
    assert.match(
      taken.message,
      new RegExp(`was not started: port ${port} on localhost is already listened to by process ${daemon.pid} \\(redis-server\\)`),
    );
    const end = await daemon.stop();
    assert.deepEqual([end.ok, end.reason, end.last?.exitCode, daemon.state, daemon.pid], [true, 'stop', 0, 'stopped', null]);
  });

  test('a Node server by http: not before it answers with the status that is wanted', async () => {
    const port = await freePort();
    const began = performance.now();
    const daemon = await Daemon.start([process.execPath, hostFile('server'), String(port), '400'], {
      ready: {http: `http://localhost:${port}/`, interval: 20},
    });
    assert.ok(performance.now() - began > 300);
    assert.deepEqual(daemon.tail(), ['listening']);
    await daemon.stop();
  });

  test('a line, colours aside, of either stream', async () => {
    const say = `printf 'starting\\n'; printf '\\033[32mserver\\033[0m is up at 8080\\n' >&2; exec sleep 60`;
    const daemon = await Daemon.start(['sh', '-c', say], {ready: {line: /^server is up at \d+$/}});
    assert.equal(daemon.state, 'ready');
    const {match, stream} = await daemon.waitFor(/up at (\d+)/);
    assert.deepEqual([match[1], stream], ['8080', 'stderr']);
    await daemon.stop();
  });

  test('a command, and a function', async () => {
    const file = path.join(folder, 'up');
    const late = ['sh', '-c', `sleep 0.2; touch ${file}; exec sleep 60`];
    const byCommand = await Daemon.start(late, {ready: {exec: ['test', '-e', file], interval: 20}});
    assert.equal(readFileSync(file, 'utf8'), '');
    rmSync(file);
    let calls = 0;
    const byFunction = await Daemon.start(['sleep', '60'], {
      ready: async ({pid, signal}) => {
        assert.ok(isAlive(pid) && !signal.aborted);
        calls++;
        if (calls === 1) throw new Error('not yet');
        return calls === 3;
      },
    });
    assert.equal(calls, 3);
    await Promise.all([byCommand.stop(), byFunction.stop()]);
  });

  test('a line end on descriptor 3, as s6 has it', async () => {
    const daemon = await Daemon.start(['sh', '-c', 'sleep 0.1; echo up; echo >&3; exec 3>&-; exec sleep 60'], {ready: {fd: 3}});
    assert.deepEqual(daemon.tail(), ['up']);
    await daemon.restart();
    assert.deepEqual(daemon.tail(), ['up', 'up']);
    await daemon.stop();
    const silent = await failure(Daemon.start(['sh', '-c', 'exec 3>&-; exec sleep 60'], {ready: {fd: 3}}));
    assert.match(silent.message, /it closed descriptor 3 without a word/);
    const late = await failure(Daemon.start(['sleep', '60'], {ready: {fd: 3, timeout: 200}}));
    assert.match(late.message, /was not ready within 200 ms \(it wrote nothing to descriptor 3\)/);
    const both = await failure(Daemon.start(['true'], {ready: {fd: 3}, extraFds: {3: 'ignore'}}));
    assert.match(both.message, /both want descriptor 3/);
  });

  test('a port that somebody outside its tree opens meanwhile does not count', async () => {
    const port = await freePort();
    const marker = newMarker();
    const starting = failure(Daemon.start(['sh', '-c', 'sleep 60; :', marker], {ready: {port, timeout: 1_500, interval: 50}}));
    await until(() => findMarked(marker).some(({commandLine}) => commandLine.startsWith('sh')), 'it to run');
    const server = createServer().listen(port, '127.0.0.1');
    const error = await starting;
    server.close();
    assert.match(
      error.message,
      /was not ready within 1500 ms \(port \d+ on localhost is listened to by process \d+ \(.*\), which is not in its tree\)/,
    );
  });

  test('a port that a descendant in another session opens counts', async () => {
    const port = await freePort();
    const script = `setsid ${process.execPath} ${hostFile('server')} ${port} & wait`;
    const daemon = await Daemon.start(['sh', '-c', script], {ready: {port}});
    await daemon.stop();
    assert.equal(daemon.alive, false);
  });

  test('never ready: stopped, with a sentence that shows the last of its output', async () => {
    const marker = newMarker();
    const script = 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo "line $i"; done; echo "waiting for the database" >&2; exec sleep 60';
    const error = await failure(Daemon.start(['sh', '-c', script, marker], {ready: {http: 'http://localhost:9/', timeout: 400}}));
    assert.deepEqual([error.reason, error.code], ['not-ready', 'ERR_NOT_READY']);
    assert.match(error.shortMessage, /was not ready within 400 ms \(nobody listens to port 9 on localhost\) and was stopped$/);
    assert.match(error.message, /\nline 22\n(.*\n)*line 40\nwaiting for the database$/);
    assert.equal(error.message.split('\n').length, 21);
    assert.match(error.stack as string, /daemon\.test\.js/);
    assert.equal(findMarked(marker).length, 0);
  });

  test('one that ends before it is ready says so, and is not started again', async () => {
    const error = await failure(Daemon.start(['sh', '-c', 'echo bad config; exit 3'], {ready: {line: /up/}, restart: 'always'}));
    assert.match(error.message, /exited with code 3 before it was ready\nbad config$/);
    assert.equal(error.result?.exitCode, 3);
    const missing = await failure(Daemon.start(['no-such-program-here'], {restart: 'always'}));
    assert.deepEqual([missing.reason, missing.code], ['spawn', 'ENOENT']);
  });

  test('refused before anything starts', async () => {
    const wrong: readonly (readonly [DaemonOptions, RegExp])[] = [
      [{timeout: 5} as never, /`timeout` does not apply to Daemon\.start\(\)/],
      [{redy: {port: 80}} as never, /did you mean `ready`/],
      [{ready: {exec: ['']}}, /command is empty/],
      [{log: {file: path.join(folder, 'none', 'x')}}, /`log\.file` .* cannot be opened \(ENOENT\)/],
      [{envFile: path.join(folder, 'none')}, /`envFile` .* cannot be read \(ENOENT\)/],
    ];
    for (const [options, sentence] of wrong) {
      const error = await failure(Daemon.start(['true'], options));
      assert.equal(error.reason, 'invalid');
      assert.match(error.message, sentence);
    }
  });
});

describe('restarts', () => {
  test('a crash loop with real processes: so many restarts, then it has failed and says so', async () => {
    const states: DaemonState[] = [];
    const notices: number[] = [];
    const errors: string[] = [];
    const logger = {info() {}, warn() {}, error: (message: string) => void errors.push(message)};
    const daemon = await Daemon.start(['sh', '-c', 'echo crash; exit 7'], {restart: {...FAST, max: 3}, logger});
    daemon.on('state', (state) => states.push(state));
    daemon.on('restart', ({attempt, delay, why}) => {
      notices.push(attempt);
      assert.ok(delay <= 5);
      assert.equal(why, 'it exited with code 7');
    });
    const end = await within(daemon.ended, 'it to be given up');
    assert.deepEqual([end.ok, end.reason, end.restarts, end.last?.exitCode, daemon.state], [false, 'gave-up', 3, 7, 'failed']);
    assert.match(end.message, /it exited with code 7; it was restarted 3 times within 60000 ms, and is given up\n(crash\n){3}crash$/);
    assert.deepEqual(errors, [end.message]);
    assert.ok(notices.length >= 2);
    assert.equal(states.at(-1), 'failed');
    assert.deepEqual(daemon.tail(), Array(4).fill('crash'));
  });

  test('by policy: exit code 0 is done, unless it is always wanted', async () => {
    const done = await Daemon.start(['true']);
    const end = await within(done.ended, 'it to be done');
    assert.deepEqual([end.ok, end.reason, end.restarts], [true, 'done', 0]);
    const always = await Daemon.start(['true'], {restart: {policy: 'always', max: 2, ...FAST}});
    assert.deepEqual([(await within(always.ended, 'it to be given up')).reason, always.restarts], ['gave-up', 2]);
    const never = await Daemon.start(['false'], {restart: 'never'});
    assert.deepEqual([(await within(never.ended, 'it to fail')).reason, never.restarts], ['failed', 0]);
  });

  test('the old tree is gone before the new one starts', async () => {
    const marker = newMarker();
    const daemon = await Daemon.start([child('leave_survivors'), marker], {restart: FAST, leftoverTimeout: 100, ready: {line: /up/}});
    // A shepherd's title quotes the marker.
    const before = findMarked(marker).flatMap(({pid, commandLine}) => (commandLine.startsWith('net-runner: ') ? [] : [pid]));
    assert.equal(before.length, 3);
    const starting = new Promise<number>((resolve) => {
      daemon.on('state', (state) => state === 'starting' && resolve(before.filter(isAlive).length));
    });
    await daemon.kill('SIGKILL', {reach: 'leader'});
    const left = await within(starting, 'its restart');
    await daemon.stop({killTimeout: 100});
    assert.equal(left, 0);
    assert.equal(findMarked(marker).length, 0);
  });

  test('restart(): a new process at once, not counted; after the end it is refused', async () => {
    const daemon = await Daemon.start(['sleep', '60']);
    const {pid} = daemon;
    await daemon.restart();
    assert.notEqual(daemon.pid, pid);
    assert.deepEqual([daemon.state, daemon.restarts, isAlive(pid as number)], ['ready', 0, false]);
    await daemon.stop();
    assert.equal((await failure(daemon.restart())).code, 'ERR_DAEMON_ENDED');
  });

  test('health: failing as often as allowed restarts it', async () => {
    const port = await freePort();
    const daemon = await Daemon.start([process.execPath, hostFile('server'), String(port)], {
      ready: {port},
      health: {http: `http://localhost:${port}/health`, interval: 20, failures: 2},
      restart: FAST,
    });
    const notice = new Promise<{why: string}>((resolve) => daemon.once('restart', resolve));
    await fetch(`http://localhost:${port}/sick`);
    assert.match((await within(notice, 'its restart')).why, /it is not healthy \(http.*answered with status 500, 2 times in a row\)/);
    await until(() => daemon.state === 'ready', 'it to be ready again');
    await daemon.stop();
  });

  test('a hundred restarts leave nothing: no descriptor, no process', async () => {
    const daemon = await Daemon.start(['sh', '-c', 'echo again; exit 1'], {restart: {max: Infinity, backoff: {min: 0, max: 0}}});
    await until(() => daemon.restarts >= 10, 'the first ones');
    const before = [...openDescriptors().values()].reduce((sum, each) => sum + each, 0);
    await until(() => daemon.restarts >= 110, 'a hundred more');
    // One process may be on its way at either count.
    const grown = [...openDescriptors().values()].reduce((sum, each) => sum + each, 0) - before;
    assert.ok(Math.abs(grown) <= 8, `${grown} more`);
    const end = await daemon.stop();
    assert.equal(end.ok, true);
  });
});

describe('output', () => {
  test('a flood on both streams is drained: the program goes on, memory does not grow', async () => {
    const daemon = await Daemon.start(['sh', '-c', `${child('flood_stdout')} & exec ${child('flood_stderr')}`], {killTimeout: 200});
    await until(() => daemon.stats().bytesOut > 5e7 && daemon.stats().bytesErr > 5e7, 'the first 50 MB of each');
    const before = process.memoryUsage.rss();
    const {bytesOut, bytesErr} = daemon.stats();
    await until(() => daemon.stats().bytesOut > bytesOut + 2e8 && daemon.stats().bytesErr > bytesErr + 2e8, '200 MB more of each');
    const grown = process.memoryUsage.rss() - before;
    assert.ok(grown < 50e6, `${grown} bytes more`);
    assert.ok(daemon.tail(Infinity).join('\n').length <= 2 * 65_536 + 1);
    await daemon.stop();
  });

  test('a callback that throws each time is told once, and draining goes on', async () => {
    const warnings = await warningsOf(async () => {
      let calls = 0;
      const daemon = await Daemon.start(['sh', '-c', 'yes one & exec yes two >&2'], {
        killTimeout: 200,
        onOutput() {
          calls++;
          throw new Error('as told');
        },
      });
      await until(() => calls > 20_000, 'many calls');
      const {bytesOut, bytesErr} = daemon.stats();
      await until(() => daemon.stats().bytesOut > bytesOut && daemon.stats().bytesErr > bytesErr, 'both to go on');
      await daemon.stop();
    });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] as string, /onOutput failed, and goes on being called: Error: as told \(said once\)/);
  });

  test('a slow async callback holds nobody up: its lines wait up to a bound, then they are dropped and counted', async () => {
    const got: string[] = [];
    let release = () => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    const daemon = await Daemon.start(['sh', '-c', `i=0; ${process.execPath} -e "for (let i=0;i<200000;i++) console.log('line '+i)"`], {
      onOutput(line) {
        got.push(line);
        return got.length === 1 ? stuck : undefined;
      },
    });
    await within(daemon.ended, 'a program whose reader is stuck');
    const {linesDropped} = daemon.stats();
    assert.ok(linesDropped > 100_000, `${linesDropped} dropped`);
    release();
    await until(() => got.length === 200_000 - linesDropped, 'the lines that waited');
    assert.deepEqual([got[0], got[1], got[5_000]], ['line 0', 'line 1', 'line 5000']);
  });

  test('lines as events, a listener that throws among them; the last one without an end too', async () => {
    const warnings = await warningsOf(async () => {
      const daemon = await Daemon.start(['sh', '-c', 'read _; echo one; echo two >&2; printf half'], {stdin: 'pipe'});
      const lines: string[] = [];
      daemon.on('line', () => {
        throw new RangeError('no');
      });
      daemon.on('line', (line, stream) => lines.push(`${stream} ${line}`));
      assert.equal(await daemon.write('go\n'), true);
      await daemon.ended;
      assert.deepEqual(lines.sort(), ['stderr two', 'stdout half', 'stdout one']);
      assert.equal(await daemon.write('more\n'), false);
      assert.equal(daemon.stats().bytesIn, 3);
    });
    assert.equal(warnings.length, 1);
  });

  test("'log' goes to the logger: stdout as info, stderr as warn", async () => {
    const said: string[] = [];
    const note = (level: string) => (message: string) => void said.push(`${level} ${message}`);
    const logger = {info: note('info'), warn: note('warn'), error: note('error')};
    const daemon = await Daemon.start(['sh', '-c', 'echo out; echo err >&2'], {onOutput: 'log', logger});
    await daemon.ended;
    assert.deepEqual(said.sort(), ['info sh: out', 'warn sh: err']);
  });

  test('a log file has every byte, of both streams and over restarts', async () => {
    const file = path.join(folder, 'out.log');
    writeFileSync(file, 'before\n');
    const script = 'echo out; echo err >&2; exit 1';
    const daemon = await Daemon.start(['sh', '-c', script], {log: {file}, restart: {...FAST, max: 2}});
    await daemon.ended;
    await until(() => readFileSync(file, 'utf8').split('\n').length === 8, 'the file');
    assert.deepEqual(readFileSync(file, 'utf8').trim().split('\n').sort(), ['before', 'err', 'err', 'err', 'out', 'out', 'out']);
    assert.equal(daemon.stats().logDropped, 0);
  });

  test('an environment file, with `env` over it, read anew at each start', async () => {
    const file = path.join(folder, 'variables');
    writeFileSync(file, 'A=1\nB="two words"\n');
    const daemon = await Daemon.start(['sh', '-c', 'echo "$A $B $C"; exec sleep 60'], {
      cwd: folder,
      envFile: 'variables',
      env: {C: '3', A: '0'},
      ready: {line: /./},
    });
    writeFileSync(file, 'B=other\n');
    await daemon.restart();
    assert.deepEqual(daemon.tail(), ['0 two words 3', '0 other 3']);
    await daemon.stop();
  });

  test('waitFor(): kept or to come; rejects at its limit and at the end', async () => {
    const daemon = await Daemon.start(['sh', '-c', 'echo early; read _; echo late; read _'], {stdin: 'pipe'});
    const late = daemon.waitFor('late');
    await daemon.write('go\n');
    assert.equal((await late).line, 'late');
    assert.equal((await daemon.waitFor(/earl(.)/)).match[1], 'y');
    assert.match((await failure(daemon.waitFor('never', {timeout: 10}))).message, /wrote no line that matches \/never\/ within 10 ms/);
    const never = daemon.waitFor('never');
    await daemon.write('go\n');
    assert.match((await failure(never)).message, /ended without a line that matches/);
  });
});

describe('its end', () => {
  test('stop() is polite, then SIGKILL; all callers hear the same', async () => {
    const daemon = await Daemon.start([child('ignore_sigterm')], {killTimeout: 60_000, ready: {line: /./}});
    const [one, other] = await Promise.all([daemon.stop(), daemon.stop({killTimeout: 50})]);
    assert.equal(one, other);
    assert.deepEqual([one.ok, one.last?.signal, one.last?.forced], [true, 'SIGKILL', true]);
    assert.equal(await daemon.stop(), one);
  });

  test('stop() while it starts, while it waits, and when it is over', async () => {
    const starting = Daemon.start(['sleep', '60'], {ready: {line: 'never'}, signal: AbortSignal.timeout(100)});
    assert.deepEqual([(await failure(starting)).reason], ['abort']);
    const waiting = await Daemon.start(['false'], {restart: {backoff: {min: 60_000, max: 60_000}}});
    await until(() => waiting.state === 'backoff', 'its backoff');
    assert.deepEqual([(await within(waiting.stop(), 'stop()')).reason, waiting.pid], ['stop', null]);
  });

  test('AbortSignal and owner end it for good', async () => {
    const controller = new AbortController();
    const daemon = await Daemon.start(command('sleep', ['60'], {signal: controller.signal}), {restart: 'always'});
    controller.abort();
    assert.deepEqual([(await daemon.ended).reason, daemon.state], ['abort', 'stopped']);
    assert.equal((await failure(Daemon.start(['sleep', '60'], {signal: controller.signal}))).reason, 'abort');
    const owner = new EventTarget();
    const owned = await Daemon.start(['sleep', '60'], {owner: [owner, 'over']});
    owner.dispatchEvent(new Event('over'));
    assert.equal((await owned.ended).reason, 'abort');
  });

  test('linger: wait: what puts itself into the background is the daemon', async () => {
    const daemon = await Daemon.start(['sh', '-c', 'sleep 60 & exit 0'], {linger: 'wait'});
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual([daemon.state, daemon.alive], ['ready', true]);
    await daemon.stop();
    assert.equal(daemon.alive, false);
  });
});
