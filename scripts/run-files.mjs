// Owns: running a few test files for a suite of its own: one line per test, and the counts as the last line.
// Never: builds; decides what to run.
import path from 'node:path';
import process from 'node:process';
import {run} from 'node:test';

/** Resolves once `N passed, N failed[, N skipped]` is printed; process.exitCode is set. */
export async function runFiles(files, {minutes}) {
  const tally = {passed: 0, failed: 0, skipped: 0};
  const show = (outcome, {name, details}, why = '') => {
    tally[outcome]++;
    const word = {passed: 'ok  ', failed: 'FAIL', skipped: 'skip'}[outcome];
    console.log(`  ${word}  ${path.isAbsolute(name) ? 'the file itself' : name} (${details.duration_ms.toFixed(0)} ms)${why}`);
  };
  const stream = run({files: files.map((file) => path.resolve(file)), concurrency: 1, timeout: minutes * 60_000});
  stream.on('test:pass', (data) => {
    if (data.skip === undefined) show('passed', data);
    else show('skipped', data, typeof data.skip === 'string' ? `: ${data.skip}` : '');
  });
  stream.on('test:fail', (data) => {
    const {error} = data.details;
    if (error?.failureType === 'subtestsFailed') return;
    show('failed', data);
    console.log(String(error?.cause?.stack ?? error).replace(/^/gm, '        '));
  });
  stream.on('test:diagnostic', ({message}) => {
    if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(message)) console.log(`    # ${message}`);
  });
  stream.on('test:stdout', ({message}) => process.stdout.write(message));
  stream.on('test:stderr', ({message}) => process.stderr.write(message));
  for await (const _ of stream);
  const {passed, failed, skipped} = tally;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
