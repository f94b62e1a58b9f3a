// Owns: `npm run test:survival:long [-- filter...]`: every fault of the survival suite many times while one core is busy, and the table of it.
// Never: a fault itself; a round begun after NET_RUNNER_MINUTES (20).
//   NET_RUNNER_ROUNDS: how often (20); with fewer, the bounds are the everyday ones.
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';

const MINUTES = Number(process.env.NET_RUNNER_MINUTES ?? 20);
const ROUNDS = Number(process.env.NET_RUNNER_ROUNDS ?? 20);
/** They measure, so nobody runs beside them. */
const ALONE = ['bombs', 'many', 'isolation', 'namespace'];
const began = performance.now();
const filters = process.argv.slice(2);

for (const [command, ...args] of [
  ['make', '-s', '-j2', 'all', 'children', 'build/census'],
  ['make', '-s', '-j2', 'FAULTS=1'],
  [process.execPath, 'scripts/dist.mjs'],
  ['node_modules/.bin/tsc', '-p', 'tsconfig.test.json'],
])
  if (spawnSync(command, args, {stdio: 'inherit'}).status !== 0) process.exit(1);

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-long-'));
const report = path.join(folder, 'faults');
const env = {
  ...process.env,
  NET_RUNNER_ROUNDS: String(ROUNDS),
  NET_RUNNER_FAULTS: report,
  NET_RUNNER_UNTIL: String(Date.now() + MINUTES * 60_000),
  NET_RUNNER_FILE_MINUTES: String(MINUTES + 10),
};
delete env.NODE_EXTRA_CA_CERTS; // as in scripts/test.mjs

const names = readdirSync('test/survival')
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => name.slice(0, -'.test.ts'.length))
  .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)));

/** Runs these files under a census; resolves to what went wrong, as the tests call it. */
async function play(files) {
  if (files.length === 0) return [];
  const words = [process.execPath, 'scripts/run-tests.mjs', ...files.map((name) => `survival/${name}.test`)];
  const child = spawn('build/census', words, {env, stdio: ['ignore', 'pipe', 'inherit']});
  const exited = new Promise((resolve) => child.on('close', resolve));
  const wrong = [];
  let tally = false;
  for await (const line of createInterface({input: child.stdout})) {
    tally ||= line.startsWith('tally: ');
    if (line.startsWith('tally: ')) continue;
    console.log(line);
    if (line.startsWith('left behind: ') && !/^left behind: 0 processes, 0 zombies, 0 fds, 0 cgroups$/.test(line)) wrong.push(line);
    if (line.startsWith('failed: ')) wrong.push(line.slice('failed: '.length));
  }
  const code = await exited;
  if (!tally) wrong.push(`${files.join(', ')}: ended with ${code} before the tests did`);
  return wrong;
}

const busy = spawn('sh', ['-c', 'ulimit -c 0; while :; do :; done'], {stdio: 'ignore'});
const wrong = [];
for (const files of [...ALONE.map((name) => [name]), names.filter((name) => !ALONE.includes(name))])
  wrong.push(...(await play(files.filter((name) => names.includes(name)))));
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
for (const {fault, name, runs, leftBehind, worstMs, note, skipped} of rows) {
  if (skipped !== undefined) {
    console.log(`${fault.padEnd(9)}${name.padEnd(wide)}  skipped: ${skipped}`);
    continue;
  }
  const worst = `${worstMs > 0 ? `${worstMs.toFixed(0)} ms ` : ''}${note}`;
  console.log(`${fault.padEnd(9)}${name.padEnd(wide)}  ${String(runs).padStart(5)}   ${String(leftBehind).padStart(11)}   ${worst}`);
}

const skipped = rows.filter((row) => row.skipped !== undefined).length;
const failed = rows.filter(({leftBehind}) => leftBehind > 0);
// Once more, in the form that a reader of a log looks for; and whatever else failed: a file, a census, a fault that never came to its row.
for (const {fault, name, runs, leftBehind} of failed) console.log(`FAIL  ${fault}: ${name}: ${leftBehind} of ${runs}`);
const others = wrong.filter((line) => !failed.some(({fault, name}) => line.endsWith(`: ${fault}: ${name}`)));
for (const line of others) console.log(`FAIL  ${line}`);
console.log(`${ROUNDS} rounds, ${((performance.now() - began) / 60_000).toFixed(1)} min`);
const passed = rows.filter(({leftBehind}) => leftBehind === 0).length;
console.log(`${passed} passed, ${failed.length + others.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed.length + others.length > 0 || passed === 0 ? 1 : 0;
