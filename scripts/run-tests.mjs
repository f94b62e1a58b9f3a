// Owns: running the compiled test files (C and JavaScript) and showing each test as one line; ends with a `tally: {...}` line.
// Never: builds, or judges what was left behind.
//   node scripts/run-tests.mjs [filter...]
import {spawn} from 'node:child_process';
import {existsSync, readdirSync, statSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {run} from 'node:test';

/** Longer than any file may take on a slow machine: it turns a hang into a failure. */
const FILE_LIMIT_MS = Number(process.env.NET_RUNNER_FILE_MINUTES ?? 5) * 60_000 * Number(process.env.NET_RUNNER_SLOW ?? 1);
const JS = 'build/js/test';
/** More than there are cores: most tests wait for somebody most of the time. */
const AT_ONCE = Math.max(3, Math.ceil(availableParallelism() * 1.5));
// The compiled tests lie elsewhere than dist, so the library there is told where its binaries are; a sanitized build is told from outside.
process.env.NET_RUNNER_ADDON ??= path.resolve('build/net_runner.node');
process.env.NET_RUNNER_SHEPHERD ??= path.resolve('build/net-runner-shepherd');
const filters = process.argv.slice(2);
const wanted = (name) => filters.length === 0 || filters.some((filter) => name.includes(filter));
const tally = {passed: 0, failed: 0, skipped: 0};
const failures = [];

function show(outcome, name, {ms, why, depth = 0} = {}) {
  tally[outcome]++;
  const word = {passed: 'ok  ', failed: 'FAIL', skipped: 'skip'}[outcome];
  const time = ms === undefined ? '' : ` (${ms.toFixed(0)} ms)`;
  console.log(`  ${'  '.repeat(depth)}${word}  ${name}${time}${outcome === 'skipped' && typeof why === 'string' ? `: ${why}` : ''}`);
}

/** A C test prints TAP and exits with 0 when all is well. Its lines are shown together, at its end. */
async function runC(file) {
  const name = `native/${path.basename(file)}`;
  const child = spawn(file, {stdio: ['ignore', 'pipe', 'pipe'], timeout: FILE_LIMIT_MS});
  const said = {stdout: '', stderr: ''};
  for (const stream of ['stdout', 'stderr'])
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text;
    });
  const end = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  heading(name);
  const before = tally.failed;
  for (const line of said.stdout.split('\n')) {
    const match = line.match(/^(not ok|ok)\b\s*\d*\s*-?\s*(.*)$/);
    if (!match) {
      if (line.startsWith('#')) console.log(`    ${line}`);
      continue;
    }
    const skip = match[2].match(/^(.*?)\s*# skip\b:?\s*(.*)$/i);
    if (skip) show('skipped', skip[1], {why: skip[2]});
    else show(match[1] === 'ok' ? 'passed' : 'failed', match[2]);
    if (match[1] !== 'ok') failures.push(`${name}: ${match[2]}`);
  }
  if (said.stderr) console.log(said.stderr.trimEnd());
  if (end !== 0 && tally.failed === before) {
    show('failed', `${name} ended with ${end}`);
    failures.push(`${name}: ended with ${end}`);
  }
}

let shown;
function heading(name) {
  if (name !== shown) console.log(name);
  shown = name;
  return name;
}

async function runJs(files) {
  const headingOf = (file) => heading(file ? path.relative(path.resolve(JS), file).replace(/\.js$/, '.ts') : 'node:test');
  const report = (outcome, {name, file, nesting, details, skip, todo}) => {
    if (details.type === 'suite' && outcome === 'passed') return;
    const error = details.error;
    if (error?.failureType === 'subtestsFailed') return; // the subtest has been counted
    const where = headingOf(file);
    if (skip !== undefined || todo !== undefined) {
      show('skipped', name, {why: skip ?? todo, depth: nesting});
      return;
    }
    show(outcome, path.isAbsolute(name) ? 'the file itself' : name, {ms: details.duration_ms, depth: nesting});
    if (outcome !== 'failed') return;
    failures.push(`${where}: ${name}`);
    const cause = error?.cause ?? error;
    console.log(String(cause?.stack ?? cause).replace(/^/gm, '        '));
  };
  const stream = run({files, concurrency: AT_ONCE, timeout: FILE_LIMIT_MS});
  stream.on('test:pass', (data) => report('passed', data));
  stream.on('test:fail', (data) => report('failed', data));
  stream.on('test:stdout', ({file, message}) => {
    headingOf(file);
    process.stdout.write(message.replace(/^(?=.)/gm, '    | '));
  });
  stream.on('test:stderr', ({file, message}) => {
    headingOf(file);
    process.stdout.write(message.replace(/^(?=.)/gm, '    ! '));
  });
  for await (const _ of stream);
}

const cFolder = process.env.NET_RUNNER_CTEST ?? 'build/ctest';
const cTests = existsSync(cFolder) ? readdirSync(cFolder).filter((name) => name.endsWith('_test')) : [];
const jsTests = ['unit', 'behaviour', 'survival']
  .map((suite) => path.join(JS, suite))
  .filter(existsSync)
  .flatMap((folder) => readdirSync(folder, {recursive: true}).map((name) => path.resolve(folder, String(name))))
  .filter((file) => file.endsWith('.test.js') && existsSync(sourceOf(file)) && wanted(path.relative(path.resolve(JS), file)))
  .sort();
const unitTests = jsTests.filter((file) => file.startsWith(path.resolve(JS, 'unit')));
// The large ones first: what takes long must not be what is left at the end.
const files = jsTests.filter((file) => !unitTests.includes(file)).sort((one, other) => statSync(other).size - statSync(one).size);
if (unitTests.length > 0) files.push(path.resolve('scripts/unit-tests.mjs'));
process.env.NET_RUNNER_UNITS = JSON.stringify(unitTests);

async function runAllC() {
  for (const name of cTests.filter((name) => wanted(`native/${name}`))) await runC(path.join(cFolder, name));
}

await Promise.all([runAllC(), files.length > 0 && runJs(files)]);

/** What was compiled from a test that has since been deleted is not run. */
function sourceOf(file) {
  return path.join('test', path.relative(path.resolve(JS), file).replace(/\.js$/, '.ts'));
}

for (const failure of failures) console.log(`failed: ${failure}`);
if (tally.passed + tally.failed + tally.skipped === 0) {
  console.log(`no test matches ${filters.join(' ')}`);
  tally.failed++;
}
console.log(`tally: ${JSON.stringify(tally)}`);
process.exitCode = tally.failed > 0 ? 1 : 0;
