// Owns: the promise in odd surroundings: inherited signals, lost privileges, two copies, a job that uses the library, no descriptors
// (FAULTS 32, 33, 45, 47, 48).
// Never: what every child is born with (behaviour/birth).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault} from '../support/fault.js';
import {cannotFreeze, ownCgroup} from '../support/freezer.js';
import {startHost} from '../support/host.js';
import {child, hostFile} from '../support/places.js';
import {findMarked, forkServersOf} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

/** Runs a host to its end through another program, and gives its lines. */
function hostThrough(words: readonly string[], name: string, env: NodeJS.ProcessEnv = {}): string[] {
  const [file = '', ...args] = [...words, process.execPath, hostFile(name)];
  const {stdout, stderr, status} = spawnSync(file, args, {encoding: 'utf8', env: {...process.env, ...env}, timeout: 20_000});
  assert.equal(status, 0, stderr);
  return stdout.trim().split('\n');
}

const envTool = spawnSync('env', ['--block-signal=USR2', '--ignore-signal=PIPE', 'true']).status === 0;

fault(
  '32',
  'the host was born with signals blocked and ignored, SIGCHLD among them: its children are not',
  async () => {
    const lines = hostThrough(['env', '--block-signal=TERM,USR2,CHLD', '--ignore-signal=CHLD,PIPE,HUP'], 'born_with');
    assert.deepEqual(
      lines.filter((line) => /^Sig(Blk|Ign)/.test(line)),
      ['SigBlk: 0000000000000000', 'SigIgn: 0000000000000000'],
    );
    assert.deepEqual(lines.slice(-2), ['exit 3', 'signal SIGPIPE']);
  },
  {skip: !envTool && 'env(1) cannot block signals here'},
);

fault('33', 'cwd and environment of the host as they are now', async () => {
  const before = process.cwd();
  const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-cwd-'));
  try {
    process.chdir(dir);
    process.env.NET_RUNNER_TEST_LATER = 'yes';
    assert.equal((await run(['sh', '-c', 'pwd; echo $NET_RUNNER_TEST_LATER'])).stdout, `${dir}\nyes\n`);
  } finally {
    process.chdir(before);
    delete process.env.NET_RUNNER_TEST_LATER;
    rmSync(dir, {recursive: true});
  }
});

fault(
  '33',
  'the host gives up its privileges: they do not come back',
  async () => {
    // Where nobody may look into the project, the binaries are copied to where he may.
    const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-drop-'));
    chmodSync(dir, 0o755);
    try {
      const shepherd = path.join(dir, 'net-runner-shepherd');
      copyFileSync(process.env.NET_RUNNER_SHEPHERD as string, shepherd);
      chmodSync(shepherd, 0o755);
      const lines = hostThrough([], 'drops_privileges', {NET_RUNNER_SHEPHERD: shepherd});
      assert.match(lines[0] as string, /^before 0 0 /);
      assert.match(lines[1] as string, /^group 0 65534 65534 /);
      assert.match(lines[2] as string, /^after 65534 65534 65534 0077$/);
    } finally {
      rmSync(dir, {recursive: true});
    }
  },
  {skip: process.getuid?.() !== 0 && 'only root can drop privileges'},
);

fault(
  '33',
  'the host moves to another cgroup: its next jobs follow',
  async () => {
    const group = async () => (await run(['cat', '/proc/self/cgroup'])).stdout;
    const [before, moved] = [await group(), ownCgroup()];
    try {
      await until(async () => (await group()) !== before, 'a job in the new cgroup');
    } finally {
      moved.back();
    }
    await until(async () => (await group()) === before, 'a job in the old cgroup');
    await until(() => forkServersOf().length === 1, 'the older fork servers to leave');
    moved.remove();
  },
  {skip: cannotFreeze},
);

fault('45', 'two copies of the library in one process', async ({line, gone}) => {
  const host = startHost('two_copies', {fd3: line.fd});
  line.letGo();
  try {
    assert.equal((await within(host.exited, 'the host to end')).code, 0);
    assert.deepEqual(host.lines, ['untouched', 'brand true', 'own 0']);
    await gone();
  } finally {
    await host.end();
  }
});

fault(
  '45',
  'a job that itself uses the library is stopped: its jobs are gone too, and its shepherds are no leftovers',
  async ({marker, line, gone}) => {
    const script = 'exec "$0" "$@" 3>&2';
    const p = await start(['sh', '-c', script, process.execPath, hostFile('family'), marker, '200'], {stdio: ['pipe', 'pipe', line.fd]});
    line.letGo();
    let said = '';
    while (!said.includes('up\n')) said += String(await p.read());
    assert.ok(findMarked(marker).length >= 3);
    const end = await within(p.stop(), 'stop()');
    assert.equal(end.proven, true);
    await gone();
  },
);

fault('47', 'the host has no descriptor left at some step of a birth: a typed error, nothing leaked', async () => {
  const lines = hostThrough(['sh', '-c', 'ulimit -n 64; exec "$0" "$@"'], 'exhausted');
  const codes = (lines[0] as string).split(' ').slice(1);
  assert.ok(codes.includes('spawn:EMFILE'), lines[0]);
  assert.ok(codes.includes('ran'), lines[0]);
  assert.deepEqual(
    codes.filter((code) => code !== 'ran' && code !== 'spawn:EMFILE'),
    [],
  );
  assert.deepEqual(lines.slice(1), ['then 0', 'fds equal']);
});

fault('48', 'input for a child that stops reading at once, a hundred times', async () => {
  const big = 'x'.repeat(1_000_000);
  const results = await Promise.all(
    Array.from({length: 100}, () =>
      run([child('close_stdin_early')], {input: big, killTimeout: 200, timeout: 300}).catch((error: unknown) => error),
    ),
  );
  assert.equal(results.length, 100);
  const p = await start(['true'], {stdin: 'pipe', stdout: 'ignore'});
  await p.closed;
  p.stdin.write('late');
  p.stdin.end();
  await until(() => p.stdin.destroyed || p.stdin.writableFinished, 'the stream to be over');
});
