// Owns: `npm run test:asan [-- filter...]`: the whole suite with shepherd and addon under AddressSanitizer, UBSan and LeakSanitizer, then the C
// tests and their shepherds under valgrind. Every report is a failure.
// Never: a suppression of anything that could be ours.
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';

const began = performance.now();
const filters = process.argv.slice(2);
const total = {passed: 0, failed: 0, skipped: 0};
const reports = path.resolve('build-asan/reports');

function say(kind, what) {
  total[kind]++;
  console.log(`${{passed: 'ok  ', failed: 'FAIL', skipped: 'skip'}[kind]}  ${what}`);
}

function finish() {
  console.log(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  process.exit(total.failed > 0 ? 1 : 0);
}

function must(command, args) {
  if (spawnSync(command, args, {stdio: ['ignore', 'inherit', 'inherit']}).status === 0) return;
  say('failed', `${command} ${args.join(' ')}`);
  finish();
}

/** Runs a program and shows what it says; its `tally: {...}` line is added up. Resolves to its exit code. */
async function show(command, args, env) {
  const child = spawn(command, args, {env: {...process.env, ...env}, stdio: ['ignore', 'pipe', 'inherit']});
  const exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
  for await (const line of createInterface({input: child.stdout})) {
    if (!line.startsWith('tally: ')) console.log(line);
    else for (const [kind, count] of Object.entries(JSON.parse(line.slice(7)))) total[kind] += count;
  }
  return exited;
}

/** Shows the reports that were written, each a failure. */
function judge(folder, what, isFinding = () => true) {
  const found = readdirSync(folder).filter((name) => isFinding(readFileSync(path.join(folder, name), 'utf8')));
  for (const name of found) say('failed', `${what}: ${name}\n${readFileSync(path.join(folder, name), 'utf8').slice(0, 4_000)}`);
  if (found.length === 0) say('passed', `${what}: no finding`);
}

/** Did our own code ask for this memory? Its frame is the first one below the allocator's; the shepherd's are with their source files. */
function isOurLeak(block) {
  const frames = block.split('\n').filter((line) => /^ *#\d+ /.test(line));
  const asked = frames.find((line) => !/lib(a|l|ub)san|__interceptor|operator new/.test(line)) ?? '';
  return /leak of \d+/.test(block) && /net[_-]runner|\bnative\//.test(asked);
}

/**
 * Node does not free what V8 has when a process exits in the middle, whoever asked it to make something; so of leaks only those count that
 * our own code allocated. Any other error counts, wherever it is.
 */
function isOurs(text) {
  const leaks = text.includes('LeakSanitizer') && !/AddressSanitizer: (?!\d+ byte)|runtime error/.test(text);
  return !leaks || text.split(/\n\n/).some(isOurLeak);
}

const cc = process.env.CC ?? 'cc';
const runtime = spawnSync(cc, ['-print-file-name=libasan.so'], {encoding: 'utf8'}).stdout.trim();
if (!path.isAbsolute(runtime) || !existsSync(runtime)) {
  say('skipped', `the suite with sanitizers: ${cc} has no libasan.so`);
} else {
  rmSync(reports, {recursive: true, force: true});
  mkdirSync(reports, {recursive: true});
  must('make', ['-s', '-j2', 'all', 'children', 'ctest', 'build/census']);
  must('make', ['-s', '-j2', 'SAN=1', 'all', 'ctest', 'build-asan/node']);
  must(process.execPath, ['scripts/dist.mjs']);
  must('node_modules/.bin/tsc', ['-p', 'tsconfig.test.json']);
  // A few modules and offsets are enough to judge by; names, and deep stacks of the engine's, would take seconds at the end of every node.
  const options = `log_path=${reports}/host:detect_leaks=1:print_stacktrace=1:symbolize=0:malloc_context_size=6`;
  await show('build/census', ['--grace', '10000', path.resolve('build-asan/node'), 'scripts/run-tests.mjs', ...filters], {
    NET_RUNNER_NODE: process.execPath,
    NET_RUNNER_ASAN_NODE: path.resolve('build-asan/node'),
    NET_RUNNER_ADDON: path.resolve('build-asan/net_runner.node'),
    NET_RUNNER_SHEPHERD: path.resolve('build-asan/net-runner-shepherd'),
    NET_RUNNER_CTEST: 'build-asan/ctest',
    NR_SHEPHERD: path.resolve('build-asan/net-runner-shepherd'),
    NODE_OPTIONS: `--import ${path.resolve('scripts/asan-preload.mjs')}`,
    ASAN_OPTIONS: options,
    UBSAN_OPTIONS: options,
    LSAN_OPTIONS: 'exitcode=0', // a node that leaks ends as it would; what leaked is judged below
    NET_RUNNER_SLOW: '4',
  });
  judge(reports, 'sanitizers', isOurs);
}

if (spawnSync('valgrind', ['--version']).status !== 0) {
  say('skipped', 'the C tests under valgrind: it is not installed (apt-get install valgrind)');
} else {
  const logs = path.resolve('build-asan/valgrind');
  rmSync(logs, {recursive: true, force: true});
  mkdirSync(logs, {recursive: true});
  must('make', ['-s', '-j2', 'DYNAMIC=1', 'all', 'ctest']);
  const run = (file, args, name) => {
    const {status, stdout} = spawnSync(file, args, {
      encoding: 'utf8',
      env: {...process.env, NR_VALGRIND: logs, NR_SHEPHERD: 'build-dynamic/net-runner-shepherd'},
      timeout: 180_000,
    });
    const wrong = (stdout ?? '').split('\n').filter((line) => line.startsWith('not ok'));
    if (status === 0) say('passed', name);
    else say('failed', `${name} ended with ${status}\n${wrong.join('\n')}`);
  };
  for (const name of readdirSync('build-dynamic/ctest').filter((each) => each.endsWith('_test'))) {
    const file = path.join('build-dynamic/ctest', name);
    const starts = /stage\.h|start_server/.test(readFileSync(`native/test/${name}.c`, 'utf8'));
    // A test that starts a fork server has that one under valgrind: each shepherd with an error leaves with a status that the test refuses.
    if (starts) run(file, [], `the shepherds of ${name} under valgrind`);
    else
      run(
        'valgrind',
        ['--error-exitcode=9', '--leak-check=full', '--track-fds=yes', `--log-file=${logs}/${name}.%p`, file],
        `${name} under valgrind`,
      );
  }
  // Of descriptors only those are findings whose opening it names: the others are inherited. /proc, and the list of our own children in it, stay open on purpose.
  judge(logs, 'valgrind', (text) =>
    /Invalid|uninitiali|definitely lost: [1-9]|Open file descriptor \d+: (?!\/proc\b|self\/task\/)[^\n]*\n==\d+==\s+at /.test(text),
  );
}
finish();
