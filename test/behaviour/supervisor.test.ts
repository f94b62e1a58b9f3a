// Owns: Supervisor.start(): order, strategies, intensity, changes at run time, and its end, with real processes.
// Never: what one daemon does (behaviour/daemon), or a death of the host (survival).
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {after, describe, test} from 'node:test';
import {type Strategy, Supervisor, type SupervisorOptions} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {failure} from '../support/failure.js';
import {startHost} from '../support/host.js';
import {child} from '../support/places.js';
import {findMarked, isAlive, newMarker} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile();

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-supervisor-'));
after(() => rmSync(folder, {recursive: true}));

/** A service that notes its start and its end in a file. */
function noting(file: string, name: string, more = '', end = ''): {command: string[]; ready: {line: string}} {
  const script = `trap '${end}echo "${name} down" >> ${file}; exit 0' TERM; ${more} echo "${name} up" >> ${file}; echo ready; while :; do sleep 0.02; done`;
  return {command: ['sh', '-c', script], ready: {line: 'ready'}};
}

let files = 0;
function newFile(): string {
  const file = path.join(folder, String(files++));
  writeFileSync(file, '');
  return file;
}

const notes = (file: string) => readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
const FAST = {backoff: {min: 1, max: 5}} as const;

describe('order', () => {
  test('dependencies come first and go last, each waited for', async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({
      services: {
        web: {...noting(file, 'web'), dependsOn: {api: 'ready'}},
        api: {...noting(file, 'api', 'sleep 0.1;'), dependsOn: ['db']},
        db: noting(file, 'db', 'sleep 0.2;', 'sleep 0.1;'),
      },
    });
    assert.deepEqual([...supervisor.services.keys()], ['db', 'api', 'web']);
    assert.deepEqual(notes(file), ['db up', 'api up', 'web up']);
    const end = await supervisor.stop();
    assert.deepEqual([end.ok, end.reason, end.failed], [true, 'stop', []]);
    assert.deepEqual(notes(file).slice(3), ['web down', 'api down', 'db down']);
    assert.equal(await supervisor.stop(), end);
  });

  test('services that do not need each other start and stop side by side', async () => {
    const [begun, ending] = [newFile(), newFile()];
    // Each waits for the other four, both ways: one after the other, nobody would be ready, and all would be killed.
    const all = (file: string) => `while [ $(wc -l < ${file}) -lt 5 ]; do sleep 0.02; done`;
    const script = `trap 'echo x >> ${ending}; ${all(ending)}; exit 0' TERM; echo x >> ${begun}; ${all(begun)}; echo ready; while :; do sleep 0.02; done`;
    const service = {command: ['sh', '-c', script], ready: {line: 'ready'}, killTimeout: 15_000};
    const supervisor = await Supervisor.start({services: {a: service, b: service, c: service, d: service, e: service}});
    await supervisor.stop();
    const ends = await Promise.all([...supervisor.services.values()].map(({ended}) => ended));
    assert.deepEqual(
      ends.map(({last}) => last?.exitCode),
      [0, 0, 0, 0, 0],
    );
  });

  test("'started' does not wait for ready, 'succeeded' waits for the end", async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({
      services: {
        slow: noting(file, 'slow', `while ! grep -q early ${file}; do sleep 0.02; done;`),
        early: {...noting(file, 'early'), dependsOn: {slow: 'started'}},
        migrate: {command: ['sh', '-c', `sleep 0.1; echo migrated >> ${file}`]},
        web: {...noting(file, 'web'), dependsOn: {migrate: 'succeeded'}},
      },
    });
    const order = notes(file);
    assert.ok(order.indexOf('early up') < order.indexOf('slow up'), order.join());
    assert.ok(order.indexOf('migrated') < order.indexOf('web up'), order.join());
    assert.equal(supervisor.services.get('migrate')?.state, 'stopped');
    await supervisor.stop();
  });

  test('one that does not come up: its name and output in the error, and nothing of the others is left', async () => {
    const marker = newMarker();
    const file = newFile();
    const error = await failure(
      Supervisor.start({
        services: {
          db: {command: ['sh', '-c', 'exec sleep 60', marker]},
          api: {command: ['sh', '-c', 'echo "no such table"; exit 4', marker], ready: {port: 9}, dependsOn: ['db']},
          web: {...noting(file, 'web'), dependsOn: ['api']},
        },
      }),
    );
    assert.deepEqual([error.reason, error.code], ['not-ready', 'ERR_NOT_READY']);
    assert.match(error.message, /^service 'api': sh -c .* exited with code 4 before it was ready\nno such table$/);
    assert.match(error.stack as string, /^RunError: service 'api'(.|\n)*supervisor\.test\.js/);
    assert.deepEqual([findMarked(marker), notes(file)], [[], []]);
    const failed = await failure(
      Supervisor.start({
        services: {migrate: {command: ['false'], restart: 'never'}, web: {command: ['sleep', '60'], dependsOn: {migrate: 'succeeded'}}},
      }),
    );
    assert.match(failed.message, /service 'migrate', which 'web' needs, did not end with success/);
  });

  test('refused before anything starts, with the name of the service', async () => {
    const file = newFile();
    const good = noting(file, 'good');
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{}, /`services` must be an object/],
      [{services: {}}, /`services` is empty/],
      [{service: {}}, /did you mean `services`/],
      [{services: {good, web: {}}}, /service 'web' has no `command`/],
      [{services: {good, web: {command: ['x'], dependsOn: ['god']}}}, /'web' depends on 'god', which is no service; did you mean 'good'\?/],
      [{services: {good, a: {command: ['x'], dependsOn: ['b']}, b: {command: ['x'], dependsOn: ['a']}}}, /in a circle: a -> b -> a/],
      [{services: {good, web: {command: ['x'], dependsOn: {good: 'healthy'}}}}, /must be 'started', 'ready' or 'succeeded'/],
      [{services: {good, web: {command: ['x'], environment: {A: '1'}}}}, /`environment` is `env` here/],
      [{services: {good, web: {command: ['x'], timeout: 5}}}, /`timeout` does not apply to Daemon\.start\(\)/],
      [{services: {good, web: {command: ['']}}}, /command is empty/],
      [{services: {good, 'a b': {command: ['x']}}}, /cannot be the name of a service/],
      [{services: {good}, strategy: 'all'}, /`strategy` must be 'one-for-one', 'one-for-all' or 'rest-for-one'/],
      [{services: {good}, exitOn: 'godo'}, /`exitOn` must be/],
      [{services: {good}, intensity: {max: 'x'}}, /`intensity\.max` must be a whole number/],
    ];
    for (const [options, sentence] of wrong) {
      const error = await failure(Supervisor.start(options as SupervisorOptions));
      assert.equal(error.reason, 'invalid');
      assert.match(error.message, sentence);
    }
    assert.deepEqual(notes(file), []);
  });
});

