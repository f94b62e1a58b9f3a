// Owns: what a child may use and as whom it runs: limits, nice, umask, ids, no new privileges; and how each of them fails.
// Never: cgroups (behaviour/cgroup).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {after, test} from 'node:test';
import {type Options, RunError, run} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {child, hostFile} from '../support/places.js';

censusOfThisFile();

const isRoot = process.getuid?.() === 0;
const rootOnly = {skip: isRoot ? false : 'only root may become somebody else'};

const dir = mkdtempSync(path.join(tmpdir(), 'net-runner-bounds-'));
chmodSync(dir, 0o755);
after(() => rmSync(dir, {recursive: true}));

/** One of the cast where everybody may execute it. */
function openly(name: string): string {
  const copy = path.join(dir, name);
  copyFileSync(child(name), copy);
  chmodSync(copy, 0o755);
  return copy;
}

const shell = async (script: string, options: Options) => String((await run(['sh', '-c', script], {cwd: '/', ...options})).stdout).trim();

async function failure(options: Options): Promise<readonly [stage: string, code: string, message: string]> {
  try {
    await run(['true'], options);
  } catch (error) {
    assert.ok(error instanceof RunError && error.reason === 'spawn', String(error));
    return [error.stage, error.code, error.message];
  }
  throw new assert.AssertionError({message: 'it started'});
}

test('limits are set in the child, soft and hard', async () => {
  const limits = {nofile: 256, core: 0, as: '1G', fsize: {soft: '1M', hard: '2M'}, cpu: {soft: 60}, nproc: {hard: 4_000}};
  const said = await shell('cat /proc/self/limits', {limits});
  const row = (name: string) => new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(said)?.slice(1);
  assert.deepEqual(row('Max open files'), ['256', '256']);
  assert.deepEqual(row('Max core file size'), ['0', '0']);
  assert.deepEqual(row('Max address space'), [String(1024 ** 3), String(1024 ** 3)]);
  assert.deepEqual(row('Max file size'), [String(1024 ** 2), String(2 * 1024 ** 2)]);
  assert.equal(row('Max cpu time')?.[0], '60');
  assert.equal(row('Max processes')?.[1], '4000');
});

test('a limit of very few descriptors does not stop the birth', async () => {
  assert.equal(await shell('echo in', {limits: {nofile: 4}}), 'in');
});

test('limits end what passes them', async () => {
  const spun = await run([child('spin')], {limits: {cpu: 1}, timeout: 30_000, cwd: '/'});
  assert.ok(spun.signal === 'SIGKILL' || spun.signal === 'SIGXCPU', String(spun.signal));
  const wrote = await run(['sh', '-c', 'head -c 100000 /dev/zero'], {limits: {fsize: 4_096}, stdout: 'pipe', encoding: 'buffer'});
  assert.equal(wrote.stdout.length, 100_000, 'a pipe is no file');
});

test('the limits of the host and of the next job stay as they were', async () => {
  const before = readFileSync('/proc/self/limits', 'latin1');
  await run(['true'], {limits: {nofile: 64, core: 0}, nice: 3, umask: 0o077});
  assert.equal(readFileSync('/proc/self/limits', 'latin1'), before);
  assert.equal(
    await shell('ulimit -n; umask; cat /proc/self/oom_score_adj', {}),
    await shell('ulimit -n; umask; cat /proc/self/oom_score_adj', {nice: 1}),
  );
  assert.notEqual(await shell('ulimit -n', {}), '64');
});

test('nice, umask, oomScoreAdj, noNewPrivileges', async () => {
  const options = {nice: 7, umask: 0o027, oomScoreAdj: 321, noNewPrivileges: true};
  const said = await shell(
    "awk '{print $19}' /proc/self/stat; umask; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status",
    options,
  );
  assert.deepEqual(said.split(/\s+/), ['7', '0027', '321', 'NoNewPrivs:', '1']);
});

test('another user: ids, groups, death signal, directory, and pipes that are his', rootOnly, async () => {
  const who = {uid: 65_534, gid: 65_533};
  assert.equal(
    await shell('grep -E "^(Uid|Gid|Groups|CapEff)" /proc/self/status', who),
    ['Uid:\t65534\t65534\t65534\t65534', 'Gid:\t65533\t65533\t65533\t65533', 'Groups:\t ', 'CapEff:\t0000000000000000'].join('\n'),
  );
  assert.match(await shell('grep ^Groups /proc/self/status', {...who, groups: [7, 9]}), /^Groups:\s+7 9$/);
  assert.equal(await shell('echo out >/dev/stdout; echo err >/dev/stderr', {...who, stderr: 'stdout'}), 'out\nerr');
  assert.equal(await shell('cat /dev/stdin', {...who, input: 'in'}), 'in');
  chmodSync(dir, 0o700);
  const [stage, code] = await failure({...who, cwd: dir});
  chmodSync(dir, 0o755);
  assert.deepEqual([stage, code], ['chdir', 'EACCES'], 'entered with the rights the program has');
});

test('the death signal is there with another user and without', async () => {
  const program = openly('print_death_signal');
  assert.equal((await run([program], {cwd: '/'})).stdout, '9\n');
  if (isRoot) assert.equal((await run([program], {cwd: '/', uid: 65_534, gid: 65_534})).stdout, '9\n');
  else assert.equal((await run([program], {cwd: '/', uid: process.getuid!(), gid: process.getgid!()})).stdout, '9\n');
});

test('who one is already may be given by anybody, and keeps his groups', async () => {
  const said = await shell('id -u; id -g; id -G', {uid: process.getuid!(), gid: process.getgid!()});
  assert.equal(said, await shell('id -u; id -g; id -G', {}));
});

test('what only root may do fails for others, each at its own stage', {skip: !isRoot && 'only root can drop privileges'}, () => {
  const shepherd = path.join(dir, 'net-runner-shepherd');
  copyFileSync(process.env.NET_RUNNER_SHEPHERD as string, shepherd);
  chmodSync(shepherd, 0o755);
  const env = {...process.env, NET_RUNNER_SHEPHERD: shepherd};
  const {stdout, stderr, status} = spawnSync('sh', ['-c', 'ulimit -n 512; exec "$0" "$1"', process.execPath, hostFile('bounded')], {
    encoding: 'utf8',
    env,
    timeout: 20_000,
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'), [
    'uid setuid EPERM',
    'gid setgid EPERM',
    'groups setgroups EPERM',
    'nice nice EACCES',
    'oomScoreAdj oom_score_adj EACCES',
    'limits limit_nofile EPERM',
    'own 65534 65534 death 9',
  ]);
});

test('a limit that the kernel refuses is told by its name', async () => {
  // Even root may have no more descriptors than fs.nr_open.
  const [stage, code, message] = await failure({limits: {nofile: 2 ** 40}});
  assert.deepEqual([stage, code], ['limit_nofile', 'EPERM']);
  assert.match(message, /`limits.nofile` is above/);
});
