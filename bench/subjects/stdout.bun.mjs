// Owns: what subjects/stdout.mjs does, in Bun: `bun stdout.bun.mjs BYTES`; prints GB/s.
// Never: runs in Node.
import {producer, rateOf} from './rate.mjs';

async function read(command) {
  const child = Bun.spawn(command, {stdin: 'ignore', stdout: 'pipe', stderr: 'ignore'});
  let total = 0;
  for await (const chunk of child.stdout) total += chunk.length;
  return total;
}

const bytes = Number(process.argv[2]);
await read(producer(64e6));
console.log(await rateOf(() => read(producer(bytes)), bytes));
