// Owns: the suites that .ci/run runs, one row each, and the sum of their counts as its last line.
// Never: a test; a suite's own way of running. Each suite is an npm script that ends with `N passed, N failed[, N skipped]`.
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {cpus} from 'node:os';
import process from 'node:process';
import {createInterface} from 'node:readline';

/**
 * In the order they run; one that package.json does not have is left out. `minutes`: a limit against hangs, well above what the suite takes
 * on two cores. `packages`: what Debian and Ubuntu call what it needs beyond cc and make, by the command that shows it is there; a suite
 * that still misses it says so and counts that as skipped.
 */
const SUITES = [
  {script: 'test', minutes: 15, packages: {'redis-server': ['redis-server']}},
  {script: 'test:fuzz', minutes: 5, env: {NET_RUNNER_SECONDS: '20'}, packages: {'clang-19': ['clang-19', 'libclang-rt-19-dev']}},
  {script: 'test:daemon:long', minutes: 6, env: {NET_RUNNER_SECONDS: '10'}},
  {
    script: 'test:vm',
    minutes: 8,
    packages: {'qemu-system-x86_64': ['qemu-system-x86'], busybox: ['busybox-static'], cpio: ['cpio']},
  },
  {script: 'test:terminals:long', minutes: 8},
  {script: 'test:asan', minutes: 15, packages: {valgrind: ['valgrind']}},
  {script: 'test:survival:long', minutes: 10, env: {NET_RUNNER_ROUNDS: '3', NET_RUNNER_MINUTES: '5'}},
  {script: 'test:browser', minutes: 6, packages: {chromium: ['chromium']}},
];

const {scripts} = JSON.parse(readFileSync('package.json', 'utf8'));
const total = {passed: 0, failed: 0, skipped: 0};
const table = [];
/** Repeated at the end: of a long log often only the end is kept. */
const failures = [];
const MOST_LINES = 16;

function has(command) {
  return (process.env.PATH ?? '').split(':').some((folder) => folder && existsSync(`${folder}/${command}`));
}

/** Where it cannot be installed the suite itself says what it misses. */
function install(packages) {
  const missing = Object.entries(packages)
    .filter(([command]) => !has(command))
    .flatMap(([, names]) => names);
  if (missing.length === 0 || !has('apt-get')) return;
  const become = process.getuid() === 0 ? [] : ['sudo'];
  const apt = (...words) => {
    const [file, ...args] = [...become, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...words];
    return spawnSync(file, args, {stdio: ['ignore', 'ignore', 'inherit']}).status === 0;
  };
  console.log(`ci: installing ${missing.join(', ')}`);
  if (!apt('update', '-qq') || !apt('install', '-y', '-qq', '--no-install-recommends', ...missing))
    console.log(`ci: could not install ${missing.join(', ')}`);
}

/** Its counts, from the last line of that form; none, or a bad end without a failure, is a failure. */
async function runSuite({script, minutes, env, packages}) {
  if (packages) install(packages);
  console.log(`\n== npm run ${script}`);
  const began = performance.now();
  const words = ['npm', script === 'test' ? ['test'] : ['run', script]];
  const suite = spawn(words[0], words[1], {env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'inherit'], detached: true});
  const exited = new Promise((resolve) => suite.on('close', resolve));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill(-suite.pid, 'SIGTERM');
    setTimeout(() => process.kill(-suite.pid, 'SIGKILL'), 10_000).unref();
  }, minutes * 60_000);
  let counts;
  let failure;
  for await (const line of createInterface({input: suite.stdout})) {
    console.log(line);
    if (/^ *(FAIL|not ok) /.test(line)) {
      failure = [`${script}: ${line.trim()}`];
      failures.push(failure);
    } else if (!/^ {4,}/.test(line)) {
      failure = undefined;
    } else if (failure && failure.length < MOST_LINES) {
      failure.push(line);
    }
    const match = line.match(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/);
    if (match) counts = {passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0)};
  }
  const status = await exited;
  clearTimeout(timer);
  if (!counts) {
    console.log(`ci: npm run ${script} ended without its counts (${late ? `after ${minutes} minutes` : `exit ${status}`})`);
    counts = {passed: 0, failed: 1, skipped: 0};
  } else if (counts.failed === 0 && status !== 0) {
    console.log(`ci: npm run ${script} counted no failure, but ended with ${late ? `a time limit of ${minutes} minutes` : status}`);
    counts.failed = 1;
  }
  for (const kind of Object.keys(total)) total[kind] += counts[kind];
  table.push({script, ...counts, seconds: (performance.now() - began) / 1000});
}

for (const suite of SUITES) if (scripts[suite.script]) await runSuite(suite);

if (failures.length > 0) console.log(`\n== what failed\n${failures.flat().join('\n')}`);
const cc = spawnSync('cc', ['--version'], {encoding: 'utf8'}).stdout.split('\n')[0];
console.log(`\nci: ${process.arch}, ${cpus().length} cores, node ${process.version}, ${cc}`);
for (const {script, passed, failed, skipped, seconds} of table)
  console.log(
    `ci: ${script.padEnd(20)} ${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ${String(skipped).padStart(4)} skipped ${seconds.toFixed(0).padStart(6)} s`,
  );
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;
