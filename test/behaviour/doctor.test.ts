// Owns: `net-runner doctor` as its users meet it.
// Never: what is true of one machine only.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {test} from 'node:test';
import {commandLineFile} from '../support/places.js';

function doctor(...words: string[]) {
  return spawnSync(process.execPath, [commandLineFile(), 'doctor', ...words], {encoding: 'utf8', timeout: 30_000});
}

test('one line per guarantee, and exit status 0 where the basic level holds', () => {
  const {stdout, stderr, status} = doctor();
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^yes {2}whole trees end/m);
  assert.match(stdout, /^yes {2}a killed shepherd/m);
  assert.match(stdout, /The basic level holds/);
});

test('--json', () => {
  const {stdout} = doctor('--json');
  const {holds, checks} = JSON.parse(stdout) as {
    holds: boolean;
    checks: {name: string; basic: boolean; ok: boolean; seen: string; advice?: string}[];
  };
  assert.equal(holds, true);
  assert.ok(checks.length >= 10);
  for (const {name, basic, ok, seen, advice} of checks) assert.ok(name && seen && (ok || basic || advice), name);
});

test('without its binaries it says so, with status 1', () => {
  const env = {...process.env, NET_RUNNER_SHEPHERD: '/no/such/file'};
  const {stdout, status} = spawnSync(process.execPath, [commandLineFile(), 'doctor'], {encoding: 'utf8', env, timeout: 30_000});
  assert.equal(status, 1);
  assert.match(stdout, /^NO {3}binaries .*NET_RUNNER_SHEPHERD/m);
});

test('an option it does not have is refused', () => {
  const {stderr, status} = doctor('--all');
  assert.equal(status, 125);
  assert.match(stderr, /--json/);
});
