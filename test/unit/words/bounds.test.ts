// Owns: the options that bound a child: what is taken, how it is kept, what is refused with which sentence.
// Never: starts a process (behaviour/bounds).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {boundSentence} from '../../../src/words/bounds.js';
import {RunError} from '../../../src/words/errors.js';
import {settle} from '../../../src/words/settings.js';
import {bytesOf} from '../../../src/words/size.js';

const bounds = (options: object) => settle('run', options).bounds;

test('a limit is one number for both values, or each by itself, in bytes, seconds or text with a unit', () => {
  const {limits} = bounds({
    limits: {nofile: 256, core: '0', as: {soft: '1G'}, fsize: {hard: 5}, cpu: {soft: 1, hard: Infinity}, nproc: undefined},
  });
  assert.deepEqual(limits, {
    nofile: {soft: 256, hard: 256},
    core: {soft: 0, hard: 0},
    as: {soft: 1024 ** 3, hard: undefined},
    fsize: {soft: undefined, hard: 5},
    cpu: {soft: 1, hard: Number.POSITIVE_INFINITY},
  });
});

test('sizes', () => {
  for (const [text, bytes] of Object.entries({'0': 0, '5B': 5, '1K': 1024, '1.5M': 1_572_864, '2T': 2 * 1024 ** 4}))
    assert.equal(bytesOf(text), bytes);
  for (const wrong of ['', 'M', '5 M', '5X', '-1', '1e3', 1.5, -1, Number.NaN, Infinity, null, true])
    assert.equal(bytesOf(wrong), undefined);
});

test('what cannot be is refused before anything starts', () => {
  const cases: [options: object, sentence: RegExp][] = [
    [{limits: 5}, /`limits` must be an object such as \{nofile: 256\}/],
    [{limits: []}, /must be an object/],
    [{limits: {files: 5}}, /there is no limit 'files'; the limits are nofile, nproc/],
    [{limits: {nofile: -1}}, /`limits.nofile` must be a whole number, or Infinity/],
    [{limits: {nofile: '5'}}, /must be a whole number/],
    [{limits: {as: '5X'}}, /bytes, a whole number or text such as '512M'/],
    [{limits: {cpu: 1.5}}, /whole seconds/],
    [{limits: {cpu: {}}}, /is empty; give soft, hard or both/],
    [{limits: {cpu: {soft: 2, hard: 1}}}, /above `limits.cpu.hard`/],
    [{limits: {cpu: {max: 1}}}, /has soft and hard, and no 'max'/],
    [{nice: 20}, /from -20 \(first\) to 19/],
    [{nice: 1.5}, /whole number/],
    [{umask: 0o1000}, /from 0 to 0o777/],
    [{umask: '022'}, /from 0 to 0o777/],
    [{uid: 'nobody', gid: 1}, /names are not looked up/],
    [{uid: 0xffffffff, gid: 1}, /`uid` must be a number/],
    [{uid: 5}, /`uid` without `gid` would leave the host's group/],
    [{groups: 5}, /array of group numbers/],
    [{groups: [1, 'x']}, /`groups\[1\]` must be the number of a group/],
    [{noNewPrivileges: 1}, /must be true or false/],
    [{oomScoreAdj: 1001}, /from -1000 \(never\) to 1000/],
  ];
  for (const [options, sentence] of cases) {
    assert.throws(
      () => settle('run', options),
      (error) =>
        error instanceof RunError && error.reason === 'invalid' && error.code === 'ERR_INVALID_OPTION' && sentence.test(error.message),
      JSON.stringify(options),
    );
  }
});

test('a child without another user keeps everything', () => {
  assert.deepEqual(bounds({gid: 5}).gid, 5);
  assert.deepEqual(bounds({}).limits, {});
});

test('each stage that can fail says which option it was and what to do', () => {
  assert.match(boundSentence('limit_nofile', 'EPERM')!, /`limits.nofile` is above the host's own hard limit/);
  assert.match(boundSentence('limit_as', 'EINVAL')!, /`limits.as` has a soft value above the hard one/);
  assert.match(boundSentence('nice', 'EACCES')!, /CAP_SYS_NICE/);
  assert.match(boundSentence('oom_score_adj', 'EACCES')!, /CAP_SYS_RESOURCE/);
  for (const [stage, option] of Object.entries({setgroups: 'groups', setgid: 'gid', setuid: 'uid'}))
    assert.match(boundSentence(stage, 'EPERM')!, new RegExp(`\`${option}\` .*only root`));
  assert.match(boundSentence('setuid', 'EINVAL')!, /uid_map/);
  assert.equal(boundSentence('exec', 'ENOENT'), undefined);
});
