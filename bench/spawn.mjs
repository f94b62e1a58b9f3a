// Owns: the spawn figures: rate sequentially and 16 at a time, and how long the event loop is held, in small and large hosts.
// Never: a verdict. Prints medians with their spread and the ratios within one run. Usage: node bench/spawn.mjs [--rounds 5] [--count 400]
import {execFileSync, spawn as nodeSpawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {run} from '../dist/index.js';

const {values} = parseArgs({
  options: {rounds: {type: 'string', default: '5'}, count: {type: 'string', default: '400'}, host: {type: 'string', default: '50'}},
});
const rounds = Number(values.rounds);
const count = Number(values.count);
const TRUE = '/bin/true';
const limit = 'build/bench/spawn_loop';

if (!existsSync(limit)) execFileSync('make', ['-s', limit], {stdio: 'inherit'});

/** Memory the host really uses: what makes fork slow is the size of its page tables. */
const ballast = Buffer.alloc(Math.max(0, Number(values.host) - 50) * 1024 * 1024, 1);

async function viaNode() {
  const child = nodeSpawn(TRUE, {stdio: ['ignore', 'pipe', 'pipe']});
  child.stdout.resume();
  child.stderr.resume();
  await once(child, 'close');
}

async function viaRunner() {
  await run([TRUE]);
}

async function rate(one, total, atOnce) {
  let left = total;
  const from = performance.now();
  await Promise.all(
    Array.from({length: atOnce}, async () => {
      while (left-- > 0) await one();
    }),
  );
  return total / ((performance.now() - from) / 1000);
}

/** ms that the call itself holds the event loop, median of many. */
async function held(call, times) {
  const spans = [];
  for (let i = 0; i < times; i++) {
    const from = performance.now();
    const done = call();
    spans.push(performance.now() - from);
    await done;
  }
  return median(spans);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function row(name, figures, unit) {
  const [low, high] = [Math.min(...figures), Math.max(...figures)];
  const digits = median(figures) < 10 ? 3 : 0;
  console.log(
    `${name.padEnd(44)} ${median(figures).toFixed(digits).padStart(9)} ${unit}   (${low.toFixed(digits)} to ${high.toFixed(digits)})`,
  );
}

await viaRunner();
await viaNode();
const small = Number(values.host) > 500 ? Math.max(20, Math.floor(count / 20)) : count;
const table = {};
const note = (name, figure) => {
  table[name] ??= [];
  table[name].push(figure);
};
for (let round = 0; round < rounds; round++) {
  note('C posix_spawn, 16 at once', Number(execFileSync(limit, [String(count * 2), '16', TRUE])));
  note('net-runner, 16 at once', await rate(viaRunner, count, 16));
  note('child_process, 16 at once', await rate(viaNode, small, 16));
  note('C posix_spawn, one by one', Number(execFileSync(limit, [String(count), '1', TRUE])));
  note('net-runner, one by one', await rate(viaRunner, count, 1));
  note('child_process, one by one', await rate(viaNode, small, 1));
  note('net-runner, loop held', await held(viaRunner, Math.min(100, count)));
  note('child_process, loop held', await held(viaNode, Math.min(20, small)));
}
console.log(`host of ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MB, ${rounds} rounds, ${ballast.length >> 20} MiB of ballast`);
for (const [name, figures] of Object.entries(table)) row(name, figures, name.endsWith('held') ? 'ms' : '/s');
const ratio = (a, b) => (median(table[a]) / median(table[b])).toFixed(2);
console.log(
  `16 at once: ${ratio('net-runner, 16 at once', 'C posix_spawn, 16 at once')} of C, ${ratio('net-runner, 16 at once', 'child_process, 16 at once')} x child_process`,
);
console.log(`one by one: time ${ratio('child_process, one by one', 'net-runner, one by one')} of child_process's`);
console.log(
  `loop held: ${(median(table['net-runner, loop held']) / median(table['child_process, loop held'])).toFixed(4)} of child_process's`,
);
