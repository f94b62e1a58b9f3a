// Owns: that every example runs as it stands, says what its reader expects, and leaves nothing.
// Never: a copy of an example.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {promisify} from 'node:util';
import {censusOfThisFile} from '../support/census.js';
import {root} from '../support/places.js';

censusOfThisFile(() => {});

const exec = promisify(execFile);

const expected: Readonly<Record<string, readonly RegExp[]>> = {
  'run.mjs': [
    /^exit 0:\none word\n\$HOME\n; echo not a shell\n/,
    /wc counted 100000 lines/,
    /grep found nothing/,
    /refused: exit 3, no such table/,
    /ENOENT at exec: .*no-such-program/,
    /ENOENT at chdir: .*cwd/,
  ],
  'start.mjs': [
    /cat runs and says: hello\nthen comes the end: null\nit exited with 0\n/,
    /2 \+ 40 = 42/,
    /stopped by SIGTERM, proven gone: true/,
  ],
  'timeouts.mjs': [
    /time limit: timeout \(ETIMEDOUT\)/,
    /with the output so far: half/,
    /output limit: max-output \(ERR_MAX_OUTPUT\)/,
    /AbortSignal: abort \(ABORT_ERR\)/,
    /polite: {"exitCode":0,"signal":null,"forced":false}/,
    /deaf: {"exitCode":null,"signal":"SIGKILL","forced":true}/,
  ],
  'leaving-nothing.mjs': [
    /^done in no time; left running: 1\nstill alive: 0\n/,
    /early, then late/,
    /a sleep runs: true\nand now: false/,
    /the host was killed; its child is gone/,
  ],
};

test('every example has its expectation', () => {
  assert.deepEqual(readdirSync(path.join(root, 'examples')).sort(), Object.keys(expected).sort());
});

for (const [file, patterns] of Object.entries(expected)) {
  test(file, async () => {
    const {stdout, stderr} = await exec(process.execPath, [path.join(root, 'examples', file)], {timeout: 60_000});
    for (const pattern of patterns) assert.match(stdout, pattern);
    assert.equal(stderr, '');
  });
}

for (const file of ['README.md', 'docs/from-netrunner.md']) {
  test(`the JavaScript in ${file} runs as it stands`, async () => {
    const blocks = [...readFileSync(path.join(root, file), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);
    assert.ok(blocks.length > 0);
    for (const block of blocks) {
      await exec(process.execPath, ['--input-type=module', '-e', block], {cwd: root, timeout: 60_000});
    }
  });
}
