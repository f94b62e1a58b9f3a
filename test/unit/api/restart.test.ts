// Owns: the table of a daemon's states, and how often and how fast it is started again, under a clock of its own.
// Never: starts a process, or waits.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {type Body, type Clock, Lifecycle} from '../../../src/api/lifecycle.js';
import {type DaemonEvent, Intensity, Restarts, step, TABLE} from '../../../src/api/restart.js';
import type {DaemonState} from '../../../src/words/daemon.js';
import type {RestartSetting} from '../../../src/words/daemon_settings.js';

const POLICY: RestartSetting = {
  policy: 'on-failure',
  max: 5,
  within: 60_000,
  backoff: {min: 100, max: 30_000},
  resetAfter: 10_000,
};

/** Time that passes when it is told to; what is due is called in its order. */
class FakeClock implements Clock {
  time = 0;
  readonly #due: {at: number; call: () => void}[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const entry = {at: this.time + ms, call};
    this.#due.push(entry);
    return () => {
      const at = this.#due.indexOf(entry);
      if (at >= 0) this.#due.splice(at, 1);
    };
  }

  random(): number {
    return 1;
  }

  get waiting(): number {
    return this.#due.length;
  }

  /** To the next thing that is due, at most `ms` on. What follows from promises has happened when it resolves. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.#due].sort((one, other) => one.at - other.at);
      if (next === undefined || next.at > end) break;
      this.time = next.at;
      this.#due.splice(this.#due.indexOf(next), 1);
      next.call();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.time = end;
  }
}

/** A daemon of nothing but events. */
class Actor implements Body {
  readonly clock = new FakeClock();
  readonly life: Lifecycle;
  readonly walk: DaemonState[] = [];
  readonly delays: number[] = [];
  spawned = 0;
  alive = false;
  /** What the next process does at once. */
  script: () => void = () => this.life.ready();
  /** Whether end() is heard at once. */
  obedient = true;

  constructor(policy: Partial<RestartSetting> = {}) {
    this.life = new Lifecycle({...POLICY, ...policy}, this, this.clock);
  }

  spawn(): void {
    assert.equal(this.alive, false, 'two processes at once');
    this.spawned++;
    this.alive = true;
    this.script();
  }

  end(): void {
    if (this.alive && !this.obedient) return;
    this.die(false);
  }

  die(failed = true): void {
    this.alive = false;
    this.life.ended(failed, 'it died');
  }

  settle(): void {}

  async clear(): Promise<void> {}

  changed(state: DaemonState): void {
    this.walk.push(state);
  }

  restarting({delay}: {delay: number}): void {
    this.delays.push(delay);
  }
}

const EVENTS: readonly DaemonEvent[] = [
  'start',
  'ready',
  'stable',
  'bad',
  'hopeless',
  'ended-again',
  'ended-done',
  'ended-failed',
  'due',
  'stop',
];

test('the table: every state that is left ends somewhere, and nothing leaves an end but a start', () => {
  for (const [state, row] of Object.entries(TABLE)) {
    for (const [event, [to]] of Object.entries(row)) {
      assert.ok(Object.hasOwn(TABLE, to), `${state} x ${event}`);
      assert.ok(EVENTS.includes(event as DaemonEvent));
    }
  }
  for (const state of ['stopped', 'failed'] as const) assert.deepEqual(Object.keys(TABLE[state]), ['start']);
  assert.deepEqual(step('starting', 'ready'), {to: 'ready', actions: ['settle']});
  assert.deepEqual(step('ready', 'stable'), {to: 'running', actions: ['forget']});
  assert.equal(step('stopping', 'ready'), undefined);
});

