// Owns: `npm run test:survival:long [-- filter...]`: every fault of the survival suite many times while one core is busy, and the table of it.
// Never: a fault itself; more than NET_RUNNER_MINUTES (20).
//   NET_RUNNER_ROUNDS: how often (20).
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';

const LIMIT_MS = Number(process.env.NET_RUNNER_MINUTES ?? 20) * 60_000;
const began = performance.now();
const filters = process.argv.slice(2);

for (const [command, ...args] of [
  ['make', '-s', '-j2', 'all', 'children', 'build/census'],
  ['make', '-s', '-j2', 'FAULTS=1'],
  ['node_modules/.bin/tsc', '-p', 'tsconfig.json'],
  ['node_modules/.bin/tsc', '-p', 'tsconfig.test.json'],
])
  if (spawnSync(command, args, {stdio: 'inherit'}).status !== 0) process.exit(1);

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-long-'));
const report = path.join(folder, 'faults');
process.env.NET_RUNNER_ROUNDS ??= '20';
process.env.NET_RUNNER_FAULTS = report;
process.env.NET_RUNNER_ADDON ??= path.resolve('build/net_runner.node');
process.env.NET_RUNNER_SHEPHERD ??= path.resolve('build/net-runner-shepherd');

const suite = 'build/js/test/survival';
const files = readdirSync(suite)
  .filter((name) => name.endsWith('.test.js') && existsSync(path.join('test/survival', name.replace(/js$/, 'ts'))))
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
  .sort();

const busy = spawn('sh', ['-c', 'ulimit -c 0; while :; do :; done'], {stdio: 'ignore'});
const bad = new Set();
for (const name of files) {
  const left = LIMIT_MS - (performance.now() - began);
  const words = [process.execPath, '--test', '--test-reporter=dot', path.join(suite, name)];
  const source = name.replace(/\.js$/, '.ts');
  console.log(source);
  const {status} = spawnSync('build/census', words, {stdio: 'inherit', timeout: Math.max(left, 1), killSignal: 'SIGTERM'});
  if (status !== 0) bad.add(source);
}
busy.kill('SIGKILL');

const rows = existsSync(report)
  ? readFileSync(report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];
rmSync(folder, {recursive: true});
rows.sort((one, other) => Number(one.fault) - Number(other.fault) || one.name.localeCompare(other.name));
const wide = Math.max(...rows.map(({name}) => name.length), 4);
console.log(`\nfault    ${'what'.padEnd(wide)}   runs   left behind   worst`);
for (const {fault, name, file, runs, leftBehind, worstMs, note, skipped} of rows) {
  if (skipped !== undefined) {
    console.log(`${fault.padEnd(9)}${name.padEnd(wide)}  skipped: ${skipped}`);
    continue;
  }
  const worst = `${worstMs > 0 ? `${worstMs.toFixed(0)} ms ` : ''}${note}`;
  console.log(`${fault.padEnd(9)}${name.padEnd(wide)}  ${String(runs).padStart(5)}   ${String(leftBehind).padStart(11)}   ${worst}`);
  if (leftBehind > 0) bad.delete(file); // counted by its row
}

const skipped = rows.filter((row) => row.skipped !== undefined).length;
const failed = rows.filter(({leftBehind}) => leftBehind > 0).length + bad.size;
for (const file of bad) console.log(`failed: test/survival/${file} ended badly, or was out of time`);
console.log(`${((performance.now() - began) / 60_000).toFixed(1)} min`);
console.log(
  `${rows.filter(({leftBehind}) => leftBehind === 0).length} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
);
process.exitCode = failed > 0 ? 1 : 0;
