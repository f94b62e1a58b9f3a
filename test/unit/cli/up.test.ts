// Owns: how the words after `net-runner up` and its file are read: every option, every refusal with its line, and the schema beside them.
// Never: starts a service.
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, describe, test} from 'node:test';
import {Ajv2020} from 'ajv/dist/2020.js';
import {parse} from 'yaml';
import {OwnedSupervisor} from '../../../src/api/supervisor.js';
import {help} from '../../../src/cli/help.js';
import {UsageError} from '../../../src/cli/option_table.js';
import {findUpFile, readUpFile} from '../../../src/cli/up_file.js';
import {parseUp, UP_FLAGS, UP_STATUSES} from '../../../src/cli/up_flags.js';
import {serviceKeys} from '../../../src/words/services.js';
import type {SupervisorOptions} from '../../../src/words/supervisor.js';
import {root} from '../../support/places.js';

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-up-'));
after(() => rmSync(folder, {recursive: true}));

describe('words', () => {
  test('a file, services and options, in any order', () => {
    assert.deepEqual(parseUp([]), {
      file: undefined,
      services: new Map(),
      only: undefined,
      except: undefined,
      exitOn: undefined,
      json: false,
      help: false,
    });
    const flags = parseUp(['web=npm run web -- --port=80', '--only', 'web,api', 'x.yaml', '--exit-on=any', 'a.b-c=true', '--json']);
    assert.equal(flags.file, 'x.yaml');
    assert.deepEqual(
      [...flags.services],
      [
        ['web', 'npm run web -- --port=80'],
        ['a.b-c', 'true'],
      ],
    );
    assert.deepEqual([flags.only, flags.exitOn, flags.json], [['web', 'api'], 'any', true]);
    assert.deepEqual(parseUp(['--except=a, b']).except, ['a', 'b']);
    assert.equal(parseUp(['./a=b.yaml']).file, './a=b.yaml');
  });

  test('wrong use is refused with what to write', () => {
    const wrong: readonly (readonly [words: string[], sentence: RegExp])[] = [
      [['--onyl', 'x'], /did you mean --only\?/],
      [['--only'], /--only needs a value: --only NAMES/],
      [['--only', 'a,,b'], /needs names of services/],
      [['--json=yes'], /--json takes no value/],
      [['a.yaml', 'b.yaml'], /two files, a\.yaml and b\.yaml/],
      [['a=x', 'a=y'], /two services named a/],
    ];
    for (const [words, sentence] of wrong)
      assert.throws(
        () => parseUp(words),
        (error) => error instanceof UsageError && sentence.test(error.message),
      );
  });

  test('the help has every option and status', () => {
    for (const {name, doc} of UP_FLAGS) assert.ok(help().includes(name) && help().includes(doc), name);
    for (const [status, meaning] of UP_STATUSES) assert.ok(help().includes(`  ${status.padEnd(9)}${meaning}`), status);
  });
});

let files = 0;
function write(text: string): string {
  const file = path.join(folder, `${files++}.yaml`);
  writeFileSync(file, text);
  return file;
}

/** What a file's options become, as `up` does it. */
async function load(text: string): Promise<OwnedSupervisor> {
  const file = await readUpFile(write(text));
  try {
    return new OwnedSupervisor({...file, explain: undefined} as unknown as SupervisorOptions);
  } catch (error) {
    throw new UsageError(file.explain(error));
  }
}

async function refusal(text: string): Promise<string> {
  try {
    const supervisor = await load(text);
    await supervisor.stop();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message.slice(folder.length + 1).replace(/^\d+\.yaml:/, '');
  }
  throw new assert.AssertionError({message: `it was not refused:\n${text}`});
}

const GOOD = `
x-common: &common
  restart: {policy: always, max: 3, within: 60000, backoff: {min: 50, max: 1000}, resetAfter: 5000}
  killTimeout: 2000
strategy: rest-for-one
intensity: {max: 20, within: 60000}
exitOn: web
services:
  db:
    <<: *common
    command: redis-server --port 6390 --save ''
    ready: {port: 6390, host: localhost, timeout: 5000, interval: 50}
    health: {exec: redis-cli -p 6390 ping, failures: 2}
    onOutput: discard
    log: {file: redis.log}
  migrate:
    command: [node, migrate.js]
    args: [--all]
    restart: never
    dependsOn: [db]
  web:
    command: node web.js
    cwd: .
    env: {PORT: 08080, DEBUG: true, NAME: x}
    envFile: .env
    stdin: pipe
    stderr: stdout
    ready: {http: 'http://localhost:8080/', status: [200, 204]}
    killSignal: SIGINT
    limits: {nofile: 1024, as: 512M}
    nice: 5
    dependsOn: {db: ready, migrate: succeeded}
  quick:
    command: [sh, -c, 'echo up']
    ready: {line: '^up$', timeout: 1000}
`;

