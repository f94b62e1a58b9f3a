// Owns: a supervisor that is asked for several things at once, or while a service waits, fails or is on its way down; with real processes.
// Never: what each of these does alone (behaviour/supervisor).
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, describe, test} from 'node:test';
import {type Daemon, type DaemonState, type Strategy, Supervisor} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {findMarked, newMarker, openDescriptors} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-supervisor-races-'));
after(() => rmSync(folder, {recursive: true}));

let files = 0;
const newPath = () => path.join(folder, String(files++));
function newFile(): string {
  const file = newPath();
  writeFileSync(file, '');
  return file;
}
const notes = (file: string) => readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);

const sh = (script: string, marker = 'sh') => ['sh', '-c', script, marker];
const untilThere = (file: string) => `while [ ! -e ${file} ]; do sleep 0.02; done;`;
const UP = 'while :; do sleep 0.02; done';
/** Notes its start in a file, and that is all it does. */
const noting = (file: string, name: string, before = '') => ({
  command: sh(`${before} echo "${name} up" >> ${file}; echo ready; ${UP}`),
  ready: {line: 'ready'},
});
/** Ends only once a file is there. */
const slowToEnd = (may: string, marker?: string) => ({
  command: sh(`trap '${untilThere(may)} exit 0' TERM; echo ready; ${UP}`, marker),
  ready: {line: 'ready'},
  killTimeout: 50_000,
});
const FAST = {backoff: {min: 1, max: 5}} as const;

function service(supervisor: Supervisor, name: string): Daemon {
  const daemon = supervisor.services.get(name);
  assert.ok(daemon, name);
  return daemon;
}

const reaches = (daemon: Daemon, wanted: DaemonState) =>
  within(new Promise<void>((resolve) => daemon.on('state', (state) => state === wanted && resolve())), `it to be ${wanted}`);

const allReady = (supervisor: Supervisor) =>
  until(() => [...supervisor.services.values()].every(({state}) => state === 'ready'), 'all to be ready');

describe('one that waits for its first start', () => {
  test('is left alone when a neighbour fails and all are restarted', async () => {
    const [file, failed, again] = [newFile(), newPath(), newPath()];
    const supervisor = await within(
      Supervisor.start({
        strategy: 'one-for-all',
        services: {
          a: {
            command: sh(
              `if [ ! -e ${failed} ]; then echo > ${failed}; while [ ! -s ${file} ]; do sleep 0.02; done; exit 1; fi; echo > ${again}; ${UP}`,
            ),
            restart: FAST,
          },
          migrate: {command: sh(`echo begin >> ${file}; ${untilThere(again)} sleep 0.1; echo end >> ${file}`)},
          web: {...noting(file, 'web'), dependsOn: {migrate: 'succeeded'}},
        },
      }),
      'it to start',
    );
    assert.deepEqual(notes(file), ['begin', 'begin', 'end', 'web up']);
    await supervisor.stop();
  });

  test('one that is not ready yet is halted and comes back, and its start goes on', async () => {
    const [file, crash, may] = [newFile(), newPath(), newPath()];
    const supervisor = await within(
      Supervisor.start({
        strategy: 'one-for-all',
        services: {
          a: {command: sh(`if [ ! -e ${may} ]; then ${untilThere(crash)} echo > ${may}; exit 1; fi; ${UP}`), restart: FAST},
          b: noting(file, 'b', `echo begin >> ${file}; echo > ${crash}; ${untilThere(may)} [ $(wc -l < ${file}) -ge 2 ] || ${UP};`),
        },
      }),
      'it to start',
    );
    assert.deepEqual(notes(file), ['begin', 'begin', 'b up']);
    await supervisor.stop();
  });

  test('is not started by the restart of what it needs', async () => {
    const [file, may] = [newFile(), newPath()];
    const supervisor = await Supervisor.start({
      services: {db: noting(file, 'db'), migrate: {command: sh(`${untilThere(may)} echo migrated >> ${file}`)}},
    });
    const adding = supervisor.add('web', {...noting(file, 'web'), dependsOn: {db: 'ready', migrate: 'succeeded'}});
    await within(supervisor.restart('db'), 'the restart');
    writeFileSync(may, '');
    await within(adding, 'it to be added');
    assert.deepEqual(notes(file), ['db up', 'db up', 'migrated', 'web up']);
    await supervisor.stop();
  });

  test('its own restart is its start, and holds nobody up', async () => {
    const supervisor = await Supervisor.start({services: {db: {command: ['sleep', '60']}, migrate: {command: ['sleep', '60']}}});
    const adding = supervisor.add('web', {command: ['sleep', '60'], dependsOn: {migrate: 'succeeded'}});
    const restarting = supervisor.restart('web');
    const asked = service(supervisor, 'web').restart();
    await within(supervisor.restart('db'), 'the restart of another');
    assert.equal((await within(supervisor.stop(), 'its end')).reason, 'stop');
    for (const each of [adding, restarting]) assert.match((await failure(each)).message, /'web' was not started/);
    await failure(asked);
  });

  test('its removal ends the wait', async () => {
    const supervisor = await Supervisor.start({services: {migrate: {command: ['sleep', '60']}}});
    const adding = supervisor.add('web', {command: ['sleep', '60'], dependsOn: {migrate: 'succeeded'}});
    await within(supervisor.remove('web'), 'its removal');
    assert.match((await failure(adding)).message, /was stopped before it was ready/);
    await within(supervisor.remove('migrate'), 'the removal of what it needed');
    assert.equal((await within(supervisor.ended, 'its end')).reason, 'done');
  });
});

