// Owns: the promise where the world is in the way: processes that SIGKILL does not end, an exec that does not return, births that fail by
// the thousand, sizes at the kernel's limits, pipes that shrink (FAULTS 25, 26, 29 to 31, 34 to 36, 43).
// Never: a death of anybody of ours.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {describe} from 'node:test';
import {RunError, run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault, LONG} from '../support/fault.js';
import {cannotFreezeHard, freezeHard} from '../support/freezer.js';
import {type Host, startHost} from '../support/host.js';
import {child, hostFile} from '../support/places.js';
import {isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const isRoot = process.getuid?.() === 0;
const notRoot = !isRoot && 'only root can give up being root';

async function inFolder(play: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-obstacles-'));
  chmodSync(folder, 0o755);
  try {
    await play(folder);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** The binaries where somebody who is not root can reach them. */
function reachable(folder: string): Record<string, string> {
  const shepherd = path.join(folder, 'net-runner-shepherd');
  copyFileSync(process.env.NET_RUNNER_SHEPHERD as string, shepherd);
  chmodSync(shepherd, 0o755);
  return {NET_RUNNER_SHEPHERD: shepherd};
}

/** Every way that exec and what comes before it can fail, each with its code and stage. */
function failures(folder: string): [call: () => Promise<unknown>, code: string, stage: string][] {
  const file = (name: string, text: string, mode: number) => {
    const where = path.join(folder, name);
    writeFileSync(where, text);
    chmodSync(where, mode);
    return where;
  };
  const plain = file('plain', 'x', 0o644);
  const lost = file('lost', '#!/no/such/interpreter\n', 0o755);
  mkdirSync(path.join(folder, 'sub'));
  symlinkSync('loop', path.join(folder, 'loop'));
  return [
    [() => run(['no-such-program-at-all']), 'ENOENT', 'exec'],
    [() => run([path.join(folder, 'nothing')]), 'ENOENT', 'exec'],
    [() => run([plain]), 'EACCES', 'exec'],
    [() => run([path.join(folder, 'sub')]), 'EACCES', 'exec'],
    [() => run([lost]), 'ENOENT', 'interpreter'],
    [() => run(['true'], {cwd: path.join(folder, 'nowhere')}), 'ENOENT', 'chdir'],
    [() => run(['true'], {cwd: plain}), 'ENOTDIR', 'chdir'],
    [() => run([`${plain}/true`]), 'ENOTDIR', 'exec'],
    [() => run([path.join(folder, 'loop')]), 'ELOOP', 'exec'],
    [() => run(['x'.repeat(300)]), 'ENAMETOOLONG', 'exec'],
    [() => run(['true', 'x'.repeat(200_000)]), 'E2BIG', 'exec'],
    [() => run([path.join(folder, 'busy')]), 'ETXTBSY', 'exec'],
    [() => run(['true'], {stdout: 9_999}), 'EBADF', 'hire'],
    [() => run(['true'], {uid: 65_534, gid: 65_534, cwd: path.join(folder, 'locked')}), 'EACCES', 'chdir'],
  ];
}

fault(
  '29',
  'every failure of a birth, again and again: told apart, and nothing is left',
  () =>
    inFolder(async (folder) => {
      copyFileSync('/bin/true', path.join(folder, 'busy'));
      chmodSync(path.join(folder, 'busy'), 0o755);
      const writing = openSync(path.join(folder, 'busy'), 'r+');
      const cases = failures(folder).slice(0, isRoot ? undefined : -1);
      mkdirSync(path.join(folder, 'locked'), {mode: 0o700});
      const rounds = Math.ceil((LONG ? 1_000 : 100) / cases.length);
      for (let round = 0; round < rounds; round++) {
        const errors = await Promise.all(cases.map(([call]) => call().catch((error: unknown) => error)));
        for (const [i, error] of errors.entries()) {
          const [, code, stage] = cases[i]!;
          assert.ok(error instanceof RunError && error.reason === 'spawn', String(error));
          assert.deepEqual([error.code, error.stage], [code, stage]);
          assert.equal(error.result, undefined);
        }
      }
      closeSync(writing);
      assert.equal((await run(['true'])).exitCode, 0);
    }),
  {most: 2, limit: 60_000},
);

const launcher = child('stuck_filesystem');
const noFuse = spawnSync(launcher, [tmpdir(), '/bin/true']).status !== 0 && 'this user may not mount a file system of its own (FUSE)';

/** Each waits for five seconds of patience to be over: at the same time. */
describe('what does not end', {concurrency: true}, () => {
  fault(
    '25',
    'a process that SIGKILL does not end (state D): it is reported, the host is not held up, and it is reaped once it can end',
    async ({marker, line, gone}) => {
      const p = await start([child('ignore_sigterm'), marker], {stdio: ['ignore', 'ignore', line.fd], killTimeout: 100});
      line.letGo();
      const thaw = await freezeHard(p.pid);
      try {
        assert.equal(processState(p.pid)?.state, 'D');
        let worst = 0;
        let last = performance.now();
        const lag = setInterval(() => {
          worst = Math.max(worst, performance.now() - last - 10);
          last = performance.now();
        }, 10);
        const end = await within(p.stop(), 'stop()');
        clearInterval(lag);
        assert.deepEqual([end.reason, end.proven], ['unkillable', false]);
        assert.deepEqual(
          end.leftovers.map(({pid, state}) => [pid, state]),
          [[p.pid, 'D']],
        );
        assert.ok(worst < 500, `the event loop was held up for ${worst} ms`);
        assert.equal((await run(['true'])).exitCode, 0);
        assert.equal(isAlive(p.pid), true);
      } finally {
        await thaw();
      }
      await gone();
    },
    {skip: cannotFreezeHard, most: 1},
  );

  fault(
    '26',
    'a descendant that is root by a setuid program, and we are not: it is reported, not lied about',
    async ({marker, line, gone}) => {
      await inFolder(async (folder) => {
        const helper = path.join(folder, 'helper');
        copyFileSync(child('become_root'), helper);
        chmodSync(helper, 0o4755);
        const host = startHost('as_nobody', {args: ['helper', helper, marker], fd3: line.fd, env: reachable(folder)});
        line.letGo();
        try {
          const pid = Number((await host.says(/^runs (\d+)$/))[1]);
          const uids = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
          assert.equal(uids?.[1], '0', 'the helper did not become root');
          const [, reported] = await host.says(/^stopped unkillable false (\d+) \d+$/);
          assert.equal(Number(reported), pid);
          assert.equal(isAlive(pid), true);
          process.kill(pid, 'SIGKILL');
          await gone();
        } finally {
          await host.end();
        }
      });
    },
    {skip: notRoot, most: 1},
  );

  fault(
    '30',
    'exec does not return: only that job is stuck, and it can be ended',
    async ({marker, line, gone, took}) => {
      await inFolder(async (folder) => {
        const host: Host = startHost('stuck_exec', {args: [path.join(folder, 'stuck'), marker], fd3: line.fd, through: [launcher, folder]});
        line.letGo();
        try {
          await host.says(/^found$/);
          await host.says(/^others on$/);
          host.tell('end it');
          await host.says(/^meanwhile on$/);
          const [, reason, ms] = await host.says(/^ended (\w+) (\d+)$/);
          assert.match(reason as string, /^(abort|lost)$/);
          await host.says(/^then on$/);
          await host.exited;
          await gone();
          took(Number(ms));
        } finally {
          await host.end();
        }
      });
    },
    {skip: noFuse, most: 2},
  );
});

fault('31', 'the host was born with 50 descriptors that exec does not close: the child has 0, 1, 2', async () => {
  const script = 'for i in {20..69}; do eval "exec $i</dev/null"; done; exec "$@"';
  const words = ['-c', script, 'bash', process.execPath, hostFile('child_descriptors')];
  const {stdout, stderr} = spawnSync('bash', words, {encoding: 'utf8', timeout: 20_000});
  const [own = '', seen = ''] = stdout.trim().split('\n');
  assert.ok(Number(own.split(' ')[1]) >= 50, `${own} ${stderr}`);
  assert.match(seen, /^0 \S+ 1 \S+ 2 \S+$/);
});

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

fault('34', '1 MiB of arguments and almost 2 MiB of environment arrive exactly; more is a typed error', async () => {
  const args = Array.from({length: 64}, (_, i) => (i % 8 === 7 ? '' : `${i}`.padEnd(9_400, 'ü')));
  const bytes = Buffer.from(`${[child('print_args'), ...args].join('\0')}\0`);
  assert.ok(bytes.length > 1 << 20);
  assert.equal(sha256((await run([child('print_args'), ...args], {encoding: 'buffer'})).stdout), sha256(bytes));
  const env = Object.fromEntries(Array.from({length: 20}, (_, i) => [`V${i}`, `${i}`.padEnd(95_000, 'x')]));
  const seen = await run([child('print_env')], {env, extendEnv: false});
  assert.equal(
    sha256(seen.stdout),
    sha256(
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}\0`)
        .join(''),
    ),
  );
  const error = await run(['true'], {
    env: {...env, ...Object.fromEntries(Object.entries(env).map(([name, value]) => [`W${name}`, value]))},
  }).catch((reason: unknown) => reason);
  assert.ok(error instanceof RunError && error.code === 'E2BIG', String(error));
});

fault('34', "bytes of the host's environment that are not UTF-8 arrive as they are", async () => {
  const script = 'NR_ODD=$(printf "a\\377\\376z") exec "$@"';
  const words = ['-c', script, 'sh', process.execPath, hostFile('odd_environment')];
  const {stdout} = spawnSync('sh', words, {encoding: 'latin1', timeout: 20_000});
  assert.equal(stdout.trim(), 'NR_ODD=a\xff\xfez');
});

fault(
  '35',
  'the reader pauses in the middle of much output: the child waits, memory stays flat, nothing is lost',
  async ({line}) => {
    const size = LONG ? 1 << 30 : 128 << 20;
    const expected = await run(['sh', '-c', '"$0" "$1" | sha256sum', child('flood_stdout'), String(size)]);
    const p = await start([child('flood_stdout'), String(size)], {stdio: ['ignore', 'pipe', line.fd]});
    line.letGo();
    const hash = createHash('sha256');
    let all = 0;
    let paused = false;
    let before = 0;
    for (let chunk = await p.read(); chunk; chunk = await p.read()) {
      hash.update(chunk);
      all += chunk.length;
      if (paused || all < size / 2) continue;
      paused = true;
      await until(() => processState(p.pid)?.state === 'S', 'the child to wait');
      before = process.memoryUsage().rss;
      const cpu = cpuOf(p.pid);
      await new Promise((resolve) => setTimeout(resolve, LONG ? 5_000 : 300));
      assert.equal(cpuOf(p.pid), cpu, 'it went on');
      assert.ok(process.memoryUsage().rss - before < 16 << 20, 'memory grew while nobody read');
    }
    assert.equal(all, size);
    assert.equal(hash.digest('hex'), expected.stdout.split(' ')[0]);
    assert.ok(process.memoryUsage().rss - before < 128 << 20, 'memory grew with the output');
    assert.equal((await p.closed).exitCode, 0);
  },
  {most: 1, limit: 120_000},
);

/** Clock ticks of its own. */
function cpuOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ').slice(11, 13).join(' ');
}

fault(
  '36',
  'the child writes what the pipe holds and exits, the reader comes later: `exited` at once, then all bytes, then the end',
  async () => {
    const p = await start([child('write_and_exit'), '65536'], {stdin: 'ignore'});
    const began = performance.now();
    assert.equal((await within(p.closed, 'its end', 5_000)).exitCode, 0);
    await new Promise((resolve) => setTimeout(resolve, LONG ? 2_000 : 200));
    let all = 0;
    for (let chunk = await p.read(); chunk; chunk = await p.read()) all += chunk.length;
    assert.equal(all, 65_536);
    assert.equal(await p.read(), null);
    assert.ok(performance.now() - began < 20_000);
  },
  {most: 5},
);

fault(
  '43',
  'an unprivileged user with 1,100 pipes: the next ones hold 8 KiB or less, and carry everything',
  () =>
    inFolder(async (folder) => {
      const host = startHost('as_nobody', {args: ['pipes', '1100'], env: reachable(folder)});
      try {
        const first = Number((await within(host.says(/^first (\d+)$/), 'its first chunk', 40_000))[1]);
        assert.ok(first > 0 && first <= 8_192, `${first} bytes: the pipe did not shrink, so this shows nothing`);
        await host.says(/^all 100000$/);
        await host.says(/^same true$/);
        assert.equal((await within(host.exited, 'the host to end')).code, 0);
      } finally {
        await host.end();
      }
    }),
  {skip: notRoot, most: 2, limit: 60_000},
);