describe('strategies', () => {
  const expected: Readonly<Record<Strategy, readonly string[]>> = {
    'one-for-one': ['b up'],
    'one-for-all': ['c down', 'a down', 'a up', 'b up', 'c up'],
    'rest-for-one': ['c down', 'b up', 'c up'],
  };
  for (const [strategy, what] of Object.entries(expected) as [Strategy, string[]][]) {
    test(strategy, async () => {
      const file = newFile();
      const supervisor = await Supervisor.start({
        strategy,
        services: {
          a: noting(file, 'a'),
          b: {...noting(file, 'b'), dependsOn: ['a'], restart: FAST},
          c: {...noting(file, 'c'), dependsOn: ['b']},
        },
      });
      const before = notes(file).length;
      const pids = new Map([...supervisor.services].map(([name, {pid}]) => [name, pid]));
      await supervisor.services.get('b')?.kill('SIGKILL');
      await until(() => notes(file).length - before === what.length, 'the group to come back');
      await until(() => [...supervisor.services.values()].every(({state}) => state === 'ready'), 'all to be ready');
      assert.deepEqual(notes(file).slice(before), what);
      const changed = [...supervisor.services].filter(([name, {pid}]) => pid !== pids.get(name)).map(([name]) => name);
      assert.deepEqual(changed, [...new Set(what.filter((note) => note.endsWith('up')).map((note) => note.split(' ')[0]))]);
      assert.equal(supervisor.services.get('b')?.restarts, 1);
      await supervisor.stop();
      assert.deepEqual(notes(file).slice(-3), ['c down', 'b down', 'a down']);
    });
  }

  test('a group whose members crash together settles', async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({
      strategy: 'one-for-all',
      services: {
        a: {...noting(file, 'a'), restart: FAST},
        b: {...noting(file, 'b'), restart: FAST},
        c: {...noting(file, 'c'), restart: FAST},
      },
    });
    const pids = new Set([...supervisor.services.values()].map(({pid}) => pid));
    await Promise.all([...supervisor.services.values()].map((daemon) => daemon.kill('SIGKILL')));
    await until(
      () => [...supervisor.services.values()].every(({state, pid}) => state === 'ready' && !pids.has(pid)),
      'all to be ready again',
    );
    await supervisor.stop();
  });
});

