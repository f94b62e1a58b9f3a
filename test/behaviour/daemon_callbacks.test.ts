// Owns: what the callbacks a user gives to a daemon may do: end it, restart it, throw anything, and stop listening.
// Never: what a daemon does when nobody interferes (daemon.test.ts).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Daemon, run} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {findMarked, newMarker} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => run(['true']));

const RESTARTS = {policy: 'always', backoff: {min: 1, max: 5}} as const;

const gone = (marker: string) => until(() => findMarked(marker).length === 0, 'nobody of it to be left');

test('stop() by a listener that hears of a restart: nothing is started any more', async () => {
  const marker = newMarker();
  await using daemon = await Daemon.start(['sh', '-c', 'read line', marker], {stdin: 'pipe', restart: RESTARTS});
  daemon.on('state', (state) => {
    if (state === 'starting') void daemon.stop();
  });
  await daemon.write('\n');
  const {reason, ok} = await within(daemon.ended, 'its end');
  assert.deepEqual([reason, ok, daemon.state, daemon.alive], ['stop', true, 'stopped', false]);
  await gone(marker);
});

test('restart() by such a listener: one process, not two', async () => {
  const marker = newMarker();
  await using daemon = await Daemon.start(['sh', '-c', 'read line; exit 1', marker], {stdin: 'pipe', restart: RESTARTS});
  let asked: Promise<void> | undefined;
  daemon.on('state', (state) => {
    if (state === 'starting') asked ??= daemon.restart();
  });
  await daemon.write('\n');
  await until(() => asked !== undefined, 'it to be started again');
  await within(asked as Promise<void>, 'the restart that the listener asked for');
  assert.equal(daemon.state, 'ready');
  assert.equal(findMarked(marker).filter(({commandLine}) => commandLine.startsWith('sh ')).length, 1);
  await daemon.stop();
  await gone(marker);
});

test('a check that rejects with nothing, or anything, is an answer like another', async () => {
  const marker = newMarker();
  for (const reason of [undefined, null, Object.create(null), 'soon', Symbol('later')]) {
    const error = await failure(
      Daemon.start(['sh', '-c', 'exec sleep 60', marker], {ready: {check: () => Promise.reject(reason), timeout: 50}, killTimeout: 100}),
    );
    assert.deepEqual([error.reason, error.code], ['not-ready', 'ERR_NOT_READY']);
  }
  await gone(marker);
  await using daemon = await Daemon.start(['sh', '-c', 'exec sleep 60', marker], {
    health: {check: () => Promise.reject(), interval: 1, failures: 1},
    restart: RESTARTS,
  });
  await until(() => daemon.restarts > 0, 'it to be found unhealthy');
  await daemon.stop();
  await gone(marker);
});

test('lines are heard again after all listeners were removed', async () => {
  await using daemon = await Daemon.start(['sh', '-c', 'while read line; do echo "$line"; done'], {stdin: 'pipe'});
  daemon.on('line', () => assert.fail('it was removed'));
  daemon.removeAllListeners();
  const heard = new Promise<string>((resolve) => daemon.on('line', resolve));
  await daemon.write('hello\n');
  assert.equal(await within(heard, 'its line'), 'hello');
  daemon.removeAllListeners('line');
  assert.equal(daemon.listenerCount('line'), 0);
  await daemon.stop();
});

test('a limit of waitFor() is milliseconds', async () => {
  await using daemon = await Daemon.start(['sleep', '60']);
  for (const timeout of [Number.NaN, -5, 'soon', null]) {
    const error = await failure(daemon.waitFor('never', {timeout: timeout as number}));
    assert.equal(error.reason, 'invalid');
  }
  await daemon.stop();
});
