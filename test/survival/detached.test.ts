// Owns: the promise of `detached`: what is to outlive its host does, and ends as a whole all the same when its own time has come.
// Never: a job that is not detached.
import assert from 'node:assert/strict';
import process from 'node:process';
import {RunError, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {fault, type Stage, shepherdOf} from '../support/fault.js';
import {startHost} from '../support/host.js';
import {child} from '../support/places.js';
import {commandLineOf, findMarked, isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

/** The members of the family that carry the marker, whoever watches them left out. */
const members = (marker: string) => findMarked(marker).filter(({commandLine}) => commandLine.startsWith(child('leave_survivors')));

/** A detached family, and who watches over it; the host is still there. */
async function detachedFamily({marker, line}: Stage, mode: 'all' | 'leftovers' | 'running', stay = '') {
  const host = startHost('detached', {args: [marker, mode, stay], fd3: line.fd});
  line.letGo();
  const leader = Number((await host.says(/^leader (\d+)$/))[1]);
  await until(() => members(marker).length === 3, 'the family to be up');
  const shepherd = shepherdOf(leader);
  const server = processState(shepherd)!.parent;
  assert.match(commandLineOf(server), /^net-runner: detached server of /);
  assert.notEqual(processState(server)!.parent, host.pid, 'it is below the host');
  const left = () => until(() => !isAlive(server) && !isAlive(shepherd), 'its server and shepherd to leave');
  return {host, leader, shepherd, server, left};
}

fault('detached', 'the host is killed: the job does not notice, and its whole tree ends with its leader', async (stage) => {
  const {host, leader, server, shepherd, left} = await detachedFamily(stage, 'all', 'stay');
  host.kill();
  await host.exited;
  assert.notEqual(processState(server)!.session, processState(process.pid)!.session);
  assert.equal(members(stage.marker).length, 3);
  assert.deepEqual([isAlive(server), isAlive(shepherd), stage.line.isOver], [true, true, false]);
  process.kill(leader, 'SIGTERM');
  await stage.gone();
  await left();
});

fault('detached', 'the host ends at once: a detached job keeps no event loop', async (stage) => {
  const {host, leader, left} = await detachedFamily(stage, 'all');
  assert.equal((await within(host.exited, 'the host to end')).code, 0);
  assert.equal(members(stage.marker).length, 3);
  process.kill(leader, 'SIGKILL');
  await stage.gone();
  await left();
});

fault('detached', 'host gone, then its shepherd is killed: its server ends the rest', async (stage) => {
  const {host, shepherd, left} = await detachedFamily(stage, 'all', 'stay');
  host.kill();
  await host.exited;
  process.kill(shepherd, 'SIGKILL');
  await stage.gone();
  await left();
});

fault('detached', 'host gone, then its server is killed: the shepherd still ends the whole tree', async (stage) => {
  const {host, leader, server, left} = await detachedFamily(stage, 'all', 'stay');
  host.kill();
  await host.exited;
  process.kill(server, 'SIGKILL');
  await until(() => !isAlive(server), 'the server to be dead');
  assert.equal(members(stage.marker).length, 3);
  process.kill(leader, 'SIGTERM');
  await stage.gone();
  await left();
});

fault('detached', "'leftovers': until the command exits, it ends with the host", async (stage) => {
  const {host, left} = await detachedFamily(stage, 'running', 'stay');
  host.kill();
  await host.exited;
  await stage.gone();
  await left();
});

fault('detached', "'leftovers': what the command left lives on without the host", async (stage) => {
  const {host, shepherd, server, left} = await detachedFamily(stage, 'leftovers', 'stay');
  host.tell('');
  await host.says(/^closed 0 3$/);
  host.kill();
  await host.exited;
  assert.equal(members(stage.marker).length, 3);
  assert.deepEqual([isAlive(server), isAlive(shepherd), stage.line.isOver], [true, true, false]);
  for (const {pid} of members(stage.marker)) process.kill(pid, 'SIGKILL');
  await stage.gone();
  await left();
});

fault('detached', 'while the host lives it can be stopped, and its timeout counts', async ({marker, line, gone}) => {
  const options = {detached: true, stdio: ['ignore', 'ignore', line.fd], killTimeout: 100} as const;
  const p = await start([child('leave_survivors'), marker], options);
  const late = await start(['sleep', '60', marker.replace(/./g, '1')], {...options, timeout: 200});
  line.letGo();
  await until(() => members(marker).length === 3, 'the family to be up');
  const shepherd = shepherdOf(p.pid);
  const server = processState(shepherd)!.parent;
  p.unref();
  const end = await within(p.stop(), 'stop()');
  assert.deepEqual([end.proven, end.forced], [true, true]);
  assert.equal((await within(late.closed, 'the timeout')).reason, 'timeout');
  await gone();
  await until(() => !isAlive(server) && !isAlive(shepherd), 'its server and shepherd to leave');
});

fault('detached', 'a birth that fails leaves nothing', async () => {
  const error = await start(['/no/such/program'], {detached: true}).catch((reason: unknown) => reason);
  assert.ok(error instanceof RunError && error.code === 'ENOENT', String(error));
  await until(() => findMarked(`detached server of ${process.pid}`).length === 0, 'its server to leave');
});
