// Owns: what subjects/stdout.mjs does, in Bun: `bun stdout.bun.mjs BYTES [BLOCKS]`; prints GB/s.
// Never: runs in Node.
import {producer, rateOf} from './rate.mjs';

async function read(command) {
  const child = Bun.spawn(command, {stdin: 'ignore', stdout: 'pipe', stderr: 'ignore'});
  let total = 0;
  for await (const chunk of child.stdout) total += chunk.length;
  return total;
}

const [, , size, blocks] = process.argv;
const bytes = Number(size);
await read(producer(64e6, blocks));
console.log(await rateOf(() => read(producer(bytes, blocks)), bytes));
