// Owns: what settleDaemon() makes of a daemon's own options: defaults, refusals, and where in the options a refusal lies.
// Never: starts a process.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {applies} from '../../../src/words/applies.js';
import {daemonOptionNames, settleDaemon} from '../../../src/words/daemon_settings.js';
import {RunError} from '../../../src/words/errors.js';
import {placeOf} from '../../../src/words/place.js';
import {settle} from '../../../src/words/settings.js';

function refusal(options: unknown): RunError {
  try {
    settleDaemon(options);
  } catch (error) {
    assert.ok(error instanceof RunError, String(error));
    assert.equal(error.reason, 'invalid');
    return error;
  }
  throw new assert.AssertionError({message: `it was not refused: ${JSON.stringify(options)}`});
}

test('defaults', () => {
  assert.deepEqual(settleDaemon(), {
    common: settle('Daemon', {}),
    ready: undefined,
    health: undefined,
    restart: {policy: 'on-failure', max: 5, within: 60_000, backoff: {min: 100, max: 30_000}, resetAfter: 10_000},
    onOutput: 'discard',
    logger: undefined,
    logFile: undefined,
    envFile: undefined,
  });
  assert.deepEqual(settleDaemon({ready: {port: 80}}).ready, {
    probe: {kind: 'port', port: 80, host: 'localhost'},
    timeout: 30_000,
    interval: 100,
  });
  assert.equal(settleDaemon({health: {port: 80}}).health?.failures, 3);
  assert.equal(settleDaemon({onOutput: 'log'}).logger, console);
  assert.equal(settleDaemon({restart: 'always'}).restart.policy, 'always');
  assert.equal(settleDaemon({restart: {backoff: {min: 40_000}}}).restart.backoff.max, 40_000);
  assert.equal(settleDaemon({ready: {port: 80, timeout: 0}}).ready?.timeout, Number.POSITIVE_INFINITY);
});

test('undefined means not given', () => {
  assert.deepEqual(settleDaemon(Object.fromEntries(daemonOptionNames.map((name) => [name, undefined]))), settleDaemon());
});

test('a pattern has no memory, and may be its source', () => {
  const line = (ready: unknown) => (settleDaemon({ready}).ready as unknown as {probe: {line: RegExp}}).probe.line;
  assert.deepEqual(line({line: /up/gi}), /up/i);
  assert.deepEqual(line({line: 'listening on \\d+'}), /listening on \d+/);
});

describe('refusals, each with its place', () => {
  const cases: readonly (readonly [options: unknown, sentence: RegExp, place: readonly (string | number)[]])[] = [
    [{ready: 'soon'}, /`ready` must be a function or one of \{port\}/, ['ready']],
    [{ready: {prot: 80}}, /did you mean `port`/, ['ready']],
    [{ready: {port: 80, http: 'http://x'}}, /`port` and `http`; leave one of them out/, ['ready']],
    [{ready: {port: 0}}, /`ready.port` must be a whole number from 1 to 65535/, ['ready', 'port']],
    [{ready: {port: '80'}}, /`ready.port` must be a whole number/, ['ready', 'port']],
    [{ready: {port: 80, timout: 5}}, /did you mean `timeout`/, ['ready', 'timout']],
    [{ready: {port: 80, timeout: '5s'}}, /`ready.timeout` must be milliseconds/, ['ready', 'timeout']],
    [{ready: {http: 'localhost:80/x'}}, /must be an http: or https: URL/, ['ready', 'http']],
    [{ready: {http: 'http://x', status: 42}}, /must be an HTTP status/, ['ready', 'http']],
    [{ready: {line: '('}}, /is no regular expression/, ['ready', 'line']],
    [{ready: {line: 'x', interval: 5}}, /`ready.interval` means nothing with `line`/, ['ready', 'interval']],
    [{ready: {fd: 4}}, /can only be 3/, ['ready', 'fd']],
    [{ready: {exec: []}}, /`ready.exec` must be \[file, \.\.\.args\]/, ['ready', 'exec']],
    [{health: {line: 'x'}}, /`health` must be a function or one of \{port\}, \{http\}, \{exec\}, \{check\}/, ['health']],
    [{health: {port: 80, failures: 0}}, /`health.failures` must be a whole number from 1 on/, ['health', 'failures']],
    [{restart: 'sometimes'}, /`restart` must be 'never', 'on-failure' or 'always'/, ['restart']],
    [{restart: {max: -1}}, /`restart.max` must be a whole number from 0 on/, ['restart', 'max']],
    [{restart: {backoff: {mn: 5}}}, /did you mean `min`/, ['restart', 'backoff', 'mn']],
    [{restart: {backoff: {min: 50, max: 20}}}, /`restart.backoff.max` is less than `min`/, ['restart', 'backoff']],
    [{onOutput: 'print'}, /must be 'discard', 'log' or a function/, ['onOutput']],
    [{logger: {info() {}}}, /must have the methods info, warn and error/, ['logger']],
    [{log: {}}, /must name a file/, ['log']],
    [{log: {file: 5}}, /`log.file` must be a path/, ['log', 'file']],
    [{envFile: ''}, /`envFile` is empty/, ['envFile']],
    [{redy: {port: 80}}, /did you mean `ready`/, ['redy']],
    [{cwd: 5}, /`cwd` must be a path/, ['cwd']],
    [{check: true}, /`check` does not apply to Daemon\.start\(\): its `restart` policy/, ['check']],
    [{stdout: 'inherit'}, /drained always/, ['stdout']],
  ];
  for (const [options, sentence, place] of cases) {
    test(JSON.stringify(options), () => {
      const error = refusal(options);
      assert.match(error.message, sentence);
      assert.deepEqual(placeOf(error), place);
    });
  }
});

test('the names are those of the table and its own, without what is refused', () => {
  const common = Object.entries(applies).filter(([, {Daemon}]) => (Daemon as unknown) !== false);
  assert.deepEqual(
    daemonOptionNames.slice(0, common.length),
    common.map(([name]) => name),
  );
  assert.deepEqual(daemonOptionNames.slice(common.length), ['ready', 'health', 'restart', 'onOutput', 'logger', 'log', 'envFile']);
});