test('the table: a process is started from starting only, and never beside another', () => {
  for (const row of Object.values(TABLE)) {
    for (const [to, ...actions] of Object.values(row)) if (actions.includes('spawn')) assert.equal(to, 'starting');
  }
  // Ten thousand random walks: spawn() itself asserts that there is no other.
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  for (let walk = 0; walk < 500; walk++) {
    const actor = new Actor({max: 1_000});
    actor.script = () => {};
    const moves = [
      () => actor.life.start(),
      () => actor.alive && actor.life.ready(),
      () => actor.life.bad('bad'),
      () => actor.life.bad('new', true),
      () => actor.alive && actor.die(random() < 0.5),
      () => actor.life.stop(),
      () => {
        actor.obedient = random() < 0.5;
      },
    ];
    for (let at = 0; at < 50; at++) moves[Math.floor(random() * moves.length)]!();
    actor.obedient = true;
    actor.life.stop();
    if (actor.alive) actor.die(false);
    assert.ok(['stopped', 'failed'].includes(actor.life.state), actor.life.state);
  }
});

test('delays double from min to max, and lose a random half at the most', () => {
  const most = new Restarts({...POLICY, max: Number.POSITIVE_INFINITY}, () => 1);
  const delays = Array.from({length: 11}, () => most.judge(true, 0)).map((verdict) => (verdict as {delay: number}).delay);
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  const least = new Restarts({...POLICY, max: Number.POSITIVE_INFINITY}, () => 0);
  assert.deepEqual(
    [0, 1].map(() => least.judge(true, 0)),
    [
      {event: 'ended-again', delay: 50},
      {event: 'ended-again', delay: 100},
    ],
  );
  for (let i = 0; i < 5_000; i++) assert.ok(Number.isFinite((most.judge(true, 0) as {delay: number}).delay));
  most.forget();
  assert.deepEqual(most.judge(true, 0), {event: 'ended-again', delay: 100});
});

test('what counts as a reason to start again', () => {
  const verdict = (policy: RestartSetting['policy'], failed: boolean) => new Restarts({...POLICY, policy}).judge(failed, 0).event;
  assert.equal(verdict('never', true), 'ended-failed');
  assert.equal(verdict('never', false), 'ended-done');
  assert.equal(verdict('on-failure', true), 'ended-again');
  assert.equal(verdict('on-failure', false), 'ended-done');
  assert.equal(verdict('always', true), 'ended-again');
  assert.equal(verdict('always', false), 'ended-again');
});

test('intensity: max within a window that moves', () => {
  const intensity = new Intensity({max: 3, within: 1_000});
  assert.deepEqual(
    [0, 100, 200, 900, 999].map((now) => intensity.take(now)),
    [true, true, true, false, false],
  );
  assert.deepEqual(
    [1_000, 1_050, 1_100].map((now) => intensity.take(now)),
    [true, false, true],
  );
  assert.equal(new Intensity({max: 0, within: 1_000}).take(5), false);
});

test('a crash loop: five restarts, ever slower, then it has failed; no timer is left', async () => {
  const actor = new Actor();
  actor.life.start();
  actor.script = () => {
    actor.life.ready();
    actor.die();
  };
  actor.die();
  await actor.clock.pass(60_000);
  assert.equal(actor.life.state, 'failed');
  assert.equal(actor.life.gaveUp, true);
  assert.deepEqual(actor.delays, [100, 200, 400, 800, 1_600]);
  assert.equal(actor.spawned, 6);
  assert.equal(actor.clock.waiting, 0);
});

test('one crash every twenty seconds is no crash loop: it goes on for ever, at the smallest delay', async () => {
  const actor = new Actor();
  actor.life.start();
  for (let day = 0; day < 100; day++) {
    await actor.clock.pass(20_000);
    assert.equal(actor.life.state, 'running');
    actor.die();
  }
  await actor.clock.pass(1_000);
  assert.equal(actor.life.state, 'ready');
  assert.deepEqual(new Set(actor.delays), new Set([100]));
  assert.equal(actor.life.restarts, 100);
});

