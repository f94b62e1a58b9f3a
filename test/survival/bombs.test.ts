// Owns: the promise against programs that fork faster than anybody can look (FAULT 21), each capped at 200 processes.
// Never: a bomb without a cap of its own and a deadline.
import assert from 'node:assert/strict';
import {monitorEventLoopDelay} from 'node:perf_hooks';
import process from 'node:process';
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

// A hopper's first process exits at once: only `linger: 'wait'` lets the others get going.
for (const [name, words] of Object.entries(BOMBS)) {
  fault('21', name, async ({marker, line, gone, took, note}) => {
    const p = await start([child('fork_bomb'), '200', ...words, marker], {
      stdio: ['ignore', 'pipe', line.fd],
      killTimeout: 100,
      linger: 'wait',
    });
    line.letGo();
    assert.equal(String(await within(p.read(), 'the bomb')), 'up\n');
    const lag = monitorEventLoopDelay({resolution: 1});
    lag.enable();
    const began = performance.now();
    const before = process.cpuUsage();
    const end = await within(p.stop({killTimeout: 0}), 'stop()');
    const ms = performance.now() - began;
    lag.disable();
    const {user, system} = process.cpuUsage(before);
    const own = (user + system) / 1000;
    note(`loop lag ${(lag.max / 1e6).toFixed(0)} ms`);
    assert.deepEqual([end.proven, end.forced || end.signal === null], [true, true]);
    await gone();
    took(ms);
    // The bounds of the promise are 2 s and 50 ms; a busy machine gets ten times as much in the short run.
    assert.ok(ms < (LONG ? 2_000 : 20_000), `${ms} ms`);
    // The loop cannot be held for longer than the host computes; what the machine itself is late by is only printed.
    assert.ok(own < (LONG ? 50 : 500), `${own} ms of CPU in the host, a loop lag of ${lag.max / 1e6} ms`);
  });
}