describe('the file', () => {
  test('is found by its name', () => {
    assert.throws(() => findUpFile(folder), /there is no net-runner\.yaml here/);
    writeFileSync(path.join(folder, 'net-runner.yml'), '');
    assert.equal(findUpFile(folder), path.join(folder, 'net-runner.yml'));
  });

  test('its keys are those of Supervisor.start(); commands may be one string, variables numbers', async () => {
    const {services, strategy} = await readUpFile(write(GOOD.replace('    log: {file: redis.log}\n', '')));
    assert.equal(strategy, 'rest-for-one');
    assert.deepEqual(services.db?.command, ['redis-server', '--port', '6390', '--save', '']);
    assert.deepEqual((services.db as {health: {exec: unknown}}).health.exec, ['redis-cli', '-p', '6390', 'ping']);
    assert.equal(services.db?.killTimeout, 2_000);
    assert.deepEqual(services.web?.env, {PORT: '08080', DEBUG: 'true', NAME: 'x'});
    const supervisor = await load(GOOD.replace('    log: {file: redis.log}\n', ''));
    assert.deepEqual([...supervisor.services.keys()], ['db', 'migrate', 'web', 'quick']);
    await supervisor.stop();
  });

  const wrong: readonly (readonly [text: string, where: string, sentence: RegExp])[] = [
    ['services:\n  web:\n    command: "x\n', '4:1', /quote/],
    ['services:\n  web:\n    command: x\n    command: y\n', '4:5', /unique/],
    ['', '1:1', /must be a map/],
    ['a: 1\n', '1:1', /has no `a` here/],
    ['sevices: {}\n', '1:1', /did you mean `services`/],
    ['version: "3"\nservices: {web: {command: x}}\n', '1:1', /no version; leave it out/],
    ['services:\n  web:\n    image: redis\n', '2:3', /no `command`: there are no containers here/],
    ['services:\n  web:\n    command: x\n    environment: {A: 1}\n', '4:5', /`environment` is `env` here/],
    ['services:\n  web:\n    command: x\n    depends_on: [db]\n', '4:5', /`depends_on` is `dependsOn` here/],
    ['services:\n  web:\n    command: x\n    redy: {port: 80}\n', '4:5', /did you mean `ready`/],
    ['services:\n  web:\n    command: x | y\n', '3:5', /`\|` means nothing here: no shell runs/],
    ['services:\n  web: x\n', '2:3', /must be a map with a `command:`/],
    ['services:\n  web:\n    command: x\n    ready:\n      port: 80\n      timeout: 30s\n', '6:7', /must be milliseconds.*; write 30000$/],
    ['services:\n  web:\n    command: x\n    killTimeout: 2s\n', '4:5', /; write 2000$/],
    ['services:\n  web:\n    command: x\n    ready: {prot: 80}\n', '4:5', /did you mean `port`/],
    ['services:\n  web:\n    command: x\n    ready: {port: 80, hots: a}\n', '4:23', /did you mean `host`/],
    ['services:\n  web:\n    command: x\n    env: {A: }\n', '4:11', /`env\.A` has no value/],
    ['services:\n  web: {command: x, dependsOn: [db]}\n', '2:33', /depends on 'db', which is no service/],
    ['services:\n  a: {command: x, dependsOn: [b]}\n  b: {command: x, dependsOn: {a: ready}}\n', '2:19', /in a circle: a -> b -> a/],
    ['services:\n  web: {command: x, onOutput: print}\n', '2:21', /'discard', 'log' or a function/],
    ['services: {web: {command: x}}\nstrategy: all\n', '2:1', /'one-for-one', 'one-for-all' or 'rest-for-one'/],
    ['services: {web: {command: x}}\nexitOn: wbe\n', '2:1', /`exitOn` must be/],
    ['services: {web: {command: x}}\nhandleSignals: true\n', '2:1', /command line's own matter/],
    ['services: {web: {command: []}}\n', '1:18', /empty array/],
    ['services: {web: {command: x, timeout: 5}}\n', '1:30', /`timeout` does not apply to Daemon\.start\(\)/],
  ];
  for (const [text, where, sentence] of wrong) {
    test(`refused: ${JSON.stringify(text)}`, async () => {
      const message = await refusal(text);
      assert.match(message, sentence);
      assert.ok(message.startsWith(`${where}: `), message);
    });
  }

  test('the schema knows every key that a file can have, takes what is right and refuses what is wrong', () => {
    const schema = JSON.parse(readFileSync(path.join(root, 'schema/net-runner.schema.json'), 'utf8'));
    // A logger is an object with methods: no file can name one.
    const keys = serviceKeys.filter((key) => key !== 'logger').sort();
    assert.deepEqual(
      Object.keys(schema.$defs.service.properties).sort(),
      keys,
      'schema/net-runner.schema.json lacks, or has too many, keys',
    );
    const check = new Ajv2020({strict: false, validateFormats: false}).compile(schema);
    assert.ok(check(parse(GOOD, {merge: true})), JSON.stringify(check.errors));
    // What only we can know: the grammar of a command, names of other services, circles.
    const beyond = /means nothing here|no service|circle|exitOn|unique|quote/;
    for (const [text, , sentence] of wrong) {
      if (beyond.test(sentence.source)) continue;
      assert.ok(!check(parse(text)), `the schema takes ${JSON.stringify(text)}`);
    }
  });
});
