// Owns: the channels of node:diagnostics_channel: what is told, when, and that nobody pays for it who does not listen.
// Never: NODE_DEBUG (cli.test.ts).
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import {test} from 'node:test';
import {$, type CommandLine, type End, RunError, run, start, stream} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {until} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

type Told = {readonly event: string; readonly command: CommandLine; readonly pid?: number; readonly error?: Error} & Partial<End>;

async function listening(body: (told: Told[]) => Promise<void>): Promise<void> {
  const told: Told[] = [];
  const listeners = ['spawn', 'exit', 'gone', 'error'].map((event) => {
    const listener = (message: unknown) => void told.push({event, ...(message as object)} as Told);
    diagnostics.subscribe(`net-runner:${event}`, listener);
    return () => diagnostics.unsubscribe(`net-runner:${event}`, listener);
  });
  try {
    await body(told);
  } finally {
    for (const unsubscribe of listeners) unsubscribe();
  }
}

test('spawn, exit and gone of every job, in this order', async () => {
  await listening(async (told) => {
    const {pid} = await run(['sh', '-c', 'exit 3'], {env: {SECRET: 'hidden'}});
    await until(() => told.length === 3, 'three events');
    assert.deepEqual(
      told.map(({event}) => event),
      ['spawn', 'exit', 'gone'],
    );
    for (const each of told) assert.deepEqual([each.pid, String(each.command)], [pid, "sh -c 'exit 3'"]);
    const [spawned, exited, gone] = told as [Told, Told, Told];
    assert.deepEqual(Object.keys(spawned), ['event', 'command', 'pid']);
    assert.deepEqual([exited.exitCode, exited.reason], [3, 'exit']);
    assert.deepEqual([gone.exitCode, gone.proven, gone.leftovers], [3, true, []]);
    assert.ok(!JSON.stringify(told).includes('hidden'));
  });
});

test('start(), stream() and $ too', async () => {
  await listening(async (told) => {
    const p = await start(['sleep', '60']);
    await p.stop();
    for await (const _ of stream(['yes'])) break;
    await $`true`.pipe($`true`);
    await until(() => told.filter(({event}) => event === 'gone').length === 4, 'four ends');
    assert.equal(told.filter(({event}) => event === 'spawn').length, 4);
    assert.equal(told.filter(({event}) => event === 'error').length, 0);
  });
});

test('error: whatever a call rejects with, once', async () => {
  await listening(async (told) => {
    const errors: unknown[] = [];
    const catching = (call: Promise<unknown>) => call.catch((error) => errors.push(error));
    await catching(run(['no-such-program-of-ours']));
    await catching(start(['no-such-program-of-ours']));
    await catching(run(['sh', '-c', 'exit 3'], {check: true}));
    await catching(stream(['sh', '-c', 'exit 3']).text());
    await catching($`false`);
    assert.deepEqual(
      told.filter(({event}) => event === 'error').map(({error}) => error),
      errors,
    );
    assert.ok(errors.every((error) => error instanceof RunError));
    assert.equal(errors.length, 5);
  });
});