describe('restart()', () => {
  for (const strategy of ['one-for-one', 'one-for-all', 'rest-for-one'] satisfies Strategy[]) {
    test(`${strategy}: a first attempt that fails: those that need it come back after it`, async () => {
      const [file, bad] = [newFile(), newPath()];
      const supervisor = await Supervisor.start({
        strategy,
        services: {
          db: {...noting(file, 'db', `if [ -e ${bad} ]; then rm ${bad}; exit 1; fi;`), restart: FAST},
          api: {...noting(file, 'api'), dependsOn: ['db']},
          web: {...noting(file, 'web'), dependsOn: ['api']},
        },
      });
      await within(supervisor.restart('db'), 'a restart that succeeds');
      const order = ['db up', 'api up', 'web up'];
      assert.deepEqual(notes(file), [...order, ...order]);
      writeFileSync(bad, '');
      assert.match((await failure(supervisor.restart('db'))).message, /exited with code 1 before it was ready/);
      await allReady(supervisor);
      assert.deepEqual(notes(file), [...order, ...order, ...order]);
      await supervisor.stop();
    });
  }

  test('one that does not come back: those that needed it go on', async () => {
    const bad = newPath();
    const supervisor = await Supervisor.start({
      services: {
        db: {command: sh(`[ -e ${bad} ] && exit 1; echo ready; ${UP}`), ready: {line: 'ready'}, restart: 'never'},
        web: {command: ['sleep', '60'], dependsOn: ['db']},
      },
    });
    writeFileSync(bad, '');
    await failure(supervisor.restart('db'));
    await until(() => service(supervisor, 'web').state === 'ready', 'it to be back');
    assert.deepEqual((await supervisor.stop()).failed, ['db']);
  });

  test("of what others wait for with 'succeeded': they come back once it has ended", async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({
      services: {
        migrate: {command: sh(`sleep 0.1; echo migrated >> ${file}`)},
        web: {...noting(file, 'web'), dependsOn: {migrate: 'succeeded'}},
      },
    });
    await within(supervisor.restart('migrate'), 'the restart');
    await until(() => notes(file).length === 4, 'it to be back');
    assert.deepEqual(notes(file), ['migrated', 'web up', 'migrated', 'web up']);
    await supervisor.stop();
  });

  test('of one that is on its way down for the sake of another: it comes back with that', async () => {
    const [file, may] = [newFile(), newPath()];
    const supervisor = await Supervisor.start({services: {db: noting(file, 'db'), web: {...slowToEnd(may), dependsOn: ['db']}}});
    const web = service(supervisor, 'web');
    const stopping = reaches(web, 'stopping');
    const both = [supervisor.restart('db')];
    await stopping;
    both.push(web.restart());
    writeFileSync(may, '');
    await within(Promise.all(both), 'both restarts');
    assert.equal(web.state, 'ready');
    assert.deepEqual(notes(file), ['db up', 'db up']);
    await supervisor.stop();
  });

  test('stop() while it is under way', async () => {
    const may = newPath();
    const supervisor = await Supervisor.start({services: {db: {command: ['sleep', '60']}, web: {...slowToEnd(may), dependsOn: ['db']}}});
    const stopping = reaches(service(supervisor, 'web'), 'stopping');
    const restarting = supervisor.restart('db');
    await stopping;
    const ending = supervisor.stop();
    writeFileSync(may, '');
    assert.equal((await within(ending, 'its end')).reason, 'stop');
    assert.equal((await failure(restarting)).code, 'ERR_DAEMON_ENDED');
  });
});

