// Owns: `net-runner up` as a program: order, output in each form, choices, signals, exit statuses, and what a kill leaves.
// Never: how words and files are read (unit/cli/up), or how a service is run (behaviour/supervisor).
import assert from 'node:assert/strict';
import {type ChildProcessByStdio, spawn, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {Readable} from 'node:stream';
import {after, test} from 'node:test';
import {censusOfThisFile} from '../support/census.js';
import {shepherdOf} from '../support/fault.js';
import {newLifeline} from '../support/lifeline.js';
import {child, commandLineFile, hostFile} from '../support/places.js';
import {freePort} from '../support/port.js';
import {findMarked, forkServersOf, isAlive, newMarker, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

/** Those that have not ended yet: one that a failed test leaves must not hold up the others. */
const running = new Set<ChildProcessByStdio<null, Readable, Readable>>();
after(() => {
  for (const each of running) each.kill('SIGKILL');
});

censusOfThisFile(() => {});

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-up-'));
after(() => rmSync(folder, {recursive: true}));

let files = 0;
function write(text: string): string {
  const file = path.join(folder, `${files++}.yaml`);
  writeFileSync(file, text);
  return file;
}

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

class Up {
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly over: Promise<Outcome>;
  stdout = '';
  stderr = '';

  constructor(words: readonly string[], stdio3: number | 'ignore' = 'ignore') {
    this.#process = spawn('sh', ['-c', 'ulimit -c 0; exec "$@"', 'sh', process.execPath, commandLineFile(), 'up', ...words], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe', stdio3],
    }) as ChildProcessByStdio<null, Readable, Readable>;
    this.#process.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    running.add(this.#process);
    this.over = new Promise((resolve) => {
      this.#process.on('close', () => running.delete(this.#process));
      this.#process.on('close', (code, signal) => resolve({code, signal, stdout: this.stdout, stderr: this.stderr}));
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Waits until it has said that. */
  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    return until(() => (this.stdout + this.stderr).match(pattern), `up to say ${pattern}; it said ${this.stdout}${this.stderr}`);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  end(): Promise<Outcome> {
    return within(this.over, 'up to end');
  }
}

const up = (...words: string[]) => new Up(words).end();

/** A service that says when it stops. `touch FILE` tells the order across services. */
const noting = (file: string, name: string) =>
  `['sh', '-c', 'trap "echo ${name} down >> ${file}; exit 0" TERM; echo ${name} up >> ${file}; echo ready; while :; do sleep 0.02; done']`;

const notes = (file: string) => readFileSync(file, 'utf8').trim().split('\n');

test('services of the command line: their lines with their names, plain in a pipe; 0 when all ended well', async () => {
  const end = await up('a=sh -c "echo one; echo two >&2"', "long-name=printf '%s\\n' 'x y'");
  assert.deepEqual([end.code, end.signal], [0, null]);
  assert.deepEqual(end.stdout.trim().split('\n').sort(), ['a         | one', 'a         | two', 'long-name | x y']);
  assert.match(end.stderr, /^net-runner: a is ready after/m);
  assert.match(end.stderr, /^net-runner: long-name has ended$/m);
});

test('a service that fails: 1, with why; one that does not come up too, with the last of its output', async () => {
  const file = write(`services: {bad: {command: sh -c "exit 3", restart: {max: 2, backoff: {min: 1}}}, good: {command: sleep 0.2}}`);
  const failed = await up(file);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /net-runner: bad: it exited with code 3; restart 1 in/);
  assert.match(
    failed.stderr,
    /net-runner: bad has failed: it exited with code 3; it was restarted 2 times within 60000 ms, and is given up\n/,
  );
  const never = await up(
    write(
      `services:\n  db: {command: sleep 60}\n  web: {command: sh -c "echo cannot bind; sleep 60", ready: {port: 9, timeout: 300}, dependsOn: [db]}\n`,
    ),
  );
  assert.equal(never.code, 1);
  assert.match(
    never.stderr,
    /net-runner: service 'web': sh -c .* was not ready within 300 ms \(nobody listens to port 9 on localhost\) and was stopped\ncannot bind\n/,
  );
});

test('a wrong file, a wrong option, no file: 125, and nothing was started', async () => {
  const marker = path.join(folder, 'started');
  const wrong = await up(write(`services:\n  a: {command: touch ${marker}}\n  b: {command: x, environment: {}}\n`));
  assert.equal(wrong.code, 125);
  assert.match(wrong.stderr, /^net-runner: .*\.yaml:3:19: there is no option `environment`: `environment` is `env` here\n$/);
  assert.throws(() => readFileSync(marker), {code: 'ENOENT'});
  assert.equal((await up('--onyl', 'x')).code, 125);
  assert.match((await up()).stderr, /there is no net-runner\.yaml here/);
  assert.match((await up('a=x | y')).stderr, /service 'a': `\|` means nothing here/);
});

test('^C stops in the reverse order and ends by SIGINT; SIGTERM the same with 0', async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const log = path.join(folder, `order-${signal}`);
    const file = write(`services:
  web: {command: ${noting(log, 'web')}, ready: {line: ready}, dependsOn: [api]}
  api: {command: ${noting(log, 'api')}, ready: {line: ready}, dependsOn: {db: ready}}
  db: {command: ${noting(log, 'db')}, ready: {line: ready}}
`);
    const running = new Up([file]);
    await running.says(/web is ready/);
    running.signal(signal);
    const end = await running.end();
    assert.deepEqual([end.code, end.signal], signal === 'SIGTERM' ? [0, null] : [null, signal]);
    assert.deepEqual(notes(log), ['db up', 'api up', 'web up', 'web down', 'api down', 'db down']);
  }
});

