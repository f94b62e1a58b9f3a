// Owns: the options of a cgroup: the path rule, what limits become, and the sentences for what could not be had.
// Never: makes a cgroup (behaviour/cgroup).
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {cgroupSentence, cgroupSubject} from '../../../src/words/cgroup.js';
import {RunError} from '../../../src/words/errors.js';
import type {Options} from '../../../src/words/options.js';
import {settle} from '../../../src/words/settings.js';

const isolation = (options: Options) => settle('run', options).isolation;

test('a path alone, and the level that follows', () => {
  assert.deepEqual(isolation({cgroup: 'a/b'}), {level: 'cgroup', cgroup: {path: 'a/b', limits: {}, optional: false}, moveHost: false});
  assert.deepEqual(isolation({}), {level: 'tree', cgroup: undefined, moveHost: false});
  assert.equal(isolation({isolation: 'auto'}).level, 'auto');
  assert.equal(isolation({isolation: 'auto', cgroup: 'x', cgroupSetup: 'move-host'}).moveHost, true);
});

test('limits in the words of the kernel', () => {
  const {cgroup} = isolation({
    cgroup: {
      memoryMax: '512M',
      memoryHigh: 1_000,
      swapMax: 0,
      oomGroup: true,
      pidsMax: Infinity,
      cpuMax: '12.5%',
      cpuWeight: 10_000,
      ioMax: {device: '8:0', rbps: '1M', wbps: undefined, wiops: Infinity},
      optional: true,
    },
  });
  assert.deepEqual(cgroup, {
    path: undefined,
    optional: true,
    limits: {
      memory_max: '536870912',
      memory_high: '1000',
      swap_max: '0',
      oom_group: '1',
      pids_max: 'max',
      cpu_max: '12500 100000',
      cpu_weight: '10000',
      io_max: '8:0 rbps=1048576 wiops=max',
    },
  });
  const ioMax = [
    {device: '8:0', wbps: 5},
    {device: '8:16', riops: 7},
  ];
  assert.equal(isolation({cgroup: {ioMax}}).cgroup?.limits.io_max, '8:0 wbps=5\n8:16 riops=7', 'a line for each device');
  assert.equal(isolation({cgroup: {cpuMax: {quota: 20, period: 50}}}).cgroup?.limits.cpu_max, '20000 50000');
  assert.equal(isolation({cgroup: {cpuMax: {quota: 200}}}).cgroup?.limits.cpu_max, '200000 100000');
});

test('what cannot be is refused before anything starts', () => {
  const part = 'x'.repeat(256);
  const cases: [options: object, sentence: RegExp][] = [
    [{cgroup: ''}, /is empty/],
    [{cgroup: '/a'}, /is absolute/],
    [{cgroup: 'a//b'}, /empty part/],
    [{cgroup: 'a/'}, /empty part/],
    [{cgroup: 'a/../b'}, /'\.' or '\.\.'/],
    [{cgroup: './a'}, /'\.' or '\.\.'/],
    [{cgroup: 'a\0b'}, /no cgroup can have/],
    [{cgroup: 'a\nb'}, /no cgroup can have/],
    [{cgroup: part}, /more than 255 bytes/],
    [{cgroup: Array(5).fill('y'.repeat(200)).join('/')}, /longer than 768 bytes/],
    [{cgroup: Array(25).fill('y').join('/')}, /deeper than 24/],
    [{cgroup: 'a/nr-0123456789abcdef'}, /a name of our own/],
    [{cgroup: 'nr-host'}, /a name of our own/],
    [{cgroup: 'a/cgroup.procs'}, /the kernel's own files/],
    [{cgroup: 'memory.max'}, /the kernel's own files/],
    [{cgroup: 5}, /a relative path or an object/],
    [{cgroup: {path: 5}}, /is none/],
    [{cgroup: {memory: 5}}, /has no 'memory'; it has path, memoryMax/],
    [{cgroup: {memoryMax: '5X'}}, /`cgroup.memoryMax` must be bytes/],
    [{cgroup: {pidsMax: 0}}, /from 1 on/],
    [{cgroup: {cpuMax: '0%'}}, /`cgroup.cpuMax` must be a share/],
    [{cgroup: {cpuMax: 50}}, /must be a share/],
    [{cgroup: {cpuMax: {quota: 0}}}, /must be a share/],
    [{cgroup: {cpuWeight: 0}}, /from 1 to 10000/],
    [{cgroup: {oomGroup: 1}}, /true or false/],
    [{cgroup: {ioMax: []}}, /is an empty list/],
    [{cgroup: {ioMax: [{device: '8:0', wbps: 1}, 7]}}, /must be an object such as/],
    [
      {
        cgroup: {
          ioMax: [
            {device: '8:0', wbps: 1},
            {device: '8:0', rbps: 1},
          ],
        },
      },
      /names the device '8:0' twice/,
    ],
    [{cgroup: {ioMax: Array.from({length: 65}, (_, i) => ({device: `8:${i}`, wbps: 1}))}}, /has 65 devices; it takes 64/],
    [{cgroup: {ioMax: {device: 'sda'}}}, /\{device: '8:0', wbps: '10M'\}/],
    [{cgroup: {ioMax: {device: '8:0'}}}, /limits nothing/],
    [{cgroup: {ioMax: {device: '8:0', bps: 5}}}, /has no 'bps'/],
    [{cgroup: 'a', isolation: 'tree'}, /leave `isolation` out/],
    [{isolation: 'jail'}, /must be 'auto', 'tree'/],
    [{cgroupSetup: 'host'}, /must be 'move-host'/],
  ];
  for (const [options, sentence] of cases)
    assert.throws(
      () => settle('run', options),
      (error) => error instanceof RunError && error.code === 'ERR_INVALID_OPTION' && sentence.test(error.message),
      JSON.stringify(options),
    );
});

test('each stage names its file, the errno, and what to do', () => {
  assert.equal(cgroupSubject('cgroup_swap_max'), 'memory.swap.max');
  assert.equal(cgroupSubject('exec'), undefined);
  assert.match(cgroupSentence('cgroup_find', 'ENOENT')!, /no cgroup v2 here/);
  assert.match(cgroupSentence('cgroup_find', 'EPERM')!, /systemd-run --user --scope -p Delegate=yes/);
  assert.match(cgroupSentence('cgroup_memory_max', 'EBUSY')!, /memory\.max .*EBUSY.*move-host.*DelegateSubgroup/);
  assert.match(cgroupSentence('cgroup_cpu_max', 'ENOENT')!, /the cpu controller is not handed down/);
  assert.match(cgroupSentence('cgroup_io_max', 'ENODEV')!, /lsblk/);
  assert.match(cgroupSentence('cgroup_pids_max', 'EINVAL')!, /does not take that value/);
  assert.match(cgroupSentence('cgroup_join', 'EACCES')!, /cgroup\.procs: EACCES.*inside of what was handed over/);
  for (const code of ['EACCES', 'EROFS', 'EAGAIN', 'ENOTDIR', 'ENAMETOOLONG', 'EXDEV', 'EIO'])
    assert.match(cgroupSentence('cgroup_path', code)!, new RegExp(code));
});
