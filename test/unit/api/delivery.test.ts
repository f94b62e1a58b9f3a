// Owns: that lines reach a callback one at a time and in order, within a bound, whatever it does.
// Never: starts a process.
import assert from 'node:assert/strict';
import process from 'node:process';
import {test} from 'node:test';
import {Complaints, Delivery} from '../../../src/api/delivery.js';

/** The warnings that come while `act` runs and a little after. */
async function warningsOf(act: () => unknown): Promise<string[]> {
  const heard: string[] = [];
  const listen = (warning: Error) => void heard.push(warning.message);
  process.on('warning', listen);
  await act();
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('warning', listen);
  return heard;
}

test('one that throws or rejects is called for every line, and each kind is told once', async () => {
  let calls = 0;
  const warnings = await warningsOf(async () => {
    const complaints = new Complaints('it');
    const throwing = new Delivery(() => {
      calls++;
      if (calls % 2) throw new TypeError(`no ${calls}`);
      throw new RangeError(`no ${calls}`);
    }, complaints);
    for (let i = 0; i < 1_000; i++) throwing.push('x', 'stdout');
    const rejecting = new Delivery(() => Promise.reject(new SyntaxError('later')), complaints);
    for (let i = 0; i < 100; i++) rejecting.push('x', 'stdout');
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(rejecting.dropped, 0);
  });
  assert.equal(calls, 1_000);
  assert.equal(warnings.length, 3, warnings.join('\n'));
  assert.match(warnings[0] as string, /^net-runner: it: onOutput failed, and goes on being called: TypeError: no 1 \(said once\)$/);
});

test('however many kinds of errors there are, warnings end', async () => {
  const warnings = await warningsOf(() => {
    let n = 0;
    const delivery = new Delivery(() => {
      throw Object.assign(new Error('x'), {code: `E${n++}`});
    }, new Complaints('it'));
    for (let i = 0; i < 1_000; i++) delivery.push('x', 'stdout');
  });
  assert.equal(warnings.length, 20);
});

test('a slow one gets its lines in order, one at a time; beyond the bound they are dropped and counted', async () => {
  const got: string[] = [];
  let inside = 0;
  const delivery = new Delivery(async (line) => {
    assert.equal(++inside, 1, 'two calls at once');
    await new Promise((resolve) => setImmediate(resolve));
    got.push(line);
    inside--;
  }, new Complaints('it'));
  const line = 'x'.repeat(100_000);
  for (let i = 0; i < 20; i++) delivery.push(`${i} ${line}`, 'stderr');
  assert.equal(delivery.dropped, 9);
  while (got.length < 11) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(
    got.map((each) => Number(each.split(' ')[0])),
    Array.from({length: 11}, (_, i) => i),
  );
  delivery.push('again', 'stderr');
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(got.at(-1), 'again');
  assert.equal(delivery.dropped, 9);
});

test('one that is fast again has all of the queue before what comes next', async () => {
  const got: string[] = [];
  const delivery = new Delivery((line) => {
    got.push(line);
    return line === 'first' ? Promise.resolve() : undefined;
  }, new Complaints('it'));
  for (const line of ['first', 'second', 'third']) delivery.push(line, 'stdout');
  assert.deepEqual(got, ['first']);
  await new Promise((resolve) => setImmediate(resolve));
  delivery.push('fourth', 'stdout');
  assert.deepEqual(got, ['first', 'second', 'third', 'fourth']);
});