test('a service that ignores SIGTERM is ended after its killTimeout and holds nobody else up; a second ^C kills at once', async () => {
  const log = path.join(folder, 'deaf');
  const services = (ms: number) => `services:
  deaf: {command: ['${child('ignore_sigterm')}'], ready: {line: .}, killTimeout: ${ms}}
  other: {command: ${noting(log, 'other')}, ready: {line: ready}}
`;
  const patient = new Up([write(services(400))]);
  await patient.says(/deaf is ready/);
  await patient.says(/other is ready/);
  const began = performance.now();
  patient.signal('SIGTERM');
  await patient.says(/other is stopped/);
  assert.doesNotMatch(patient.stderr, /deaf is stopped/);
  assert.equal((await patient.end()).code, 0);
  assert.ok(performance.now() - began >= 390);

  const hurried = new Up([write(services(60_000))]);
  await hurried.says(/deaf is ready/);
  hurried.signal('SIGINT');
  await hurried.says(/SIGINT: everything is being stopped/);
  hurried.signal('SIGINT');
  assert.equal((await hurried.end()).signal, 'SIGINT');
});

test('a service with a terminal of its own', async () => {
  const end = await up(write(`services: {t: {command: [sh, -c, 'test -t 1 && stty size'], pty: {cols: 50, rows: 20}, restart: never}}`));
  assert.deepEqual([end.code, /20 50/.test(end.stdout)], [0, true]);
});

test('--json: one line each, on stdout', async () => {
  const file = write(`services: {a: {command: sh -c "echo hello", restart: never}, b: {command: 'true', dependsOn: {a: succeeded}}}`);
  const end = await up(file, '--json');
  assert.equal(end.code, 0);
  const said = end.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const {time} of said) assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  assert.ok(said.some(({service, stream, line}) => service === 'a' && stream === 'stdout' && line === 'hello'));
  assert.deepEqual(
    said.filter(({service, state}) => service === 'a' && state).map(({state}) => state),
    ['starting', 'ready', 'stopped'],
  );
  assert.deepEqual(said.at(-1).end, {ok: true, reason: 'done', message: 'every service is over', failed: []});
});

test('--only takes what it needs along; --except counts as there; --exit-on stops the others', async () => {
  const file = write(`services:
  db: {command: sh -c "echo db; exec sleep 60", ready: {line: db}}
  web: {command: sh -c "echo web; exec sleep 60", ready: {line: web}, dependsOn: [db]}
  other: {command: sh -c "echo other; exec sleep 60", ready: {line: other}}
  done: {command: 'true', dependsOn: [web]}
`);
  const started = (stdout: string) =>
    [
      ...new Set(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split(' ')[0]),
      ),
    ].sort();
  const only = await up(file, '--only', 'done', '--exit-on', 'done');
  assert.deepEqual([only.code, started(only.stdout)], [0, ['db', 'web']]);
  const except = await up(file, '--except', 'db,other', '--exit-on', 'any');
  assert.deepEqual([except.code, started(except.stdout)], [0, ['web']]);
  const bad = write(`services: {bad: {command: sh -c "exit 1", restart: never}, long: {command: sleep 60}}`);
  const failure = await up(bad, '--exit-on=failure');
  assert.equal(failure.code, 1);
  assert.match(failure.stderr, /net-runner: service 'bad' is over: it exited with code 1; it is not restarted\n/);
  assert.match((await up(file, '--only', 'wbe')).stderr, /there is no service 'wbe'; did you mean 'web'\?/);
  assert.match((await up(file, '--exit-on', 'x')).stderr, /--exit-on must be failure, any or the name of a service, not 'x'/);
});

test('paths are taken from where the file is; env, envFile and log', async () => {
  writeFileSync(path.join(folder, 'vars.env'), 'A=from file\nB=2\n');
  const file = write(
    `services:\n  a: {command: sh -c 'echo "$A $B \`pwd\`"', env: {B: 007}, envFile: vars.env, log: {file: a.log}, onOutput: discard}\n`,
  );
  const end = await new Up([`../${path.basename(folder)}/${path.basename(file)}`]).end();
  assert.deepEqual([end.code, end.stdout], [0, '']);
  const line = spawnSync('pwd', ['-P'], {cwd: folder, encoding: 'utf8'}).stdout;
  assert.equal(readFileSync(path.join(folder, 'a.log'), 'utf8').replace('/private', ''), `from file 007 ${line}`);
});

