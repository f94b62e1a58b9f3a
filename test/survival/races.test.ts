// Owns: kill() and stop() against exits and against reused pids: one outcome each, no throw, no stranger hit (FAULTS 27, 28).
// Never: a shepherd's death (shepherd_death).
import assert from 'node:assert/strict';
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {accessSync, constants, writeFileSync} from 'node:fs';
import {start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault, LONG} from '../support/fault.js';
import {isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const LAST_PID = '/proc/sys/kernel/ns_last_pid';

function cannotForce(): string | false {
  try {
    accessSync(LAST_PID, constants.W_OK);
    writeFileSync(LAST_PID, String(process.pid));
    return false;
  } catch {
    return 'this user may not choose the next pid (ns_last_pid)';
  }
}

/** A child of this process that is none of ours and has the pid `wanted`: whoever else forks meanwhile makes another try necessary. */
async function strangerWith(wanted: number): Promise<ChildProcess> {
  for (let tries = 0; tries < 200; tries++) {
    writeFileSync(LAST_PID, String(wanted - 1));
    const stranger = spawn('sleep', ['60'], {stdio: 'ignore'});
    if (stranger.pid === wanted) return stranger;
    await endStranger(stranger);
  }
  throw new Error(`pid ${wanted} was never free`);
}

async function endStranger(stranger: ChildProcess): Promise<void> {
  const exited = once(stranger, 'exit');
  stranger.kill('SIGKILL');
  await exited;
}

fault(
  '27',
  'the pid of a job that is over belongs to a stranger: kill() and stop() do not touch it',
  async () => {
    const p = await start(['true'], {stdio: 'ignore'});
    await p.closed;
    await until(() => processState(p.pid) === undefined, 'the pid to be free');
    const stranger = await strangerWith(p.pid);
    try {
      for (const reach of ['leader', 'group', 'tree'] as const) assert.equal(await p.kill('SIGKILL', {reach}), false);
      await p.stop({killTimeout: 0});
      assert.equal(isAlive(p.pid), true);
    } finally {
      await endStranger(stranger);
    }
  },
  {skip: cannotForce()},
);

fault(
  '27',
  'the same while descendants of the child still run',
  async ({line, gone}) => {
    const p = await start(['sh', '-c', 'setsid sleep 60 & read x'], {stdio: ['pipe', 'ignore', line.fd], linger: 'wait', killTimeout: 200});
    line.letGo();
    await p.write('\n');
    await p.exited;
    await until(() => processState(p.pid) === undefined, 'the pid to be free');
    const stranger = await strangerWith(p.pid);
    try {
      assert.equal(await p.kill('SIGKILL', {reach: 'leader'}), false);
      await p.kill('SIGCONT');
      await p.kill('SIGCONT', {reach: 'tree'});
      const end = await p.stop();
      assert.deepEqual([end.proven, end.exitCode], [true, 0]);
      await gone();
      assert.equal(isAlive(p.pid), true);
    } finally {
      await endStranger(stranger);
    }
  },
  {skip: cannotForce()},
);

fault(
  '28',
  'kill() and stop() race the exit',
  async () => {
    const all = LONG ? 10_000 : 500;
    const atOnce = 20;
    let met = 0;
    for (let done = 0; done < all; done += atOnce) {
      await within(
        Promise.all(
          Array.from({length: atOnce}, async (_, i) => {
            // Some last a little longer, so that on a busy machine, too, some are met alive.
            const p = await start(i % 10 ? ['true'] : ['sleep', '0.05'], {stdio: 'ignore'});
            for (let turns = 0; turns < i % 7; turns++) await new Promise((resolve) => setImmediate(resolve));
            const delivered = i % 2 ? p.kill('SIGKILL', {reach: i % 3 ? 'tree' : 'leader'}) : p.stop({killTimeout: i % 4 ? 0 : 1_000});
            const [answer, end, exit] = await Promise.all([delivered, p.closed, p.exited]);
            assert.equal(end.proven, true);
            assert.ok(end.exitCode === 0 ? end.signal === null : end.signal === 'SIGKILL' || end.signal === 'SIGTERM', JSON.stringify(end));
            assert.deepEqual([exit.exitCode, exit.signal], [end.exitCode, end.signal]);
            if (typeof answer === 'boolean') {
              if (end.signal === 'SIGKILL') assert.equal(answer, true);
            } else assert.deepEqual(answer, end);
            if (end.signal !== null) met++;
          }),
        ),
        'twenty races',
      );
    }
    assert.ok(met > 0 && met < all, `${met} of ${all} were met alive`);
  },
  {most: 1, limit: LONG ? 300_000 : 60_000},
);
