// Owns: `npm run test:fuzz`: the wire under libFuzzer where clang is there, and against live shepherds by seeds, for NET_RUNNER_SECONDS each (60).
// Never: a seed that cannot be repeated: what fails is printed, and libFuzzer's input is kept in build-fuzz/.
import {spawnSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import process from 'node:process';

const seconds = Number(process.env.NET_RUNNER_SECONDS ?? 60);
const total = {passed: 0, failed: 0, skipped: 0};

function say(kind, what) {
  total[kind]++;
  console.log(`${{passed: 'ok  ', failed: 'FAIL', skipped: 'skip'}[kind]}  ${what}`);
}

const run = (file, args, options = {}) => spawnSync(file, args, {encoding: 'utf8', ...options});
/** Whether this clang has libFuzzer's runtime: the compiler alone does not bring it. */
const canFuzz = (clang) =>
  run(clang, ['-fsanitize=fuzzer', '-x', 'c', '-', '-o', '/dev/null'], {
    input: '#include <stddef.h>\nint LLVMFuzzerTestOneInput(const unsigned char *d, size_t n) { return d && n ? 0 : 0; }\n',
  }).status === 0;

const clang = ['clang-19', 'clang', 'clang-18', 'clang-20'].find(canFuzz);
if (!clang) {
  say('skipped', 'libFuzzer: there is no clang with it (Debian: apt-get install clang-19 libclang-rt-19-dev)');
} else {
  mkdirSync('build-fuzz/corpus', {recursive: true});
  const made = run('make', ['-s', 'build-fuzz/wire_fuzz', `CLANG=${clang}`], {stdio: 'inherit'});
  if (made.status !== 0) say('failed', 'the fuzzer could not be built');
  else {
    const words = [
      '-max_len=4096',
      `-max_total_time=${seconds}`,
      '-artifact_prefix=build-fuzz/',
      '-print_final_stats=1',
      'build-fuzz/corpus',
    ];
    const {status, stderr} = run('build-fuzz/wire_fuzz', words, {maxBuffer: 1 << 28});
    const executed = /stat::number_of_executed_units:\s*(\d+)/.exec(stderr)?.[1];
    if (status === 0) say('passed', `libFuzzer: requests and frames, ${executed} inputs in ${seconds} s`);
    else say('failed', `libFuzzer ended with ${status}\n${stderr.split('\n').slice(-60).join('\n')}`);
  }
}

const built = run('make', ['-s', '-j2', 'all', 'ctest'], {stdio: 'inherit'});
if (built.status !== 0) say('failed', 'the C tests could not be built');
else {
  const {status, stdout} = run('build/ctest/wire_test', [], {
    env: {...process.env, NR_FUZZ_SECONDS: String(seconds)},
    timeout: (seconds + 120) * 1_000,
  });
  const seeds = /(\d+ seeds from \d+ on)/.exec(stdout)?.[1];
  if (status === 0) say('passed', `live shepherds: ${seeds} in ${seconds} s`);
  else
    say(
      'failed',
      `live shepherds: ended with ${status}\n${stdout
        .split('\n')
        .filter((line) => !line.startsWith('ok'))
        .join('\n')}`,
    );
}

console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;
