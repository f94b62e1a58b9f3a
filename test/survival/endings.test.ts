// Owns: the promise at an ordinary end: whoever is deaf, stopped, hidden or oddly related is gone afterwards (FAULTS 5, 16 to 20, 22 to 24).
// Never: the death of anybody of ours.
import assert from 'node:assert/strict';
import process from 'node:process';
import {run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {endMarked, fault, LONG, readOut} from '../support/fault.js';
import {startHost} from '../support/host.js';
import {child} from '../support/places.js';
import {findMarked, isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

fault(
  '5',
  'the host is stopped while a job exits: the exit is not lost, and another job is untouched',
  async ({marker, line, gone}) => {
    const host = startHost('frozen', {args: [marker], fd3: line.fd});
    line.letGo();
    try {
      const exits = Number((await host.says(/^exits (\d+)$/))[1]);
      host.kill('SIGSTOP');
      await until(() => processState(host.pid)?.state === 'T', 'the host to be stopped');
      await until(() => !isAlive(exits), 'its job to exit');
      if (LONG) await new Promise((resolve) => setTimeout(resolve, 10_000));
      host.kill('SIGCONT');
      await host.says(/^exited 7 exit true$/);
      host.tell('stop');
      await host.says(/^stopped true true$/);
      assert.equal((await host.exited).code, 0);
      await gone();
    } finally {
      await host.end();
    }
  },
  {most: 5, limit: 40_000},
);

fault(
  '16',
  'the child ignores the polite signal: SIGKILL at the end of the grace, and the result says so',
  async ({marker, line, gone, took}) => {
    const p = await start([child('ignore_sigterm'), marker], {stdio: ['ignore', 'pipe', line.fd], killTimeout: 200});
    line.letGo();
    await p.read();
    const began = performance.now();
    const end = await p.stop();
    const ms = performance.now() - began;
    assert.deepEqual([end.forced, end.signal, end.reason], [true, 'SIGKILL', 'signal']);
    assert.ok(ms >= 199 && ms < 700, `${ms} ms`);
    took(ms - 200);
    await gone();
    await readOut(p);
  },
);

fault('17', 'the child takes the hint and exits with 0 within the grace', async ({marker, line, gone}) => {
  const p = await start([child('trap_sigterm_exit_0'), '50', marker], {stdio: ['ignore', 'pipe', line.fd], killTimeout: 10_000});
  line.letGo();
  await p.read();
  const end = await p.stop();
  assert.deepEqual([end.exitCode, end.forced, end.proven], [0, false, true]);
  await gone();
  await readOut(p);
});

fault('18', 'the child exits while a grandchild keeps stdout open: run() settles', async ({marker, line, gone}) => {
  const result = await within(run([child('hold_stdout_open'), '60000', marker], {stderr: line.fd}), 'run()');
  line.letGo();
  assert.deepEqual([result.stdout, result.exitCode, result.leftovers.length], ['done\n', 0, 1]);
  await gone();
});

fault('18', "linger: 'wait' waits until it ends by itself", async ({marker, line, gone}) => {
  const began = performance.now();
  const result = await run([child('hold_stdout_open'), '300', marker], {stderr: line.fd, linger: 'wait'});
  line.letGo();
  assert.ok(performance.now() - began >= 299);
  assert.deepEqual([result.stdout, result.exitCode], ['done\n', 0]);
  await gone();
});

fault('19', 'somebody left the session before the child exited: ended, and named', async ({marker, line, gone}) => {
  const result = await run([child('escape_the_session'), marker], {stderr: line.fd, killTimeout: 300});
  line.letGo();
  const escapee = Number(result.stdout);
  assert.deepEqual([result.exitCode, result.leftovers.map(({pid}) => pid)], [0, [escapee]]);
  assert.equal(result.leftovers[0]?.name, 'escape_the_sess');
  assert.equal(isAlive(escapee), false);
  await gone();
});

fault('20', 'somebody closed everything, lost its name and its environment: ended all the same', async () => {
  const result = await run([child('vanish')], {killTimeout: 300});
  const hidden = Number(result.stdout);
  assert.ok(hidden > 0);
  assert.deepEqual(
    result.leftovers.map(({pid, name}) => [pid, name]),
    [[hidden, 'kworker/0:0']],
  );
  assert.equal(isAlive(hidden), false);
});

for (const kind of ['exit_signal_0', 'clone_parent', 'subreaper', 'pid_namespace']) {
  const skip = kind === 'pid_namespace' && process.getuid?.() !== 0 && 'a pid namespace needs root';
  fault(
    '22',
    `a relative by ${kind}`,
    async ({marker, line, gone}) => {
      const p = await start([child('odd_family'), kind, marker], {stdio: ['ignore', 'pipe', line.fd], killTimeout: 200});
      line.letGo();
      const said = Number(String(await p.read()));
      assert.notEqual(said, p.pid);
      assert.ok(findMarked(marker).length >= 2);
      const end = await within(p.stop(), 'stop()');
      assert.deepEqual([end.proven, end.forced], [true, true]);
      await gone();
      await readOut(p);
    },
    {skip},
  );
}

fault('23', 'everybody is stopped, then stop(): continued and ended', async ({family, gone}) => {
  const {p, leader, worker, runaway} = await family();
  for (const pid of [leader, worker, runaway]) process.kill(pid, 'SIGSTOP');
  await until(() => [leader, worker, runaway].every((pid) => processState(pid)?.state === 'T'), 'them to be stopped');
  const end = await within(p.stop(), 'stop()');
  assert.deepEqual([end.proven, end.signal], [true, 'SIGTERM']);
  await gone();
});

fault('24', 'the child stops itself at its start: nothing blocks, and it can be continued', async ({marker, line, gone}) => {
  const p = await start([child('stop_itself'), marker], {stdio: ['ignore', 'pipe', line.fd]});
  line.letGo();
  await until(() => processState(p.pid)?.state === 'T', 'it to stop itself');
  assert.equal(p.alive, true);
  assert.equal((await run(['true'])).exitCode, 0);
  assert.equal(await p.kill('SIGCONT', {reach: 'leader'}), true);
  assert.equal((await within(p.exited, 'its exit')).exitCode, 0);
  await gone();
  await readOut(p);
});

fault('control', 'without us the runaway of the same family lives on', async ({marker, line}) => {
  const host = startHost('unprotected', {args: [marker]});
  line.letGo();
  try {
    await host.says(/^pids/);
    host.kill();
    await host.exited;
    assert.ok(endMarked(marker) >= 2);
  } finally {
    await host.end();
  }
});