describe('giving up', () => {
  test('more restarts than the intensity allows: everything is stopped', async () => {
    const supervisor = await Supervisor.start({
      intensity: {max: 3},
      services: {good: {command: ['sleep', '60']}, bad: {command: ['sh', '-c', 'sleep 0.05; exit 1'], restart: {...FAST, max: 100}}},
    });
    const end = await within(supervisor.ended, 'it to give up');
    assert.deepEqual([end.ok, end.reason], [false, 'gave-up']);
    assert.match(end.message, /more than 3 restarts within 60000 ms, the last one of 'bad': it exited with code 1/);
    assert.equal(supervisor.services.get('good')?.state, 'stopped');
  });

  test('exitOn: failure, any, a name; without it the others go on', async () => {
    const ends = {bad: {command: ['sh', '-c', 'sleep 0.1; exit 1'], restart: 'never'}, long: {command: ['sleep', '60']}} as const;
    const done = {good: {command: ['sleep', '0.1']}, long: {command: ['sleep', '60']}} as const;
    const failed = await (await Supervisor.start({services: ends, exitOn: 'failure'})).ended;
    assert.deepEqual([failed.ok, failed.reason, failed.failed], [false, 'exit-on', ['bad']]);
    const any = await (await Supervisor.start({services: done, exitOn: 'any'})).ended;
    assert.deepEqual([any.ok, any.reason], [true, 'exit-on']);
    const named = await (await Supervisor.start({services: done, exitOn: 'good'})).ended;
    assert.deepEqual([named.ok, named.reason], [true, 'exit-on']);
    const on = await Supervisor.start({services: ends});
    await on.services.get('bad')?.ended;
    assert.equal(on.services.get('long')?.state, 'ready');
    const end = await on.stop();
    assert.deepEqual([end.ok, end.reason, end.failed], [false, 'stop', ['bad']]);
  });

  test('all over is the end', async () => {
    const supervisor = await Supervisor.start({services: {a: {command: ['true']}, b: {command: ['true']}}});
    assert.deepEqual(await within(supervisor.ended, 'its end'), {ok: true, reason: 'done', message: 'every service is over', failed: []});
  });
});

describe('at run time', () => {
  test('add, restart, remove', async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({services: {db: noting(file, 'db')}});
    const web = await supervisor.add('web', {...noting(file, 'web'), dependsOn: ['db']});
    assert.equal(web.state, 'ready');
    assert.match((await failure(supervisor.add('web', {command: ['x']}))).message, /there is a service 'web' already/);
    assert.equal((await failure(supervisor.add('bad', {command: ['no-such-program-here']}))).code, 'ENOENT');
    assert.deepEqual([...supervisor.services.keys()], ['db', 'web']);
    const {pid} = web;
    await supervisor.restart('db');
    assert.deepEqual(notes(file), ['db up', 'web up', 'web down', 'db down', 'db up', 'web up']);
    assert.notEqual(web.pid, pid);
    assert.equal(isAlive(pid as number), false);
    assert.match((await failure(supervisor.restart('wbe'))).message, /did you mean 'web'/);
    assert.equal((await failure(supervisor.remove('db'))).code, 'ERR_SERVICE_NEEDED');
    await supervisor.remove('web');
    assert.deepEqual([...supervisor.services.keys()], ['db']);
    await supervisor.stop();
    assert.equal((await failure(supervisor.add('late', {command: ['true']}))).code, 'ERR_DAEMON_ENDED');
  });

  test('restart() starts one that is over anew', async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({
      services: {job: {command: ['sh', '-c', `echo job >> ${file}`]}, long: {command: ['sleep', '60']}},
    });
    await supervisor.services.get('job')?.ended;
    await supervisor.restart('job');
    await supervisor.services.get('job')?.ended;
    assert.deepEqual(notes(file), ['job', 'job']);
    await supervisor.stop();
  });

  test('events carry the name; a listener that throws disturbs nobody', async () => {
    const heard: string[] = [];
    const listen = (warning: Error) => void heard.push(warning.message);
    process.on('warning', listen);
    const supervisor = await Supervisor.start({
      services: {talk: {command: ['sh', '-c', 'read _; echo hello; exit 1'], stdin: 'pipe', restart: {...FAST, max: 1}}},
    });
    const lines: string[] = [];
    const states: string[] = [];
    supervisor.on('line', (name, line, stream) => lines.push(`${name} ${stream} ${line}`));
    supervisor.on('state', () => {
      throw new Error('no');
    });
    supervisor.on('state', (name, state) => states.push(`${name} ${state}`));
    supervisor.on('restart', (name, {attempt}) => states.push(`${name} restart ${attempt}`));
    await supervisor.services.get('talk')?.write('go\n');
    await until(() => supervisor.services.get('talk')?.restarts === 1 && supervisor.services.get('talk')?.state === 'ready', 'its restart');
    assert.deepEqual(lines, ['talk stdout hello']);
    assert.deepEqual(states, ['talk restart 1', 'talk backoff', 'talk starting', 'talk ready']);
    await supervisor.stop();
    process.off('warning', listen);
    assert.equal(heard.length, 1);
  });
});

