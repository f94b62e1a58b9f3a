// Owns: the promise when a shepherd dies or hangs, alone or with others (FAULTS 7 to 9, 13 to 15).
// Never: the host's own deaths (host_death), the fork server's (fork_server_death).
import assert from 'node:assert/strict';
import process from 'node:process';
import {RunError, run, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {endMarked, fault, type Stage, shepherdOf} from '../support/fault.js';
import {cannotFreeze, freeze} from '../support/freezer.js';
import {startHost} from '../support/host.js';
import {child} from '../support/places.js';
import {childrenOf, commandLineOf, findMarked, forkServersOf, isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function signalled(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it was quicker
  }
}

fault('7', 'the shepherd is killed', async ({family, gone, took}) => {
  const {p, shepherd} = await family();
  const began = performance.now();
  process.kill(shepherd, 'SIGKILL');
  const end = await within(p.closed, 'the job to be given up');
  assert.deepEqual([end.reason, end.proven, end.exitStatus], ['lost', true, null]);
  await gone();
  took(performance.now() - began);
});

fault('7', 'the shepherd of a run() is killed', async ({marker, line, gone}) => {
  const running = run([child('ignore_sigterm'), marker], {stderr: line.fd}).catch((error: unknown) => error);
  line.letGo();
  const found = await until(() => findMarked(marker).find(({commandLine}) => !commandLine.startsWith('net-runner')), 'the child');
  const shepherd = shepherdOf(found.pid);
  // Its title tells when it has said STARTED; before that nobody could know that the child was born.
  await until(() => commandLineOf(shepherd).startsWith(`net-runner: shepherd of ${found.pid}`), 'the shepherd to have said so');
  process.kill(shepherd, 'SIGKILL');
  const error = await within(running, 'run() to reject');
  assert.ok(error instanceof RunError && error.reason === 'lost');
  assert.deepEqual([error.proven, error.started], [true, true]);
  await gone();
});

fault('8', 'shepherds are killed at any moment of a birth', async ({marker, line, gone}) => {
  for (let turns = 0; turns < 12; turns++) {
    const starting = start([child('ignore_sigterm'), marker], {stdio: ['ignore', 'ignore', line.fd]}).catch((error: unknown) => error);
    for (let i = 0; i < turns; i++) await nextTurn();
    for (const server of forkServersOf()) for (const {pid} of childrenOf(server.pid)) signalled(pid, 'SIGKILL');
    const born = await within(starting, 'the birth to be settled');
    if (born instanceof RunError) {
      assert.ok(born.reason === 'lost' || born.reason === 'spawn', String(born));
    } else {
      // It was born after the blow, or the blow is still on its way.
      const p = born as Awaited<ReturnType<typeof start>>;
      void p.stop({killTimeout: 0});
      assert.equal((await within(p.closed, 'its end')).proven, true);
    }
  }
  line.letGo();
  await gone();
  assert.equal((await run(['true'])).exitCode, 0);
});

fault('9', 'the shepherd is stopped, then stop(): it is woken', async ({family, gone, took}) => {
  const {p, shepherd} = await family();
  process.kill(shepherd, 'SIGSTOP');
  const began = performance.now();
  const end = await within(p.stop(), 'stop()');
  assert.deepEqual([end.proven, end.forced, end.reason], [true, true, 'signal']);
  await gone();
  took(performance.now() - began);
});

fault('9', 'the shepherd is stopped again and again: it is replaced', async ({family, gone, took}) => {
  const {p, shepherd} = await family();
  process.kill(shepherd, 'SIGSTOP');
  const again = setInterval(() => {
    const state = processState(shepherd);
    if (state?.name === 'nr-shepherd' && state.state !== 'T') signalled(shepherd, 'SIGSTOP');
  }, 1);
  const began = performance.now();
  try {
    const end = await within(p.stop(), 'stop()');
    assert.equal(end.proven, true);
    await gone();
  } finally {
    clearInterval(again);
  }
  took(performance.now() - began);
});

fault('7', 'the shepherd is killed while the fork server is stopped: it is woken, and sweeps', async ({family, gone, took}) => {
  const {p, shepherd} = await family();
  const [server] = forkServersOf();
  process.kill(server!.pid, 'SIGSTOP');
  await until(() => processState(server!.pid)?.state === 'T', 'the fork server to stop');
  const began = performance.now();
  process.kill(shepherd, 'SIGKILL');
  assert.equal((await within(p.closed, 'its end')).proven, true);
  await gone();
  took(performance.now() - began);
});

fault('9', 'the shepherd is stopped in the grace', async ({family, gone, took}) => {
  const {p, shepherd} = await family({killTimeout: 400});
  const began = performance.now();
  const stopping = p.stop();
  await until(() => !isAlive(p.pid), 'the leader to take the hint');
  process.kill(shepherd, 'SIGSTOP');
  assert.equal((await within(stopping, 'stop()')).proven, true);
  await gone();
  took(performance.now() - began);
});

fault(
  '9',
  'the shepherd falls silent, then stop(): it is killed, and its tree swept',
  async ({family, gone, took}) => {
    const {p, shepherd} = await family();
    const remove = await freeze(shepherd);
    try {
      const began = performance.now();
      const end = await within(p.stop(), 'stop()');
      assert.deepEqual([end.reason, end.proven], ['lost', true]);
      await gone();
      took(performance.now() - began);
    } finally {
      await remove();
    }
  },
  {most: 3, skip: cannotFreeze},
);

fault(
  '9',
  'the shepherd falls silent before its timeout: the backup timer of the host notices',
  async ({marker, line, gone}) => {
    const p = await start([child('ignore_sigterm'), marker], {stdio: ['ignore', 'ignore', line.fd], timeout: 200, killTimeout: 100});
    line.letGo();
    const remove = await freeze(shepherdOf(p.pid));
    try {
      assert.equal((await within(p.closed, 'its end')).proven, true);
      await gone();
    } finally {
      await remove();
    }
  },
  {most: 1, skip: cannotFreeze},
);

/** A host with the family, and who watches over it. */
async function withHost({marker, line}: Stage, play: (host: ReturnType<typeof startHost>, shepherd: number) => Promise<void>) {
  const host = startHost('family', {args: [marker], fd3: line.fd});
  line.letGo();
  try {
    const leader = Number((await host.says(/^leader (\d+)$/))[1]);
    const runaway = Number((await host.says(/^runaway (\d+)$/))[1]);
    await host.says(/^up$/);
    assert.notEqual(processState(leader)?.session, processState(runaway)?.session, 'the runaway did not get away');
    await play(host, shepherdOf(leader));
  } finally {
    await host.end();
  }
}

fault('13', 'shepherd and host are killed together', (stage) =>
  withHost(stage, async (host, shepherd) => {
    process.kill(shepherd, 'SIGKILL');
    host.kill();
    const began = performance.now();
    await host.exited;
    await stage.gone();
    stage.took(performance.now() - began);
  }),
);

fault(
  '14',
  'shepherd and fork server are killed together: what can be proven is ended, and the result says so',
  async ({family, marker, line}) => {
    const {p, shepherd, leader, worker, runaway} = await family();
    const server = processState(shepherd)!.parent;
    // Stopped first, so that neither has a moment to see the other go.
    for (const pid of [server, shepherd]) process.kill(pid, 'SIGSTOP');
    for (const pid of [server, shepherd]) process.kill(pid, 'SIGKILL');
    const end = await within(p.closed, 'the job to be given up');
    assert.deepEqual([end.reason, end.proven], ['lost', false]);
    await until(() => !isAlive(leader) && !isAlive(worker), 'the child and its group to be gone');
    assert.equal(isAlive(runaway), true, 'whoever left the group cannot be proven to be ours');
    assert.equal((await run(['true'])).exitCode, 0);
    endMarked(marker);
    await within(line.ended, 'the runaway to be ended by this test');
  },
);

fault('15', 'host, fork server and shepherd are killed together: the child dies, the rest is documented', (stage) =>
  withHost(stage, async (host, shepherd) => {
    const {marker, line} = stage;
    const server = processState(shepherd)!.parent;
    for (const pid of [host.pid, server, shepherd]) process.kill(pid, 'SIGSTOP');
    for (const pid of [host.pid, server, shepherd]) process.kill(pid, 'SIGKILL');
    await host.exited;
    await until(() => findMarked(marker).length <= 2, 'the child to die by its death signal');
    assert.equal(endMarked(marker), 2, 'without isolation two of the family live on: docs/guarantees.md says so');
    await within(line.ended, 'them to be ended by this test');
  }),
);
