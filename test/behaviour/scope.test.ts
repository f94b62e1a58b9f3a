// Owns: who a job belongs to: scope(), owner, linger 'leave', restartServer() (CONTRACT P5).
// Never: a death of anybody of ours (test/survival).
import assert from 'node:assert/strict';
import {EventEmitter} from 'node:events';
import {createServer, get} from 'node:http';
import type {AddressInfo} from 'node:net';
import process from 'node:process';
import {test} from 'node:test';
import {type RunError, restartServer, run, type Scope, scope, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {child} from '../support/places.js';
import {forkServersOf, isAlive, openDescriptors} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

test('everything started in a scope ends with it, nested too, and its value is passed on', async () => {
  const pids: number[] = [];
  let running: Promise<RunError> | undefined;
  const value = await scope(async (s) => {
    const [p, q] = await Promise.all([s.start(['sleep', '60']), s.scope().start(['sleep', '60'])]);
    pids.push(p.pid, q.pid);
    running = failure(s.run(['sleep', '60']));
    assert.equal((await s.run(['echo', 'inside'])).stdout, 'inside\n');
    return 7;
  });
  assert.equal(value, 7);
  assert.deepEqual(pids.map(isAlive), [false, false]);
  assert.equal((await running)?.reason, 'abort');
});

test('a daemon of a scope ends with it; one that is still starting rejects with reason abort', async () => {
  let starting: Promise<RunError> | undefined;
  const daemon = await scope(async (s) => {
    const d = await s.daemon(['sleep', '60']);
    starting = failure(s.daemon(['sleep', '60'], {ready: {line: 'never'}}));
    return d;
  });
  assert.deepEqual([daemon.state, daemon.pid, (await daemon.ended).reason], ['stopped', null, 'abort']);
  assert.equal((await (starting as Promise<RunError>)).reason, 'abort');
});

test('a scope whose function throws ends all the same, and the error is the caller`s', async () => {
  let pid = 0;
  const failing = scope(async (s) => {
    pid = (await s.start([child('ignore_sigterm')], {stdio: 'ignore', killTimeout: 100})).pid;
    throw new Error('as told');
  });
  await assert.rejects(failing, {message: 'as told'});
  assert.equal(isAlive(pid), false);
});

test('after its end nothing can be started in it', async () => {
  let kept: Scope | undefined;
  await scope((s) => {
    kept = s;
  });
  const ended = kept as Scope;
  for (const call of [ended.run(['true']), ended.start(['true'])]) {
    const error = await failure(call);
    assert.deepEqual([error.reason, error.code], ['misuse', 'ERR_SCOPE_ENDED']);
  }
  assert.throws(() => ended.scope(), {code: 'ERR_SCOPE_ENDED'});
  await ended[Symbol.asyncDispose]();
});

test('a run() in flight that nobody listens to is no unhandled rejection', async () => {
  const s = scope();
  void s.run(['sleep', '60']);
  void s.start(['sleep', '60']);
  await s[Symbol.asyncDispose]();
});

test('a signal ends a scope; the signal of a call ends that call only', async () => {
  const controller = new AbortController();
  const s = scope({signal: controller.signal});
  const one = new AbortController();
  const [p, q] = await Promise.all([
    s.start(['sleep', '60'], {stdio: 'ignore', signal: one.signal}),
    s.start(['sleep', '60'], {stdio: 'ignore'}),
  ]);
  one.abort();
  assert.equal((await p.closed).reason, 'abort');
  assert.equal(q.alive, true);
  controller.abort();
  assert.equal((await q.closed).reason, 'abort');
  assert.equal(s.signal.aborted, true);
  assert.throws(() => s.scope(), {code: 'ERR_SCOPE_ENDED'});
});

test('an outer scope ends an inner one', async () => {
  const outer = scope();
  const inner = outer.scope();
  const p = await inner.start(['sleep', '60']);
  await outer[Symbol.asyncDispose]();
  assert.equal(p.alive, false);
  assert.throws(() => inner.scope(), {code: 'ERR_SCOPE_ENDED'});
});

test('owner: the event of an emitter or target ends its jobs', async () => {
  const owner = new EventEmitter();
  const jobs = await Promise.all(Array.from({length: 20}, () => start(['sleep', '60'], {stdio: 'ignore', owner: [owner, 'over']})));
  assert.equal(owner.listenerCount('over'), 1);
  const running = failure(run(['sleep', '60'], {owner: [owner, 'over']}));
  owner.emit('over');
  for (const p of jobs) assert.equal((await p.closed).reason, 'abort');
  const error = await running;
  assert.equal(error.reason, 'abort');
  assert.match(error.message, /because its owner emitted 'over'/);
  const target = new EventTarget();
  const p = await start(['sleep', '60'], {stdio: 'ignore', owner: [target, 'over']});
  target.dispatchEvent(new Event('over'));
  assert.equal((await p.closed).reason, 'abort');
});

test('owner: an event that comes again ends who came since', async () => {
  const owner = new EventEmitter();
  for (const _ of [1, 2]) {
    const p = await start(['sleep', '60'], {stdio: 'ignore', owner: [owner, 'over']});
    assert.equal((await run(['true'], {owner: [owner, 'over']})).ok, true);
    owner.emit('over');
    assert.equal((await p.closed).reason, 'abort');
  }
});

test('what can be no option is refused as without a scope, and a signal of another realm is obeyed', async () => {
  await scope(async (s) => {
    const wrong = {signal: 5} as unknown as {signal: AbortSignal};
    for (const call of [s.run(['true'], wrong), s.start(['true'], wrong), s.stream(['true'], wrong).text(), s.daemon(['true'], wrong)])
      assert.match((await failure(call)).message, /`signal` must be an AbortSignal, but is 5/);
    const second = await failure(s.run('echo', ['hi'] as never));
    assert.equal(second.message, (await failure(run('echo', ['hi'] as never))).message);
    const controller = new AbortController();
    const {signal} = controller;
    const foreign = {
      get aborted() {
        return signal.aborted;
      },
      get reason() {
        return signal.reason;
      },
      addEventListener: signal.addEventListener.bind(signal),
      removeEventListener: signal.removeEventListener.bind(signal),
    } as unknown as AbortSignal;
    const jobs = [s.run(['sleep', '60'], {signal: foreign}), s.run(['sleep', '60'], {signal: foreign})].map(failure);
    await s.run(['true'], {signal: foreign});
    controller.abort(new Error('enough'));
    for (const job of jobs) assert.equal(((await job).cause as Error).message, 'enough');
    assert.equal((await failure(s.run(['true'], {signal: foreign}))).reason, 'abort');
  });
  assert.equal((await failure(scope(() => {}, {signal: 5 as never}))).code, 'ERR_INVALID_OPTION');
});

test('a signal that cannot be listened to: the error is its own, and nothing is left', async () => {
  const bad = {
    aborted: false,
    addEventListener() {
      throw new Error('no listeners here');
    },
  } as unknown as AbortSignal;
  const before = openDescriptors();
  for (let i = 0; i < 3; i++) await assert.rejects(run(['true'], {signal: bad}), /no listeners here/);
  await until(() => (openDescriptors().get('socket') ?? 0) <= (before.get('socket') ?? 0), 'its sockets to be closed');
  assert.ok((openDescriptors().get('pipe') ?? 0) <= (before.get('pipe') ?? 0));
});

test('owner: the answer to a client that goes away; one that is gone already starts nothing', async () => {
  let closed: Promise<unknown> | undefined;
  let pid = 0;
  let late: Promise<RunError> | undefined;
  const server = createServer(async (request, response) => {
    assert.equal((await failure(run(['true'], {owner: [request, 'close']}))).code, 'ERR_INVALID_OPTION');
    const p = await start(['sleep', '60'], {stdio: 'ignore', owner: [response, 'close']});
    pid = p.pid;
    closed = p.closed.then(() => {
      late = failure(run(['true'], {owner: [response, 'close']}));
    });
    response.write('working');
  }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  get({port: (server.address() as AddressInfo).port}, (answer) => answer.once('data', () => answer.destroy()));
  await until(() => closed !== undefined, 'the job of the answer');
  await within(closed as Promise<unknown>, 'it to end with the client');
  assert.equal(isAlive(pid), false);
  assert.equal((await late)?.reason, 'abort');
  server.close();
});

test("linger 'leave': settled at the child's exit, the rest lives on until stop()", async () => {
  const command = ['sh', '-c', 'sleep 60 >/dev/null 2>&1 & echo $!'];
  const result = await within(run(command, {linger: 'leave', killTimeout: 200}), 'run()');
  const left = Number(result.stdout);
  assert.deepEqual([result.exitCode, result.ok, result.usage.scope], [0, true, 'reaped']);
  assert.ok(result.usage.maxRssBytes > 0, 'what was reaped so far');
  assert.equal(isAlive(left), true);
  process.kill(left, 'SIGKILL');

  const p = await start(command, {linger: 'leave', killTimeout: 200});
  const end = await within(p.closed, 'closed');
  const also = Number(String(await p.read()));
  assert.deepEqual([end.exitCode, end.reason, end.proven, end.leftovers.map(({pid}) => pid)], [0, 'exit', false, [also]]);
  assert.equal(isAlive(also), true);
  assert.equal((await within(p.stop(), 'stop()')).proven, true);
  assert.equal(isAlive(also), false);
  assert.equal(await p.read(), null);
});

test("linger 'leave' with nobody left is an ordinary end", async () => {
  const p = await start(['true'], {linger: 'leave', stdio: 'ignore'});
  const {proven, reason} = await p.closed;
  assert.deepEqual([proven, reason], [true, 'exit']);
});

test('restartServer(): the next job has the umask of now, and those that run are not touched', async () => {
  const p = await start(['cat']);
  const before = process.umask(0o027);
  try {
    const old = (await run(['sh', '-c', 'umask'])).stdout;
    restartServer();
    const now = (await run(['sh', '-c', 'umask'])).stdout;
    assert.notEqual(old, now);
    assert.match(now, /0*27/);
  } finally {
    process.umask(before);
    restartServer();
  }
  await p.write('still here');
  assert.equal(String(await p.read()), 'still here');
  await p.stop();
  await run(['true']);
  await until(() => forkServersOf().length === 1, 'the older ones to have left');
});
