// Owns: the proof that the test suite's own oracles see what they are there for: lifeline, marker, census, escape.
// Never: uses the library; what these programs leave is ended here.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {after, test} from 'node:test';
import {censusOfThisFile} from '../support/census.js';
import {newLifeline} from '../support/lifeline.js';
import {child, root} from '../support/places.js';
import {findMarked, isAlive, newMarker, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => {});

const marker = newMarker();
after(() => {
  for (const {pid} of findMarked(marker)) process.kill(pid, 'SIGKILL');
});

test('a lifeline ends with the last of three survivors, not before; the marker finds exactly them', async () => {
  const line = newLifeline();
  const leader = spawn(child('leave_survivors'), [marker], {stdio: ['ignore', 'pipe', line.fd]});
  line.letGo();
  const pids = new Map<string, number>();
  for await (const said of createInterface({input: leader.stdout!})) {
    if (said === 'up') break;
    const [name = '', pid] = said.split(' ');
    pids.set(name, Number(pid));
  }
  assert.deepEqual([...pids.keys()].sort(), ['leader', 'runaway', 'worker']);
  const found = findMarked(marker).map(({pid}) => pid);
  assert.deepEqual(found.sort(), [...pids.values()].sort());
  const [worker, runaway] = [pids.get('worker')!, pids.get('runaway')!];
  assert.notEqual(processState(runaway)?.session, processState(worker)?.session, 'the runaway left the session');
  assert.notEqual(processState(runaway)?.parent, leader.pid, 'and its parents');

  process.kill(worker, 'SIGTERM');
  process.kill(runaway, 'SIGTERM');
  leader.kill('SIGKILL');
  await until(() => !isAlive(leader.pid!), 'the leader to die');
  process.kill(worker, 'SIGKILL');
  await until(() => !isAlive(worker), 'the worker to die');
  assert.ok(isAlive(runaway), 'TERM is ignored');
  assert.equal(line.isOver, false, 'somebody still holds it');
  process.kill(runaway, 'SIGKILL');
  await within(line.ended, 'the lifeline to end');
  assert.deepEqual(findMarked(marker), []);
  line.close();
});

test('the census counts and ends what a command leaves, and says nothing of what ends by itself', () => {
  const census = (...command: string[]) =>
    spawnSync(path.join(root, 'build', 'census'), ['--grace', '300', ...command], {encoding: 'utf8'});
  const mark = newMarker();
  const left = census(child('escape_the_session'), mark);
  assert.match(left.stdout, /\nleft behind: 1 processes, 0 zombies, 0 fds, 0 cgroups\n$/);
  assert.equal(left.status, 1);
  assert.deepEqual(findMarked(mark), [], 'it was ended');

  const clean = census('sh', '-c', 'sleep 0.05 & exit 0');
  assert.match(clean.stdout, /^left behind: 0 processes, 0 zombies, 0 fds, 0 cgroups\n$/);
  assert.equal(clean.status, 0);

  const reported = census('sh', '-c', 'echo fds 2 >>"$NET_RUNNER_CENSUS"; exit 3');
  assert.match(reported.stdout, /, 2 fds,/);
  assert.equal(reported.status, 3, "the command's own status goes first");
});
