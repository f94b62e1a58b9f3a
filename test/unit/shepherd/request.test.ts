// Owns: tests of the request's bytes.
// Never: a process or a socket.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Field, REQUEST_MAX} from '../../../src/shepherd/protocol.gen.js';
import {encodeRequest, type Request} from '../../../src/shepherd/request.js';
import {NO_BOUNDS} from '../../../src/words/bounds.js';

const plain: Request = {
  file: 'cat',
  argv: ['cat', '', 'ü'],
  env: Buffer.from('A=1\0'),
  cwd: '/',
  fds: [
    {target: 0, source: -1, inherited: false},
    {target: 1, source: 0, inherited: true},
  ],
  timeout: undefined,
  killTimeout: 5_000,
  leftoverTimeout: 500,
  killSignal: 15,
  stopScope: 'tree',
  linger: 'stop',
  grouping: 'session',
  hostGroup: undefined,
  bounds: NO_BOUNDS,
  isolation: {level: 'tree', cgroup: undefined, moveHost: false},
  detachment: 'none',
};

/** The fields as the shepherd reads them. */
function fieldsOf(bytes: Buffer): Map<number, Buffer> {
  assert.equal(bytes.readUInt32LE(0), bytes.length - 4);
  const fields = new Map<number, Buffer>();
  for (let at = 4; at < bytes.length; ) {
    const tag = bytes.readUInt16LE(at);
    assert.equal(bytes.readUInt16LE(at + 2), 0);
    const length = bytes.readUInt32LE(at + 4);
    assert.equal(fields.has(tag), false, `field ${tag} twice`);
    fields.set(tag, bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return fields;
}

test('every field is there once, strings end in NUL', () => {
  const fields = fieldsOf(encodeRequest(plain) as Buffer);
  assert.equal(String(fields.get(Field.FILE)), 'cat\0');
  assert.equal(String(fields.get(Field.ARGV)), 'cat\0\0ü\0');
  assert.equal(String(fields.get(Field.ENV)), 'A=1\0');
  assert.equal(String(fields.get(Field.CWD)), '/\0');
  assert.equal(fields.get(Field.FDS)?.toString('hex'), '00000000ffffffff00000000010000000000000001000000');
  assert.equal(fields.get(Field.KILL_TIMEOUT)?.readBigInt64LE(), 5_000n);
  assert.equal(fields.get(Field.STOP_SCOPE)?.readBigInt64LE(), 2n);
  assert.equal(fields.get(Field.GROUPING)?.readBigInt64LE(), 0n);
  assert.equal(fields.has(Field.TIMEOUT), false);
  assert.equal(fields.has(Field.HOST_GROUP), false);
});

test('a time below one millisecond is not rounded to none', () => {
  const fields = fieldsOf(encodeRequest({...plain, timeout: 0.2, hostGroup: 7}) as Buffer);
  assert.equal(fields.get(Field.TIMEOUT)?.readBigInt64LE(), 1n);
  assert.equal(fields.get(Field.HOST_GROUP)?.readBigInt64LE(), 7n);
});

test('bounds are sent when they were given, and only then', () => {
  const none = fieldsOf(encodeRequest(plain) as Buffer);
  for (const tag of [Field.LIMITS, Field.NICE, Field.UMASK, Field.UID, Field.GID, Field.GROUPS, Field.NO_NEW_PRIVS, Field.OOM_SCORE_ADJ])
    assert.equal(none.has(tag), false);
  const fields = fieldsOf(
    encodeRequest({
      ...plain,
      bounds: {
        limits: {cpu: {soft: 7, hard: Number.POSITIVE_INFINITY}, nofile: {soft: undefined, hard: 256}},
        nice: -5,
        umask: 0,
        uid: 0,
        gid: 4_294_967_294,
        groups: [1, 65_534],
        noNewPrivileges: true,
        oomScoreAdj: -1_000,
      },
    }) as Buffer,
  );
  assert.equal(
    fields.get(Field.LIMITS)?.toString('hex'),
    '05000000030000000700000000000000ffffffffffffffff00000000020000000000000000000000' + '0001000000000000',
  );
  assert.equal(fields.get(Field.NICE)?.readBigInt64LE(), -5n);
  assert.equal(fields.get(Field.UMASK)?.readBigInt64LE(), 0n);
  assert.equal(fields.get(Field.UID)?.readBigInt64LE(), 0n);
  assert.equal(fields.get(Field.GID)?.readBigInt64LE(), 4_294_967_294n);
  assert.equal(fields.get(Field.GROUPS)?.toString('hex'), '01000000feff0000');
  assert.equal(fields.get(Field.NO_NEW_PRIVS)?.readBigInt64LE(), 1n);
  assert.equal(fields.get(Field.OOM_SCORE_ADJ)?.readBigInt64LE(), -1_000n);
});

test('what holds the tree together is sent when it is more than the shepherd', () => {
  const none = fieldsOf(encodeRequest({...plain, isolation: {level: 'tree', cgroup: undefined, moveHost: true}}) as Buffer);
  const tags = [Field.ISOLATION, Field.CGROUP_PATH, Field.CGROUP_LIMITS, Field.CGROUP_OPTIONAL, Field.CGROUP_MOVE_HOST];
  for (const tag of tags) assert.equal(none.has(tag), false);
  const cgroup = {path: 'a/b', limits: {memory_max: '1024', cpu_max: '50000 100000', io_max: '8:0 wbps=5'}, optional: true};
  const fields = fieldsOf(encodeRequest({...plain, isolation: {level: 'cgroup', cgroup, moveHost: true}}) as Buffer);
  assert.equal(fields.get(Field.ISOLATION)?.readBigInt64LE(), 2n);
  assert.equal(String(fields.get(Field.CGROUP_PATH)), 'a/b\0');
  assert.equal(String(fields.get(Field.CGROUP_LIMITS)), '0\x001024\x005\x0050000 100000\x007\x008:0 wbps=5\0');
  assert.equal(fields.get(Field.CGROUP_OPTIONAL)?.readBigInt64LE(), 1n);
  assert.equal(fields.get(Field.CGROUP_MOVE_HOST)?.readBigInt64LE(), 1n);
});

test('a detachment is said only where there is one', () => {
  assert.equal(fieldsOf(encodeRequest(plain) as Buffer).has(Field.DETACHMENT), false);
  const fields = fieldsOf(encodeRequest({...plain, detachment: 'all'}) as Buffer);
  assert.equal(fields.get(Field.DETACHMENT)?.readBigInt64LE(), 2n);
});

test('a request larger than any shepherd takes is not encoded', () => {
  assert.equal(encodeRequest({...plain, env: new Uint8Array(REQUEST_MAX)}), undefined);
});
