// Owns: what happens to what a command leaves behind, and what happens when this very program dies.
// Never: cleans up by hand.
import {spawn} from 'node:child_process';
import {run, start} from 'net-runner';

// A shell that leaves a program in the background. run() comes back at once, and the program is ended.
const began = performance.now();
const {stdout, leftovers} = await run(['sh', '-c', 'sleep 60 & echo done']);
console.log(`${stdout.trim()} in ${performance.now() - began < 5_000 ? 'no time' : 'a long time'}; left running: ${leftovers.length}`);
console.log(`still alive: ${leftovers.filter(({pid}) => isAlive(pid)).length}`);

// A background program that is meant to finish: wait for it.
const waited = await run(['sh', '-c', '(sleep 0.2; echo late) & echo early'], {linger: 'wait'});
console.log(waited.stdout.trim().split('\n').join(', then '));

// `await using p = await start(...)` stops the tree at the end of the block (TypeScript, Node 24). The same by hand:
const p = await start(['sleep', '60']);
try {
  console.log(`a sleep runs: ${p.alive}`);
} finally {
  await p[Symbol.asyncDispose]();
}
console.log(`and now: ${p.alive}`);

// The promise itself: a program that uses net-runner gets SIGKILL, and what it had started is gone.
const program = `
  import {start} from 'net-runner';
  const p = await start(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], {killTimeout: 300});
  console.log(p.pid);
`;
const host = spawn(process.execPath, ['--input-type=module', '-e', program], {
  cwd: import.meta.dirname,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const pid = Number(await new Promise((resolve) => host.stdout.once('data', resolve)));
host.kill('SIGKILL');
const killedAt = performance.now();
while (isAlive(pid) && performance.now() - killedAt < 10_000) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(`the host was killed; its child is ${isAlive(pid) ? 'STILL ALIVE' : 'gone'}`);

function isAlive(pid) {
  try {
    return process.kill(pid, 0); // asks, and sends nothing
  } catch {
    return false;
  }
}
