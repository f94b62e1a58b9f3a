// Owns: that every example runs as it stands, says what its reader expects, and leaves nothing.
// Never: a copy of an example.
import assert from 'node:assert/strict';
import {execFile, spawn, spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {promisify} from 'node:util';
import {censusOfThisFile} from '../support/census.js';
import {commandLineFile, root} from '../support/places.js';
import {until, within} from '../support/wait.js';

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
  'stream.mjs': [
    /^stopped by the break: SIG(TERM|PIPE)\n4 different words\ngot half\nthen: exit, disk full\n/,
    /wc: exit 1, 1000 numbers/,
    /`\|` means nothing here: no shell runs\. Use \.pipe\(\), or \['sh', '-c', \.\.\.\]/,
    /"1\\n2\\n3\\n4\\n5\\n\[\.\.\. 3873 bytes not kept \.\.\.\]\\n.*1000\\n" 3873 bytes not kept, 3893 in the log/,
  ],
  'prompts.mjs': [
    /^the password has 6 letters\nin the foreground: sleep\nand after \^C: bash\n/,
    /timeout: bash --norc did not write "nobody says this" within 100 ms/,
    /python says 5050\nand exits with 0|python3 is not here: skipped/,
  ],
  'record.mjs': [/^asciicast v2, 80x24\noutput and resizes: o r\nin order: true\ngrüße from 80 columns\nand from 60\n$/],
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
  'supervisor.mjs': [
    /^up: store, cache\nstore: it was ended by SIGKILL\nboth are back, cache as another process: true\n/,
    /report: done \| report is written\nstopped: true stopped, stopped, stopped\n$/,
  ],
};

test('every example has its expectation', () => {
  // services/ is run by `net-runner up`, below; web-terminal/ by test/browser.
  const files = readdirSync(path.join(root, 'examples')).filter((name) => name.endsWith('.mjs'));
  assert.deepEqual(files.sort(), Object.keys(expected).sort());
});

for (const [file, patterns] of Object.entries(expected)) {
  test(file, async () => {
    const {stdout, stderr} = await exec(process.execPath, [path.join(root, 'examples', file)], {timeout: 60_000});
    for (const pattern of patterns) assert.match(stdout, pattern);
    assert.equal(stderr, '');
  });
}

for (const file of ['README.md', 'docs/from-netrunner.md', 'docs/observing.md']) {
  test(`the JavaScript in ${file} runs as it stands`, async () => {
    const blocks = [...readFileSync(path.join(root, file), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]!);
    assert.ok(blocks.length > 0);
    for (const block of blocks) {
      await exec(process.execPath, ['--input-type=module', '-e', block], {cwd: root, timeout: 60_000});
    }
  });
}

const noRedis =
  spawnSync('redis-server', ['--version']).error !== undefined && 'there is no redis-server (Debian: apt-get install redis-server)';

test('services/net-runner.yaml: a web server, redis and a worker', {skip: noRedis}, async () => {
  const file = path.join(root, 'examples/services/net-runner.yaml');
  const up = spawn(process.execPath, [commandLineFile(), 'up', file], {stdio: ['ignore', 'pipe', 'pipe']});
  let said = '';
  for (const stream of [up.stdout, up.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const over = new Promise<NodeJS.Signals | null>((resolve) => up.on('close', (_code, signal) => resolve(signal)));
  await until(() => /worker is ready/.test(said) && /web is ready/.test(said), 'all to be ready');
  const answer = await fetch('http://localhost:8380/', {method: 'POST', body: 'hello'});
  assert.equal(await answer.text(), 'ok\n');
  await until(() => said.includes('worker | done: hello\n'), 'the job to be done');
  up.kill('SIGINT');
  assert.equal(await within(over, 'its end'), 'SIGINT');
  assert.match(said, /web {4}\| job 1 is queued/);
  assert.match(said, /worker \| no job is left half done/);
  assert.ok(said.indexOf('worker is stopped') < said.indexOf('redis is stopped'));
});