describe('its end', () => {
  test('an AbortSignal stops all in order; one that is aborted starts nothing', async () => {
    const file = newFile();
    const controller = new AbortController();
    const services = {a: noting(file, 'a'), b: {...noting(file, 'b'), dependsOn: ['a']}};
    const supervisor = await Supervisor.start({services, signal: controller.signal});
    controller.abort();
    assert.equal((await within(supervisor.ended, 'its end')).reason, 'abort');
    assert.deepEqual(notes(file), ['a up', 'b up', 'b down', 'a down']);
    const error = await failure(Supervisor.start({services, signal: controller.signal}));
    assert.equal(error.reason, 'abort');
    assert.equal(notes(file).length, 4);
  });

  test('a service that ignores SIGTERM holds the others up no longer than its killTimeout', async () => {
    const file = newFile();
    const supervisor = await Supervisor.start({
      services: {
        db: noting(file, 'db'),
        deaf: {command: [child('ignore_sigterm')], killTimeout: 300, dependsOn: ['db'], ready: {line: '.'}},
        other: noting(file, 'other'),
      },
    });
    const began = performance.now();
    const stopped = supervisor.stop();
    await until(() => notes(file).includes('other down'), 'the one that has nothing to do with it');
    await stopped;
    assert.ok(performance.now() - began >= 290);
    assert.ok(performance.now() - began < 5_000);
    assert.deepEqual(notes(file).slice(-2), ['other down', 'db down']);
  });

  test('handleSignals: stops in order, then ends by the signal; without it nobody listens', async () => {
    const file = newFile();
    const host = startHost('supervisor', {args: [file, 'handle']});
    await host.says(/up/);
    host.kill('SIGTERM');
    assert.deepEqual(await within(host.exited, 'the host to end'), {code: null, signal: 'SIGTERM'});
    assert.deepEqual(notes(file), ['db up', 'web up', 'web down', 'db down']);
    assert.equal(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT'), 0);
  });

  test('kill -9 of the host leaves nothing', async () => {
    const file = newFile();
    const marker = newMarker();
    const host = startHost('supervisor', {args: [file, marker]});
    await host.says(/up/);
    assert.ok(findMarked(marker).length >= 2);
    host.kill('SIGKILL');
    await host.exited;
    await until(() => findMarked(marker).length === 0, 'everybody to be gone');
  });
});

test('its lines and those of one service are heard apart', async () => {
  await using supervisor = await Supervisor.start({
    services: {echo: {command: ['sh', '-c', 'while read line; do echo "$line"; done'], stdin: 'pipe'}},
  });
  const daemon = supervisor.services.get('echo')!;
  const heard = new Promise<string>((resolve) => daemon.on('line', resolve));
  const ignored = () => assert.fail('it was taken off');
  supervisor.on('line', ignored);
  supervisor.off('line', ignored);
  await daemon.write('hello\n');
  assert.equal(await within(heard, 'the line'), 'hello');
});
