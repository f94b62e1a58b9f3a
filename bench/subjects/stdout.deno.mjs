// Owns: what subjects/stdout.mjs does, in Deno: `deno run -A stdout.deno.mjs BYTES [BLOCKS]`; prints GB/s.
// Never: runs in Node.
import {producer, rateOf} from './rate.mjs';

async function read([file, ...args]) {
  const child = new Deno.Command(file, {args, stdin: 'null', stdout: 'piped', stderr: 'null'}).spawn();
  let total = 0;
  for await (const chunk of child.stdout) total += chunk.length;
  await child.status;
  return total;
}

const [size, blocks] = Deno.args;
const bytes = Number(size);
await read(producer(64e6, blocks));
console.log(await rateOf(() => read(producer(bytes, blocks)), bytes));
