// Owns: that `npm run bench` runs and ends with its table.
// Never: a figure: those are worth something on a quiet machine only.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {promisify} from 'node:util';
import {censusOfThisFile} from '../support/census.js';
import {root} from '../support/places.js';

censusOfThisFile(() => {});

test('the benchmark runs, small and once, and prints its table', async () => {
  const args = [path.join(root, 'bench', 'main.mjs'), '--quick', 'spawn'];
  const {stdout} = await promisify(execFile)(process.execPath, args, {cwd: root});
  assert.match(stdout, /^figure +unit +ours +other +ratio +wanted +met$/m);
  assert.match(stdout, /16 at once \/ C posix_spawn loop +jobs\/s +[\d.]+ \(.*\) +>= 0\.85 +(yes|no)$/m);
  assert.match(stdout, /^\d+ s; \d+ met, \d+ not met$/m);
});
