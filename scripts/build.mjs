// Owns: building everything (`prepare` runs it): the shepherd and the addon by make, then TypeScript. Says one line when all is well.
// Never: runs in a published package: that holds its binaries.
import {spawnSync} from 'node:child_process';
import {statSync} from 'node:fs';
import {performance} from 'node:perf_hooks';
import process from 'node:process';

const cc = process.env.CC ?? 'cc';
const began = performance.now();

function stop(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Runs a step in silence; when it fails, shows what it said. */
function step(file, args) {
  const {status, error, stdout, stderr} = spawnSync(file, args, {encoding: 'utf8', maxBuffer: 64 << 20});
  if (error) stop(`build: ${file} could not be run (${error.message})`);
  if (status === 0) return stdout;
  process.stderr.write(`${(stdout + stderr).trimEnd()}\n`);
  return stop(`build: failed: ${[file, ...args].join(' ')}`);
}

function exists(command) {
  return !spawnSync(command, ['--version'], {stdio: 'ignore'}).error;
}

const missing = ['make', cc].filter((command) => !exists(command));
if (missing.length > 0)
  stop(`build: there is no ${missing.join(' and no ')}; install a C compiler and make (Debian: apt-get install build-essential)`);

step('make', ['-j2']);
step(process.execPath, ['scripts/dist.mjs']);

const compiler = step(cc, ['--version']).split('\n')[0];
const size = (file) => `${file} ${Math.round(statSync(`build/${file}`).size / 1024)} KB`;
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(`build: ${compiler}, ${size('net-runner-shepherd')}, ${size('net_runner.node')}, ${seconds} s`);
