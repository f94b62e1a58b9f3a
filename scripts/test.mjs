// Owns: `npm test [-- filter...]`: builds what is needed, checks, runs every test under the census, and says how many passed and failed.
// Never: a test, or a second try of one.
//   A filter is a part of a test file's path: `npm test -- unit behaviour/run native/life`. With a filter the checks are left out.
//   NET_RUNNER_ADDON and NET_RUNNER_SHEPHERD (a sanitized build) reach the tests as they are.
import {execFile, spawn, spawnSync} from 'node:child_process';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {promisify} from 'node:util';

const began = performance.now();
const filters = process.argv.slice(2);
// Reading extra certificates triples the start of a Node, of which the tests start hundreds; none of them speaks TLS.
delete process.env.NODE_EXTRA_CA_CERTS;

function must(command, args) {
  const {status, error} = spawnSync(command, args, {stdio: ['ignore', 'inherit', 'inherit']});
  if (status === 0) return;
  console.error(`test: failed: ${[command, ...args].join(' ')}${error ? ` (${error.message})` : ''}`);
  console.log('0 passed, 1 failed');
  process.exit(1);
}

const tsc = 'node_modules/.bin/tsc';
must('make', ['-s', '-j2', 'all', 'children', 'ctest', 'build/census']);
must('make', ['-s', '-j2', 'FAULTS=1']);
must(process.execPath, ['scripts/dist.mjs']); // dist: what the examples and the command line's tests run
must(tsc, ['-p', 'tsconfig.test.json']);

const total = {passed: 0, failed: 0, skipped: 0};
function count(ok, what) {
  total[ok ? 'passed' : 'failed']++;
  console.log(`${ok ? 'ok' : 'FAIL'}    ${what}`);
}

/** Beside the tests, and outside of the census: most of them wait for somebody most of the time. What it says is shown at its end. */
const checked = filters.length > 0 ? undefined : promisify(execFile)(process.execPath, ['scripts/check.mjs']).catch((error) => error);

// The tests run below the census, which sees whatever they leave. Their tally comes as a line of its own.
const census = spawn('build/census', [process.execPath, 'scripts/run-tests.mjs', ...filters], {stdio: ['ignore', 'pipe', 'inherit']});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => census.kill(signal));
let left = 'left behind: nobody could count';
let tally = false;
for await (const line of createInterface({input: census.stdout})) {
  if (line.startsWith('tally: ')) {
    const counts = JSON.parse(line.slice(7));
    for (const kind of Object.keys(total)) total[kind] += counts[kind];
    tally = true;
  } else if (/^left behind: \d+ processes/.test(line)) {
    left = line;
  } else {
    console.log(line);
  }
}
const code = census.exitCode ?? (await new Promise((resolve) => census.on('exit', resolve)));
if (checked) {
  const {stdout, stderr, code: failed} = await checked;
  console.log(`${stdout}${stderr}`.trimEnd());
  count(failed === undefined, 'npm run check');
}
console.log('census');
count(/^left behind: 0 processes, 0 zombies, 0 fds, 0 cgroups$/.test(left), left);
if (!tally) count(false, `the tests ended before their tally (exit ${code})`);

console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;
