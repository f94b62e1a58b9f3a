// Owns: `net-runner run --pty` inside a terminal: raw while the command runs, its size followed, and as it was before on every way out.
// Never: what a pty is (terminal.test.ts); the other options (cli.test.ts).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {after, test} from 'node:test';
import {run, type Subprocess, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {commandLineFile} from '../support/places.js';
import {until} from '../support/wait.js';

const shells: Subprocess[] = [];
// Before the census: a test that fails must not hold the file up.
after(() => Promise.all(shells.map((p) => p[Symbol.asyncDispose]())));
censusOfThisFile();

const PATIENT = {timeout: 20_000};
const NET_RUNNER = `${process.execPath} ${commandLineFile()} run`;

/** A user's shell in a terminal, at its prompt, and that terminal's name. A bash that is hung up while it prints its prompt hears it at the next key. */
async function desk(env: Record<string, string> = {}): Promise<{p: Subprocess; tty: string}> {
  const p = await start(['bash', '--norc'], {
    pty: {cols: 90, rows: 31},
    env: {PS1: '[$?]outer> ', INNER: 'inner> ', ...env},
    killTimeout: 500,
  });
  shells.push(p);
  await p.waitFor('[0]outer> ', PATIENT);
  await p.write('tty\r');
  const {match} = await p.waitFor(/(\/dev\/pts\/\d+)\r\n/, PATIENT);
  await p.waitFor('[0]outer> ', PATIENT);
  return {p, tty: match[1] as string};
}

async function mode(tty: string): Promise<string> {
  const {stdout} = await run(['stty', '-F', tty, '-a']);
  return stdout.replace(/^.*baud.*$/m, '');
}

/** The mode a program finds that the shell starts: the shell's own is another one while it reads a line. */
async function modeOfPrograms(p: Subprocess): Promise<string> {
  await p.write('stty -a; echo shown\r');
  const {before} = await p.waitFor(/\r\nshown\r\n/, PATIENT);
  await p.waitFor('outer> ', PATIENT);
  return before.slice(before.indexOf('intr =')).replace(/\s+/g, ' ');
}

/** Starts an inner shell under --pty; resolves to the pid of net-runner. */
async function enter(p: Subprocess, flags = ''): Promise<number> {
  await p.write(`${NET_RUNNER} --pty ${flags} --env "PS1=$INNER" bash --norc\r`);
  await p.waitFor('inner> ', PATIENT);
  return p.foreground!.pid;
}

test('raw while it runs, of the same size and kind, resized with it; restored at the exit', async () => {
  const {p, tty} = await desk({TERM: 'vt220'});
  const before = await modeOfPrograms(p);
  await enter(p);
  const raw = await mode(tty);
  for (const flag of ['-icanon', '-echo', '-isig', '-opost', '-ixon']) assert.ok(raw.split(/[\s;]+/).includes(flag), `${flag} in ${raw}`);
  await p.write('stty size; echo $TERM\r');
  await p.waitFor(/31 90\r\nvt220\r\n/, PATIENT);
  p.resize(101, 41);
  await p.write('\r');
  await until(async () => {
    await p.write('stty size\r');
    return (await p.waitFor(/(\d+ \d+)\r\n/, PATIENT)).match[1] === '41 101';
  }, 'the inner terminal to follow');
  // ^C belongs to what runs inside, not to net-runner.
  // It says itself that it is there: before that the shell would swallow the key.
  await p.write('sh -c "echo up\\$((6*7)); exec sleep 60"\r');
  await p.waitFor('up42', PATIENT);
  await p.write('\x03');
  await p.waitFor('inner> ', PATIENT);
  await p.write('exit 7\r');
  await p.waitFor('[7]outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);
  await p.stop();
});

test('restored when net-runner gets SIGTERM, when the command is killed, and when it is stopped and continued', async () => {
  const {p, tty} = await desk();
  const before = await modeOfPrograms(p);

  let pid = await enter(p);
  process.kill(pid, 'SIGTERM');
  await p.waitFor('[129]outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);

  pid = await enter(p);
  await p.write('kill -KILL $$\r');
  await p.waitFor('[137]outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);

  pid = await enter(p);
  process.kill(pid, 'SIGTSTP');
  await p.waitFor(/Stopped/, PATIENT);
  await p.waitFor('outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);
  await p.write('fg\r');
  await until(() => p.foreground?.pid === pid, 'net-runner to be in the foreground');
  await until(async () => (await mode(tty)).includes('-icanon'), 'the terminal to be raw again');
  await p.write('echo $((40+2))\r');
  await p.waitFor('42\r\n', PATIENT);
  await p.write('exit 0\r');
  await p.waitFor('[0]outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);
  await p.stop();
});

test('restored when net-runner itself fails, and nothing of the command is left', async () => {
  const boom = "process.on('SIGUSR2', () => { throw new Error('boom'); })";
  const {p} = await desk({NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(boom)}`});
  const before = await modeOfPrograms(p);
  const pid = await enter(p);
  process.kill(pid, 'SIGUSR2');
  await p.waitFor(/boom/, PATIENT);
  await p.waitFor('outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);
  await p.stop();
});

test('a time limit, and a command that is not there', async () => {
  const {p} = await desk();
  const before = await modeOfPrograms(p);
  await p.write(`${NET_RUNNER} --pty --timeout 300ms sleep 60\r`);
  await p.waitFor('[124]outer> ', PATIENT);
  await p.write(`${NET_RUNNER} --pty /no/such/program\r`);
  await p.waitFor('[127]outer> ', PATIENT);
  assert.equal(await modeOfPrograms(p), before);
  await p.stop();
});

test('without a terminal: input is typed, then its end; one stream of output', () => {
  const words = [commandLineFile(), 'run', '--pty'];
  const cat = spawnSync(process.execPath, [...words, 'cat'], {input: 'hello\n', encoding: 'utf8', timeout: 20_000});
  assert.deepEqual([cat.status, cat.stdout, cat.stderr], [0, 'hello\r\nhello\r\n', '']);
  const both = spawnSync(process.execPath, [...words, '--json', 'sh', '-c', 'echo out; echo err >&2; stty size'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  const result = JSON.parse(both.stdout);
  assert.equal(result.stdout, 'out\r\nerr\r\n24 80\r\n');
  assert.equal('stderr' in result, false);
  const full = spawnSync(process.execPath, [...words, '--max-output', '10B', 'yes'], {encoding: 'utf8', timeout: 20_000});
  assert.deepEqual([full.status, full.stdout], [125, 'y\r\ny\r\ny\r\ny']);
});

test('its reader goes: the command is hung up', () => {
  const line = `${NET_RUNNER} --pty --stats yes | head -n 1`;
  const {stdout, stderr, status} = spawnSync('bash', ['-c', line], {encoding: 'utf8', timeout: 20_000});
  assert.deepEqual([status, stdout], [0, 'y\r\n']);
  assert.match(stderr, /^killed by SIGHUP \|/);
});
