// Owns: a host one of whose jobs is stuck in exec until it is told to end that job, by a line on stdin.
// Never: ends before it has said what became of that and of another job.
//   FILE MARKER
import process from 'node:process';
import {RunError, run} from '../../src/index.js';

const [file = '', marker = 'nr-marker-none'] = process.argv.slice(2);
const controller = new AbortController();
const stuck = run([file, marker], {signal: controller.signal, killTimeout: 100, stdio: ['ignore', 'ignore', 3]}).catch(
  (error: unknown) => error,
);
console.log(`others ${(await run(['echo', 'on'])).stdout.trim()}`);
process.stdin.once('data', async () => {
  const began = performance.now();
  controller.abort();
  console.log(`meanwhile ${(await run(['echo', 'on'])).stdout.trim()}`);
  const error = await stuck;
  const ms = performance.now() - began;
  console.log(error instanceof RunError ? `ended ${error.reason} ${ms.toFixed(0)}` : `ended ${String(error)}`);
  console.log(`then ${(await run(['echo', 'on'])).stdout.trim()}`);
  process.exit();
});