test('whoever read us has gone: everything is stopped', async () => {
  const marker = newMarker();
  const command = `"$0" "$1" up "talk=sh -c 'while :; do echo x; sleep 0.01; done' ${marker}" | head -n 1`;
  const {stdout} = spawnSync('sh', ['-c', command, process.execPath, commandLineFile()], {encoding: 'utf8', timeout: 20_000});
  assert.equal(stdout, 'talk | x\n');
  await until(() => findMarked(marker).length === 0, 'it to be gone');
});

test('on a terminal: colours, and a table of states while they start', {
  skip: process.platform !== 'linux' && 'needs script(1) of Linux',
}, async () => {
  const port = await freePort();
  const file = write(`services:
  web: {command: ['${process.execPath}', '${hostFile('server')}', '${port}', '300'], ready: {http: 'http://localhost:${port}/'}, dependsOn: [db]}
  db: {command: sh -c "echo hello; sleep 0.2; echo up; exec sleep 60", ready: {line: up}}
  quick: {command: sleep 2}
`);
  const words = `exec ${process.execPath} ${commandLineFile()} up ${file} --exit-on quick`;
  const {stdout, error, status} = spawnSync('script', ['-qfec', words, '/dev/null'], {
    encoding: 'utf8',
    timeout: 30_000,
    env: {...process.env, SHELL: '/bin/sh'},
  });
  assert.equal(error, undefined);
  assert.equal(status, 0, stdout);
  const esc = '\u001b';
  assert.ok(stdout.includes(`${esc}[36mdb   ${esc}[0m | hello`), JSON.stringify(stdout));
  assert.match(stdout, /web {4}waiting/);
  assert.match(stdout, /db {5}starting/);
  assert.ok(stdout.includes(`${esc}[3A\r${esc}[J`), 'the table is drawn over');
  assert.match(stdout, /web {4}ready/);
});

test('kill -9 of up with six services, one of which double-forks: nothing is left', async () => {
  const marker = newMarker();
  const line = newLifeline();
  const deaf = child('ignore_sigterm');
  const file = write(`intensity: {max: 100000}
services:
  family: {command: ['${child('leave_survivors')}', ${marker}], ready: {line: up}, killTimeout: 300}
  deaf: {command: ['${deaf}', ${marker}], ready: {line: .}, killTimeout: 300}
  group: {command: ['sh', '-c', 'sleep 60 & sleep 60 & wait', ${marker}], dependsOn: [family]}
  quiet: {command: ['sleep', '60'], argv0: ${marker}}
  loud: {command: ['sh', '-c', 'while :; do echo x; sleep 0.05; done', ${marker}]}
  crashing: {command: ['sh', '-c', 'sleep 0.05; exit 1', ${marker}], restart: {max: 1000, backoff: {min: 1, max: 5}}}
`);
  const running = new Up([file, '--json'], line.fd);
  line.letGo();
  await running.says(/"started":true/);
  await running.says(/"restart"/);
  const runaway = Number((await running.says(/runaway (\d+)/))[1]);
  assert.notEqual(processState(runaway)?.session, processState(running.pid)?.session);
  assert.ok(findMarked(marker).filter(({commandLine}) => !commandLine.startsWith('net-runner: ')).length >= 7);
  const shepherds = findMarked(marker).map(({pid}) => pid);
  running.signal('SIGKILL');
  assert.equal((await running.end()).signal, 'SIGKILL');
  await within(line.ended, 'the lifeline to end');
  await until(() => findMarked(marker).length === 0, 'everybody to be gone');
  await until(() => !shepherds.some(isAlive), 'the shepherds to be gone');
  line.close();
});

test('shepherd and fork server of a service are killed together: up ends what they leave, and says 125', async () => {
  const marker = newMarker();
  const file = write(`services: {family: {command: ['${child('leave_survivors')}', ${marker}], ready: {line: up}, killTimeout: 300}}`);
  const running = new Up([file, '--json']);
  const leader = Number((await running.says(/leader (\d+)/))[1]);
  await running.says(/"line":"up"/);
  const [server] = forkServersOf(running.pid);
  const shepherd = shepherdOf(leader);
  for (const pid of [server?.pid as number, shepherd]) process.kill(pid, 'SIGSTOP');
  for (const pid of [server?.pid as number, shepherd]) process.kill(pid, 'SIGKILL');
  const end = await running.end();
  assert.equal(end.code, 125);
  assert.match(end.stderr, /the shepherd of family is gone; nobody saw its end/);
  await until(() => findMarked(marker).length === 0, 'everybody to be gone');
});
