// Owns: reading a child's stdout to its end in one way: `node stdout.mjs WAY BYTES [BLOCKS]`; prints GB/s.
// Never: looks at a byte.
import {spawn} from 'node:child_process';
import {start} from '../../dist/index.js';
import {producer, rateOf} from './rate.mjs';

const [way, bytes, blocks] = process.argv.slice(2);
const quiet = {stdin: 'ignore', stderr: 'ignore'};

const ways = {
  async readInto(command) {
    const p = await start(command, quiet);
    const target = new Uint8Array(256 << 10);
    let total = 0;
    for (;;) {
      const got = await p.readInto(target);
      if (got === 0) return total;
      total += got;
    }
  },
  async stream(command) {
    const {stream} = await import('../../dist/index.js');
    let total = 0;
    for await (const chunk of stream(command, {stderr: 'ignore'})) total += chunk.length;
    return total;
  },
  async read(command) {
    const p = await start(command, quiet);
    let total = 0;
    for (;;) {
      const chunk = await p.read(1 << 20);
      if (chunk === null) return total;
      total += chunk.length;
    }
  },
  async stdout(command) {
    const p = await start(command, quiet);
    let total = 0;
    for await (const chunk of p.stdout) total += chunk.length;
    return total;
  },
  async childProcess([file, ...args]) {
    const child = spawn(file, args, {stdio: ['ignore', 'pipe', 'ignore']});
    let total = 0;
    for await (const chunk of child.stdout) total += chunk.length;
    return total;
  },
};

await ways[way](producer(64e6, blocks));
console.log(await rateOf(() => ways[way](producer(Number(bytes), blocks)), Number(bytes)));
