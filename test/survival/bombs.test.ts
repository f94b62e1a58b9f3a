// Owns: the promise against programs that fork faster than anybody can look (FAULT 21), each capped at 200 processes.
// Never: a bomb without a cap of its own and a deadline.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import {Worker} from 'node:worker_threads';
import {start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault, LONG} from '../support/fault.js';
import {child} from '../support/places.js';
import {within} from '../support/wait.js';

censusOfThisFile();

const BOMBS = {
  'a fork bomb': [],
  'a setsid bomb': ['setsid'],
  'a hopper': ['hop'],
  'a setsid hopper': ['hop', 'setsid'],
};

/** What a thread of this process that does nothing suffers at the same time: the machine's own lag, in ms. */
async function machineLag(): Promise<() => Promise<number>> {
  const source = `const {parentPort} = require('node:worker_threads');
    const lag = require('node:perf_hooks').monitorEventLoopDelay({resolution: 1});
    lag.enable();
    parentPort.once('message', () => parentPort.postMessage(lag.max / 1e6));
    parentPort.postMessage('up');`;
  const worker = new Worker(source, {eval: true});
  await once(worker, 'message');
  return async () => {
    const exited = once(worker, 'exit');
    worker.postMessage('say');
    const [ms] = (await once(worker, 'message')) as [number];
    await exited;
    return ms;
  };
}

// A hopper's first process exits at once: only `linger: 'wait'` lets the others get going.
for (const [name, words] of Object.entries(BOMBS)) {
  fault('21', name, async ({marker, line, gone, took}) => {
    const p = await start([child('fork_bomb'), '200', ...words, marker], {
      stdio: ['ignore', 'pipe', line.fd],
      killTimeout: 100,
      linger: 'wait',
    });
    line.letGo();
    assert.equal(String(await within(p.read(), 'the bomb')), 'up\n');
    const others = await machineLag();
    const lag = monitorEventLoopDelay({resolution: 1});
    lag.enable();
    const began = performance.now();
    const end = await within(p.stop({killTimeout: 0}), 'stop()');
    const ms = performance.now() - began;
    lag.disable();
    const own = lag.max / 1e6 - (await others());
    assert.deepEqual([end.proven, end.forced || end.signal === null], [true, true]);
    await gone();
    took(ms);
    // The bounds of the promise are 2 s and 50 ms; a busy machine gets ten times as much in the short run.
    assert.ok(ms < (LONG ? 2_000 : 20_000), `${ms} ms`);
    assert.ok(own < (LONG ? 50 : 500), `a loop lag of ${lag.max / 1e6} ms, ${own} of them of our making`);
  });
}