describe('remove()', () => {
  test('after a restart() that is queued: nothing of it is left', async () => {
    const [may, marker] = [newPath(), newMarker()];
    const supervisor = await Supervisor.start({services: {a: {command: sh(UP, marker)}, b: slowToEnd(may)}});
    const leaving = within(once(service(supervisor, 'b'), 'state'), 'it to be on its way down');
    const calls = [supervisor.restart('b'), supervisor.restart('a'), supervisor.remove('a')];
    const late = supervisor.restart('a');
    await leaving;
    writeFileSync(may, '');
    await within(Promise.all(calls), 'all three');
    assert.match((await failure(late)).message, /there is no service 'a'/);
    assert.deepEqual([[...supervisor.services.keys()], findMarked(marker)], [['b'], []]);
    await supervisor.stop();
  });

  test('stop() waits for it; until then nobody may come to need it; it is no end that exitOn means', async () => {
    const [may, marker] = [newPath(), newMarker()];
    const supervisor = await Supervisor.start({
      exitOn: 'any',
      services: {a: slowToEnd(may, marker), b: {command: ['sleep', '60']}},
    });
    const gone = newPath();
    await within(supervisor.add('d', slowToEnd(gone)), 'one more');
    writeFileSync(gone, '');
    await within(supervisor.remove('d'), 'a removal');
    const stopping = reaches(service(supervisor, 'a'), 'stopping');
    const removing = supervisor.remove('a');
    await stopping;
    assert.match((await failure(supervisor.add('e', {command: ['true'], dependsOn: ['a']}))).message, /'a', which is no service/);
    const ending = supervisor.stop();
    let over = false;
    void ending.then(() => {
      over = true;
    });
    await within(service(supervisor, 'b').ended, 'another one to end');
    await new Promise(setImmediate);
    assert.equal(over, false);
    writeFileSync(may, '');
    assert.equal((await within(ending, 'its end')).reason, 'stop');
    assert.deepEqual(findMarked(marker), []);
    await within(removing, 'its removal');
  });
});

test('stop() with a wrong killTimeout begins nothing', async () => {
  const supervisor = await Supervisor.start({services: {a: {command: ['sleep', '60']}}});
  assert.match((await failure(supervisor.stop({killTimeout: -1}))).message, /`killTimeout` must be milliseconds/);
  assert.equal(service(supervisor, 'a').state, 'ready');
  assert.equal((await within(supervisor.stop(), 'its end')).reason, 'stop');
});

test('a log file that cannot be opened: those of the others are closed', async () => {
  const log = newPath();
  const services = {a: {command: ['true'], log: {file: log}}, b: {command: ['true'], log: {file: path.join(log, 'below')}}};
  assert.match((await failure(Supervisor.start({services}))).message, /`log\.file` .* cannot be opened/);
  const open = [...openDescriptors().keys()].filter((target) => target.endsWith(log.slice(tmpdir().length)));
  assert.deepEqual(open, []);
});
