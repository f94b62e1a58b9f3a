// Owns: worker threads that end in the middle of jobs, while the main thread has a job of its own.
// Never: waits for a worker's jobs.

import {fileURLToPath} from 'node:url';
import {isMainThread, parentPort, Worker} from 'node:worker_threads';
import {run, start} from '../../src/index.js';
import {childrenOf, forkServersOf, openDescriptors} from '../support/proc.js';
import {until} from '../support/wait.js';

if (isMainThread) {
  const own = await start(['cat'], {stderr: 3, killTimeout: 200});
  const before = openDescriptors();
  for (let round = 0; round < Number(process.argv[2] ?? 5); round++) {
    const worker = new Worker(fileURLToPath(import.meta.url));
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  // Theirs end once their jobs are gone; none may be left as a zombie, and no descriptor of a thread that is gone.
  await until(() => forkServersOf().length === 1 && childrenOf().length === 1, "the workers' fork servers to be reaped");
  for (const [kind, count] of openDescriptors()) {
    const more = count - (before.get(kind) ?? 0);
    if (more > 0 && !kind.startsWith('anon_inode:[event')) console.log(`left open: ${more} ${kind}`);
  }
  await own.write('still here');
  console.log(`main: ${await own.read()}`);
  await own.stop();
  console.log('done');
} else {
  await Promise.all([
    start(['sleep', '120'], {stdio: ['pipe', 'pipe', 3], killTimeout: 200}),
    start(['cat'], {stderr: 3, killTimeout: 200}),
  ]);
  const reading = await start(['sh', '-c', 'while :; do echo x; done'], {stderr: 3, killTimeout: 200});
  reading.stdout.on('data', () => {});
  for (let i = 0; i < 20; i++) void run(['sleep', '60'], {stderr: 3, killTimeout: 200}).catch(() => {});
  parentPort?.postMessage('up');
  for (;;) await Promise.all(Array.from({length: 4}, () => run(['true'])));
}
