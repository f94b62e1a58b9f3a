// Owns: a child's whole output as one Buffer in one way: `node collect.mjs WAY MIB [memory]`; prints GB/s, or with `memory` the peak of
// what this process needed beyond what it had before, in bytes per byte of output.
// Never: looks at a byte.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import {run} from '../../dist/index.js';
import {producer, rateOf} from './rate.mjs';

const [way, mib, mode] = process.argv.slice(2);
const bytes = Number(mib) << 20;

const ways = {
  async run(command) {
    const {stdout} = await run(command, {encoding: 'buffer', maxOutputSize: 1 << 30});
    return stdout.length;
  },
  async childProcess([file, ...args]) {
    const child = spawn(file, args, {stdio: ['ignore', 'pipe', 'pipe']});
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.resume();
    await once(child, 'close');
    return Buffer.concat(chunks).length;
  },
};

/** VmHWM, after it was set back to what is resident now. */
const peak = () => Number(readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/)[1]) * 1024;

await ways[way](producer(1 << 20));
if (mode === 'memory') {
  writeFileSync('/proc/self/clear_refs', '5');
  const before = peak();
  if ((await ways[way](producer(bytes))) !== bytes) throw new Error('not all of it came');
  console.log(((peak() - before) / bytes).toFixed(4));
} else {
  console.log(await rateOf(() => ways[way](producer(bytes)), bytes));
}
