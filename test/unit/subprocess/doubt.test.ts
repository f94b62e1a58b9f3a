// Owns: when a silent shepherd's job is given up: not before everything was tried, and then for certain.
// Never: a shepherd (survival/shepherd_death.test.ts).
import assert from 'node:assert/strict';
import {type TestContext, test} from 'node:test';
import {Doubt} from '../../../src/subprocess/doubt.js';

interface Play {
  readonly doubt: Doubt;
  readonly heard: string[];
  /** Says something. */
  speak(): void;
  /** The clock goes on by so many ms in one leap, as on a host that was held up: what is due is done late, and counts from then. */
  leap(ms: number): Promise<void>;
}

function play(t: TestContext): Play {
  t.mock.timers.enable({apis: ['setTimeout']});
  const heard: string[] = [];
  const control = {reads: 1, waits: true, drain: () => {}, ping: () => Promise.resolve(0)};
  const server = {wake: () => heard.push('wake'), replace: (_: number, how: string) => heard.push(how)};
  const of = {server, control, shepherd: 7, over: false, giveUp: () => heard.push('given up')};
  const doubt = new Doubt(of as unknown as ConstructorParameters<typeof Doubt>[0]);
  return {
    doubt,
    heard,
    speak: () => control.reads++,
    async leap(ms) {
      t.mock.timers.tick(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const never = () => new Promise<number>(() => {});

function stop({doubt}: Play, graceMs = 300): void {
  doubt.endsWithin(graceMs);
  void doubt.asked(never());
}

test('step by step, in time', async (t) => {
  const it = play(t);
  stop(it);
  for (let ms = 0; ms < 6_200; ms += 100) await it.leap(100);
  assert.deepEqual(it.heard, ['wake', 'stopped', 'anyway']);
  it.doubt.lose(); // it was killed: its tree is swept, however long that takes
  for (let i = 0; i < 10; i++) await it.leap(10_000);
  assert.deepEqual(it.heard, ['wake', 'stopped', 'anyway']);
});

test('killed, and nobody says so', async (t) => {
  const it = play(t);
  stop(it);
  for (let ms = 0; ms < 8_000; ms += 100) await it.leap(100);
  assert.equal(it.heard.at(-1), 'anyway');
  for (let ms = 0; ms < 1_000; ms += 100) await it.leap(100);
  assert.deepEqual(it.heard, ['wake', 'stopped', 'anyway', 'given up']);
});

test('on a host that is held up, all steps are taken before it is given up', async (t) => {
  const it = play(t);
  stop(it);
  for (const ms of [500, 2_500, 3_400]) await it.leap(ms);
  assert.deepEqual(it.heard, ['wake', 'stopped'], 'its end is overdue, and it was not killed yet');
  for (const ms of [1_100, 2_900]) await it.leap(ms);
  assert.deepEqual(it.heard, ['wake', 'stopped', 'anyway']);
  await it.leap(200);
  assert.deepEqual(it.heard, ['wake', 'stopped', 'anyway', 'given up']);
});

test('one that answers, and whose job does not end, is given up all the same', async (t) => {
  const it = play(t);
  stop(it);
  for (let ms = 0; ms < 60_000; ms += 100) {
    it.speak();
    await it.leap(100);
  }
  assert.equal(it.heard.filter((word) => word === 'given up').length, 1);
  assert.equal(it.heard.includes('anyway'), false);
});

test('a question alone ends nothing', async (t) => {
  const it = play(t);
  void it.doubt.asked(never());
  for (let ms = 0; ms < 60_000; ms += 500) await it.leap(500);
  assert.deepEqual(it.heard, ['wake', 'stopped', 'anyway']);
});
