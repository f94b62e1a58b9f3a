// Owns: moments: who is told, how often, and that nobody is too late.
// Never: starts a process.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Moment} from '../../../src/subprocess/moment.js';

test('everybody is told once, in order', () => {
  const moment = new Moment();
  const heard: number[] = [];
  for (const n of [1, 2, 3]) moment.push(() => heard.push(n));
  assert.deepEqual(heard, []);
  moment.come();
  moment.come();
  assert.deepEqual(heard, [1, 2, 3]);
});

test('who asks after it has come is told at once, also from inside', () => {
  const moment = new Moment();
  const heard: string[] = [];
  moment.push(() => moment.push(() => heard.push('inside')));
  moment.come();
  moment.push(() => heard.push('late'));
  assert.deepEqual(heard, ['inside', 'late']);
});