test('one every eleven seconds is stable each time, but more than five a minute: it is given up', async () => {
  const actor = new Actor({within: 66_001});
  actor.life.start();
  for (let n = 0; n < 6; n++) {
    await actor.clock.pass(11_000);
    actor.die();
  }
  assert.equal(actor.life.state, 'failed');
});

test('the first start is not tried twice', () => {
  const actor = new Actor();
  actor.script = () => actor.die();
  actor.life.start();
  assert.deepEqual(actor.walk, ['starting', 'failed']);
  assert.equal(actor.life.gaveUp, false);
  const late = new Actor();
  late.script = () => {};
  late.life.start();
  late.life.bad('not ready in time');
  assert.deepEqual(late.walk, ['starting', 'stopping', 'failed']);
});

test('done is done: no restart after exit code 0, unless it is always wanted', async () => {
  const actor = new Actor();
  actor.life.start();
  actor.die(false);
  assert.deepEqual(actor.walk, ['starting', 'ready', 'stopped']);
  const always = new Actor({policy: 'always'});
  always.life.start();
  always.die(false);
  await always.clock.pass(100);
  assert.deepEqual(always.walk, ['starting', 'ready', 'backoff', 'starting', 'ready']);
});

test('unhealthy: the old process is ended first, and the delay counted from its end', async () => {
  const actor = new Actor();
  actor.life.start();
  actor.obedient = false;
  actor.life.bad('unhealthy');
  assert.equal(actor.life.state, 'backoff');
  await actor.clock.pass(5_000);
  assert.equal(actor.spawned, 1);
  actor.die();
  await actor.clock.pass(99);
  assert.equal(actor.spawned, 1);
  await actor.clock.pass(1);
  assert.equal(actor.spawned, 2);
  assert.equal(actor.life.restarts, 1);
});

test('unhealthy under never: it has failed', () => {
  const actor = new Actor({policy: 'never'});
  actor.life.start();
  actor.life.bad('unhealthy');
  assert.deepEqual(actor.walk, ['starting', 'ready', 'stopping', 'failed']);
});

test('a restart that was asked for has no delay and is not counted', async () => {
  const actor = new Actor({max: 0});
  actor.life.start();
  actor.life.bad('asked', true);
  await actor.clock.pass(0);
  assert.equal(actor.life.state, 'ready');
  assert.equal(actor.spawned, 2);
  assert.equal(actor.life.restarts, 0);
});

test('a restart that is asked for while the delay is counted comes at once', async () => {
  const actor = new Actor();
  actor.life.start();
  actor.die();
  assert.equal(actor.life.state, 'backoff');
  actor.life.bad('asked', true);
  assert.equal(actor.life.state, 'ready');
  await actor.clock.pass(1_000);
  assert.equal(actor.spawned, 2);
});

test('where the old processes may still be there, nothing is started beside them', () => {
  for (const policy of ['always', 'on-failure'] as const) {
    const actor = new Actor({policy});
    actor.life.start();
    actor.alive = false;
    actor.life.ended(true, 'lost', true);
    assert.equal(actor.life.state, 'failed');
    const unhealthy = new Actor({policy});
    unhealthy.life.start();
    unhealthy.obedient = false;
    unhealthy.life.bad('unhealthy');
    unhealthy.life.ended(true, 'unkillable', true);
    assert.deepEqual(unhealthy.walk, ['starting', 'ready', 'backoff', 'failed']);
  }
});

test('stop() ends it in every state, once', async () => {
  for (const state of ['starting', 'ready', 'running', 'backoff'] as const) {
    const actor = new Actor();
    if (state === 'starting') actor.script = () => {};
    actor.life.start();
    if (state === 'running') await actor.clock.pass(10_000);
    if (state === 'backoff') actor.die();
    assert.equal(actor.life.state, state);
    actor.life.stop();
    actor.life.stop();
    assert.equal(actor.life.state, 'stopped');
    await actor.clock.pass(100_000);
    assert.equal(actor.life.state, 'stopped');
    assert.equal(actor.clock.waiting, 0);
  }
});
