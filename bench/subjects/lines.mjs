// Owns: reading a child's stdout line by line in one way: `node lines.mjs WAY COUNT PRODUCER`; prints million lines per second.
// Never: keeps a line.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {stream} from '../../dist/index.js';

const [way, count, producer] = process.argv.slice(2);

const readline = (command) => {
  const [file, ...args] = command;
  const child = spawn(file, args, {stdio: ['ignore', 'pipe', 'ignore']});
  return createInterface({input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY});
};

const ways = {
  async lines(command) {
    let [lines, length] = [0, 0];
    for await (const line of stream(command).lines()) {
      lines++;
      length += line.length;
    }
    return {lines, length};
  },
  async batches(command) {
    let [lines, length] = [0, 0];
    for await (const batch of stream(command).lineBatches()) {
      lines += batch.length;
      for (const line of batch) length += line.length;
    }
    return {lines, length};
  },
  async readlineLoop(command) {
    let [lines, length] = [0, 0];
    for await (const line of readline(command)) {
      lines++;
      length += line.length;
    }
    return {lines, length};
  },
  async readlineEvents(command) {
    let [lines, length] = [0, 0];
    const reader = readline(command);
    reader.on('line', (line) => {
      lines++;
      length += line.length;
    });
    await once(reader, 'close');
    return {lines, length};
  },
};

await ways[way]([producer, '50000']);
const from = performance.now();
const {lines, length} = await ways[way]([producer, count]);
const seconds = (performance.now() - from) / 1000;
if (lines !== Number(count) || !(length > 19 * lines)) throw new Error(`read ${lines} lines of ${count}, ${length} characters`);
console.log((lines / seconds / 1e6).toFixed(4));
