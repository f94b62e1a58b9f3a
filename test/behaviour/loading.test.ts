// Owns: what is said when the binaries are missing, not executable, not loadable or not allowed (API.md, Loading); what an import takes.
// Never: loads the real binaries from anywhere but where they were built.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {after, test} from 'node:test';
import {promisify} from 'node:util';
import {commandLineFile, root} from '../support/places.js';

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-'));
after(() => rmSync(folder, {recursive: true}));

const nativeUrl = new URL('../../src/native.js', import.meta.url).href;

/** What native() says in a Node of its own: 'loaded', or the code and the message. */
async function load(env: Record<string, string>, flags: readonly string[] = [], before = ''): Promise<string> {
  const code = `${before}
    const {native, NativeError} = await import(${JSON.stringify(nativeUrl)});
    for (let i = 0; i < 2; i++) try { native(); console.log('loaded'); } catch (e) { console.log(e instanceof NativeError, e.code, e.message); }`;
  const {NET_RUNNER_ADDON: _a, NET_RUNNER_SHEPHERD: _s, ...rest} = process.env;
  const {stdout} = await promisify(execFile)(process.execPath, [...flags, '--input-type=module', '-e', code], {env: {...rest, ...env}});
  const [first, second] = stdout.split('\n');
  assert.equal(second, first, 'a second call says the same');
  return first as string;
}

test('what was built here is found', async () => {
  assert.equal(await load({}), 'loaded');
});

test('an override is taken as it is', async () => {
  const copy = path.join(folder, 'copy.bin');
  copyFileSync(path.join(root, 'build/net_runner.node'), copy);
  assert.equal(await load({NET_RUNNER_ADDON: copy}), 'loaded');
  const missing = await load({NET_RUNNER_ADDON: '/nonexistent/addon.node'});
  assert.equal(missing, 'true ERR_BINARY_MISSING there is no /nonexistent/addon.node; correct NET_RUNNER_ADDON');
  assert.match(await load({NET_RUNNER_SHEPHERD: '/nonexistent/shepherd'}), /ERR_BINARY_MISSING .* correct NET_RUNNER_SHEPHERD$/);
});

test('a file that is no addon, a shepherd without its executable bit', async () => {
  const plain = path.join(folder, 'plain');
  writeFileSync(plain, 'no program', {mode: 0o644});
  assert.match(await load({NET_RUNNER_ADDON: plain}), /^true ERR_BINARY_MISSING .*plain cannot be loaded \(.*\); reinstall net-runner/);
  assert.equal(await load({NET_RUNNER_SHEPHERD: plain}), `true ERR_ACCESS_DENIED ${plain} is not executable; run \`chmod +x ${plain}\``);
});

test('other platforms and runtimes are refused before anything is loaded', async () => {
  const on = (platform: string) => `Object.defineProperty(process, 'platform', {value: '${platform}'});`;
  assert.match(await load({}, [], on('win32')), /^true ERR_UNSUPPORTED_PLATFORM .*Windows; use it inside WSL 2$/);
  assert.match(await load({}, [], on('darwin')), /^true ERR_UNSUPPORTED_PLATFORM .*darwin/);
  const bun = "Object.defineProperty(process, 'versions', {value: {...process.versions, bun: '1.2.3'}});";
  assert.match(await load({}, [], bun), /^true ERR_UNSUPPORTED_PLATFORM .*bun/);
});

test('the permission model and --no-addons are respected', async () => {
  const flag = Number(process.versions.node.split('.')[0]) >= 24 ? '--permission' : '--experimental-permission';
  assert.match(await load({}, [flag, '--allow-fs-read=*']), /^true ERR_ACCESS_DENIED .*--allow-child-process/);
  assert.match(await load({}, ['--no-addons']), /^true ERR_ACCESS_DENIED .*--allow-addons/);
});

test('importing loads nothing', async () => {
  const code = `await import(${JSON.stringify(nativeUrl)}); console.log(process.report.getReport().sharedObjects.filter((each) => each.includes('net_runner')).length);`;
  const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  assert.equal(stdout, '0\n');
});

test('an import of what is published takes few files, and of Node only what every job needs', async () => {
  const code = `await import(${JSON.stringify(path.join(root, 'dist/index.js'))}); console.log(JSON.stringify(process.moduleLoadList))`;
  const env = {...process.env, NODE_OPTIONS: ''}; // what a preload loads is not ours
  const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {env});
  const loaded = JSON.parse(stdout) as string[];
  assert.ok(loaded.includes('NativeModule stream'), 'the list is what it is taken for');
  for (const name of [
    'crypto',
    'worker_threads',
    'net',
    'child_process',
    'http',
    'internal/webstreams/readablestream',
    'internal/fs/sync_write_stream',
  ])
    assert.ok(!loaded.includes(`NativeModule ${name}`), name);
});

test('the command line loads what it was asked for: no yaml, no service, no demo for `run`', () => {
  const taken = new Set<string>();
  const take = (file: string) => {
    if (taken.has(file)) return;
    taken.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, name] of text.matchAll(/^(?:import|export|\}) ?[^;'"]*["'](\.[^"']+)["'];$/gm))
      take(path.resolve(path.dirname(file), name as string));
  };
  take(commandLineFile());
  const all = [...taken].map((file) => readFileSync(file, 'utf8')).join('\n');
  assert.ok(taken.size <= 15, [...taken].join(' '));
  for (const name of ['src/subprocess/spawn.ts', 'src/cli/run.ts']) assert.ok(all.includes(`// ${name}`), name);
  for (const name of ['src/cli/up.ts', 'src/cli/demo.ts', 'src/cli/doctor.ts', 'src/api/supervisor.ts', 'src/api/daemon.ts'])
    assert.ok(!all.includes(`// ${name}`), name);
  assert.ok(!/^import .*"yaml"/m.test(all));
});
