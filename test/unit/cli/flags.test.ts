// Owns: how the words after `net-runner run` are read.
// Never: starts a process; what an option does (behaviour/cli.test.ts).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {FLAGS, helpText, parseRun, STATUSES} from '../../../src/cli/flags.js';
import {UsageError} from '../../../src/cli/option_table.js';

test('our options end at the first word that is none, or at --', () => {
  assert.deepEqual(parseRun(['ls', '--stats', '-k']).command, ['ls', '--stats', '-k']);
  assert.deepEqual(parseRun(['--stats', 'ls', '--json']).command, ['ls', '--json']);
  assert.equal(parseRun(['--stats', 'ls', '--json']).json, false);
  assert.deepEqual(parseRun(['--stats', '--', '--json']).command, ['--json']);
  assert.deepEqual(parseRun(['-', '-']).command, ['-', '-'], 'a lone dash is a word');
  assert.deepEqual(parseRun(['--', '--', 'x']).command, ['--', 'x'], 'only the first -- is ours');
});

test('a value stands behind its option, after =, or attached to the short form', () => {
  for (const words of [['--kill-timeout', '2s'], ['--kill-timeout=2s'], ['-k', '2s'], ['-k2s']]) {
    assert.equal(parseRun([...words, 'ls']).options.killTimeout, 2_000, words.join(' '));
  }
  assert.equal(parseRun(['--report=a=b', 'ls']).report, 'a=b');
});

test('--env adds up', () => {
  assert.deepEqual(parseRun(['--env', 'A=1', '--env', 'B=x=y', '--env', 'C=', 'ls']).options.env, {A: '1', B: 'x=y', C: ''});
});

test('--limit adds up; counts are bare, sizes and times have a unit', () => {
  const words = ['nofile=256', 'nproc=5:unlimited', 'core=0', 'as=1G:2G', 'cpu=1500ms'].flatMap((limit) => ['--limit', limit]);
  assert.deepEqual(parseRun([...words, '--nice', '-5', 'ls']).options, {
    limits: {
      nofile: {soft: 256, hard: 256},
      nproc: {soft: 5, hard: Number.POSITIVE_INFINITY},
      core: {soft: 0, hard: 0},
      as: {soft: 1024 ** 3, hard: 2 * 1024 ** 3},
      cpu: {soft: 2, hard: 2},
    },
    nice: -5,
  });
});

test('flags of a cgroup add up, and the command line may be moved', () => {
  const words = ['--cgroup', 'a/b', '--memory-max', '1G', '--pids-max', '9', '--cpu-max', '150%'];
  assert.deepEqual(parseRun([...words, 'ls']).options, {
    cgroup: {path: 'a/b', memoryMax: 1024 ** 3, pidsMax: 9, cpuMax: '150%'},
    cgroupSetup: 'move-host',
  });
  assert.deepEqual(parseRun(['--isolation', 'tree', 'ls']).options, {isolation: 'tree'});
});

test('signals are names or numbers, in any case, with or without SIG', () => {
  for (const [word, signal] of Object.entries({TERM: 'TERM', sigint: 'SIGINT', '9': 9})) {
    assert.equal(parseRun(['-s', word, 'ls']).options.killSignal, signal);
  }
});

test('wrong use is refused with what to write', () => {
  const wrong: Array<readonly [words: string[], sentence: RegExp]> = [
    [['--timeout', '5', 'ls'], /write 5s or 5ms/],
    [['--max-output', '10', 'ls'], /write 10M or 10B/],
    [['--timeout', 'soon', 'ls'], /needs a time with a unit/],
    [['--timout', '5s', 'ls'], /did you mean --timeout\?/],
    [['-x', 'ls'], /no option -x/],
    [['--stats=yes', 'ls'], /--stats takes no value/],
    [['--timeout'], /--timeout needs a value: --timeout TIME/],
    [['--env', 'A', 'ls'], /needs NAME=VALUE/],
    [['--env', '=A', 'ls'], /needs NAME=VALUE/],
    [['--linger', 'forget', 'ls'], /'stop', 'wait' or 'leave'/],
    [['--linger', 'leave', '--json', 'ls'], /cannot go with --json/],
    [['-s', 'TREM', 'ls'], /did you mean 'SIGTERM'/],
    [['-s', '0', 'ls'], /signal/],
    [['--nice', '20', 'ls'], /from -20 to 19/],
    [['--nice', 'low', 'ls'], /from -20 to 19/],
    [['--limit', 'files=5', 'ls'], /one of nofile, nproc/],
    [['--limit', 'nofile', 'ls'], /as in nofile=256/],
    [['--limit', 'nofile=x', 'ls'], /needs a number/],
    [['--limit', 'as=5', 'ls'], /write 5M or 5B/],
    [['--limit', 'cpu=5', 'ls'], /write 5s or 5ms/],
    [['--limit', 'nofile=5:4', 'ls'], /above the hard one/],
    [['--memory-max', '5', 'ls'], /write 5M or 5B/],
    [['--pids-max', '0', 'ls'], /from 1 on/],
    [['--cpu-max', '50', 'ls'], /a share such as 50%/],
    [['--cpu-max', '0%', 'ls'], /a share such as 50%/],
    [['--isolation', 'jail', 'ls'], /'tree', 'cgroup', 'pidns' or 'auto'/],
    [[], /no command to run/],
    [['--stats', '--'], /no command to run/],
  ];
  for (const [words, sentence] of wrong) {
    assert.throws(
      () => parseRun(words),
      (error) => error instanceof UsageError && sentence.test(error.message),
      words.join(' '),
    );
  }
});

test('the help shows every row of both tables', () => {
  const help = helpText();
  for (const {name, short, value, doc} of FLAGS) {
    const spelled = `${short ? `${short}, ` : ''}${name}${value ? ` ${value}` : ''}`;
    assert.ok(
      help.split('\n').some((line) => line.includes(spelled) && line.endsWith(doc)),
      name,
    );
  }
  for (const [status, meaning] of STATUSES)
    assert.ok(
      help.split('\n').some((line) => line.trim().startsWith(status) && line.endsWith(meaning)),
      status,
    );
});
