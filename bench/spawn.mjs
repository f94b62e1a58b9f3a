// Owns: the figures of spawning, in a host of a given size: rates, and how long the event loop is held by a call.
// Never: a verdict on another host than this one. Usage: node bench/spawn.mjs [--rounds 5] [--count 400] [--host 50] [--running 0]
import {spawn as nodeSpawn} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import {parseArgs} from 'node:util';
import {run, start} from '../dist/index.js';
import {alternate, compare, figureOf, limit, median, report} from './measure.mjs';

const {values} = parseArgs({
  options: {
    rounds: {type: 'string', default: '5'},
    count: {type: 'string', default: '400'},
    host: {type: 'string', default: '50'},
    running: {type: 'string', default: '0'},
  },
});
const rounds = Number(values.rounds);
const count = Number(values.count);
const host = Number(values.host);
const isLarge = host > 500;
/** What takes a large host a tenth of a second each is not done often. */
const few = isLarge ? 16 : count;
const TRUE = '/bin/true';

/** Memory that the host really uses: what makes its fork slow is the size of its page tables. */
const ballast = Buffer.alloc(Math.max(0, host - 50) << 20, 1);

async function viaNode() {
  const child = nodeSpawn(TRUE, {stdio: ['ignore', 'pipe', 'pipe']});
  child.stdout.resume();
  child.stderr.resume();
  await once(child, 'close');
}

const viaRunner = () => run([TRUE]);

/** Jobs per second. */
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

/** ms that the call itself holds the event loop. */
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

async function hosts() {
  const table = await alternate(rounds, {
    limit: () => figureOf(limit('spawn_loop'), [String(count * 2), '16', TRUE]),
    atOnce: () => rate(viaRunner, count, 16),
    nodeAtOnce: () => rate(viaNode, few, 16),
    one: async () => 1000 / (await rate(viaRunner, count / 2, 1)),
    nodeOne: async () => 1000 / (await rate(viaNode, few / 2, 1)),
    held: () => held(viaRunner, Math.min(100, count)),
    nodeHeld: () => held(viaNode, Math.min(20, few / 2)),
  });
  const size = `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB host`;
  return isLarge
    ? [
        compare(`${size}: 16 at once / child_process`, 'jobs/s', table.atOnce, table.nodeAtOnce, '>= 40'),
        compare(`${size}: run(['/bin/true']) / child_process`, 'ms', table.one, table.nodeOne),
        compare(`${size}: loop held / child_process`, 'ms', table.held, table.nodeHeld, '<= 0.00333'),
      ]
    : [
        compare(`${size}: 16 at once / C posix_spawn loop`, 'jobs/s', table.atOnce, table.limit, '>= 0.85'),
        compare(`${size}: 16 at once / child_process`, 'jobs/s', table.atOnce, table.nodeAtOnce, '>= 3'),
        compare(`${size}: run(['/bin/true']) / child_process`, 'ms', table.one, table.nodeOne, '<= 0.7'),
        compare(`${size}: loop held / child_process`, 'ms', table.held, table.nodeHeld, '<= 0.1'),
      ];
}

/** The same rate with and without so many jobs that run meanwhile. */
async function crowd(running) {
  const crowds = [];
  const gather = async () => {
    for (let left = running; left > 0; left -= 50)
      crowds.push(
        ...(await Promise.all(Array.from({length: Math.min(50, left)}, () => start(['sleep', '600'], {stdio: 'ignore', killTimeout: 0})))),
      );
  };
  const disperse = () => Promise.all(crowds.splice(0).map((each) => each.stop()));
  const [alone, together] = [[], []];
  for (let round = 0; round < rounds; round++) {
    alone.push(1000 / (await rate(viaRunner, count, 16)));
    await gather();
    together.push(1000 / (await rate(viaRunner, count, 16)));
    await disperse();
  }
  return [compare(`16 at once with ${running} jobs running / none`, 'ms per job', together, alone, '<= 1.5')];
}

await viaRunner();
await viaNode();
await rate(viaRunner, 100, 16);
const running = Number(values.running);
report(running > 0 ? await crowd(running) : await hosts());
if (ballast.length > 0 && ballast[0] !== 1) throw new Error('the ballast is gone');
