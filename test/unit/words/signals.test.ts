// Owns: resolveSignal() against the platform's own table, and what an exit means.
// Never: sending a signal.
import assert from 'node:assert/strict';
import {constants} from 'node:os';
import {test} from 'node:test';
import {RunError} from '../../../src/words/errors.js';
import {exitStatus, signalName, verdict} from '../../../src/words/exit.js';
import {resolveSignal} from '../../../src/words/signals.js';

const resolve = resolveSignal as (signal: unknown) => number;

test('every name of the platform, with and without SIG', () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    assert.equal(resolve(name), number);
    assert.equal(resolve(name.slice(3)), number);
  }
});

test('1 to 31 are given back', () => {
  for (let number = 1; number <= 31; number++) assert.equal(resolve(number), number);
});

test('anything else throws ERR_UNKNOWN_SIGNAL and says what to do', () => {
  for (const wrong of [0, -1, 32, 64, 1.5, Number.NaN, '15', '', 'SIG', 'toString', '__proto__', null, undefined, {}, true, 15n]) {
    assert.throws(
      () => resolve(wrong),
      (error) => error instanceof RunError && error.reason === 'invalid' && error.code === 'ERR_UNKNOWN_SIGNAL',
      String(wrong),
    );
  }
  assert.throws(() => resolve('sigterm'), /did you mean 'SIGTERM'\?/);
  assert.throws(() => resolve('TREM'), /did you mean 'SIGTERM'\?/);
  assert.throws(() => resolve(0), /`alive`/);
  assert.throws(() => resolve(99), /a number from 1 to 31/);
});

test('its stack begins at the caller', () => {
  try {
    resolve('SIGNOPE');
    assert.fail();
  } catch (error) {
    assert.match((error as Error).stack!.split('\n')[1]!, /signals\.test/);
  }
});

test('names of signals', () => {
  assert.equal(signalName(15), 'SIGTERM');
  assert.equal(signalName(6), 'SIGABRT');
  assert.equal(signalName(34), 'SIG34');
  for (const number of Object.values(constants.signals)) assert.equal(resolve(signalName(number)), number);
});

test('the status a shell shows', () => {
  assert.equal(exitStatus(3, null), 3);
  assert.equal(exitStatus(null, 9), 137);
  assert.equal(exitStatus(null, null), null);
});

test('the verdict', () => {
  assert.equal(verdict(0, false), true);
  assert.equal(verdict(1, false), false);
  assert.equal(verdict(0, true), true);
  assert.equal(verdict(1, [0, 1]), true);
  assert.equal(verdict(0, [1]), false);
  assert.equal(verdict(null, true), false);
  assert.equal(verdict(null, [0]), false);
});
