// Owns: `npm run test:terminals:long`: what terminals promise, as often as it is promised (1,000 times, 100 at once, 500 cycles), while one core is busy.
// Never: a test of its own.
import {spawn, spawnSync} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import {runFiles} from './run-files.mjs';

for (const [command, ...args] of [
  ['make', '-s', '-j2', 'all', 'children'],
  [process.execPath, 'scripts/dist.mjs'],
  ['node_modules/.bin/tsc', '-p', 'tsconfig.test.json'],
])
  if (spawnSync(command, args, {stdio: 'inherit'}).status !== 0) process.exit(1);

process.env.NET_RUNNER_ROUNDS ??= '20';
process.env.NET_RUNNER_ADDON ??= path.resolve('build/net_runner.node');
process.env.NET_RUNNER_SHEPHERD ??= path.resolve('build/net-runner-shepherd');
const busy = spawn('sh', ['-c', 'ulimit -c 0; while :; do :; done'], {stdio: 'ignore'});
const files = ['terminal_bytes', 'terminal_jobs', 'terminal_screen', 'cli_pty', 'wait_for'];
await runFiles(
  files.map((name) => `build/js/test/behaviour/${name}.test.js`),
  {minutes: 8},
);
busy.kill('SIGKILL');
