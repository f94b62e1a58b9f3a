// Owns: the addon's pseudo-terminals as bare descriptors: what they are, what is refused.
// Never: a child.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {constants} from 'node:os';
import {test} from 'node:test';
import {native} from '../../src/native.js';
import {censusOfThisFile} from '../support/census.js';

censusOfThisFile(() => {});

const {addon} = native();
const {ENOTTY, EBADF} = constants.errno;

function pty(cols = 80, rows = 24, echo = true): [number, number, number, number] {
  const made = addon.pty(cols, rows, echo);
  assert.ok(Array.isArray(made));
  return made;
}

const close = (fds: readonly number[]) => {
  for (const fd of fds) addon.close(fd);
};

test('four descriptors, all terminals, all close-on-exec; three are the same side', () => {
  const fds = pty();
  assert.equal(new Set(fds).size, 4);
  for (const fd of fds) {
    assert.equal(addon.isTerminal(fd), true);
    const flags = Number.parseInt(/^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] as string, 8);
    assert.equal(flags & 0o2000000, 0o2000000, 'O_CLOEXEC');
  }
  const number = fds.slice(0, 3).map((fd) => /^tty-index:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]);
  assert.equal(new Set(number).size, 1);
  close(fds);
});

test('both directions, and the end when the far side is closed', () => {
  const [reading, writing, asking, far] = pty(80, 24, false);
  const child = new addon.Writer(far, () => {});
  const reader = new addon.Reader(reading, () => {});
  const writer = new addon.Writer(writing, () => {});
  assert.equal(reader.read(10), undefined);
  reader.unpark();
  assert.equal(child.write(Buffer.from('one\n'), 0), 4);
  assert.equal(String(reader.read(3)), 'one');
  assert.equal(String(reader.read(10)), '\r\n');
  assert.equal(writer.write(Buffer.from('typed\n'), 0), 6);
  child.close();
  // Not echoed, and nobody has the far side: the end, again and again, never an error.
  assert.equal(reader.read(10), null);
  assert.equal(reader.read(10), null);
  writer.close();
  addon.close(asking);
});

test('one question brings what the terminal holds, not 4 KiB of it', () => {
  const [reading, writing, asking, far] = pty();
  const child = new addon.Writer(far, () => {});
  const reader = new addon.Reader(reading, () => {});
  const took = child.write(Buffer.alloc(64 * 1024, 'x'), 0);
  assert.ok(took > 4_096, `${took} bytes fit`);
  child.unpark();
  const got = reader.read(64 * 1024);
  assert.ok(Buffer.isBuffer(got) && got.length === took, `${Buffer.isBuffer(got) && got.length} of ${took} bytes`);
  child.close();
  reader.close();
  close([writing, asking]);
});

test('what ends the input', () => {
  const fds = pty();
  const [, , asking, far] = fds;
  const after = (...typed: number[]) => addon.endOfInput(asking, typed.at(-2) ?? -1, typed.at(-1) ?? -1);
  assert.equal(after(), 4 + 512);
  const saved = addon.makeRaw(far);
  assert.ok(Buffer.isBuffer(saved));
  assert.equal((after() as number) & 256, 256);
  assert.equal(addon.restoreMode(far, saved), 0);
  const [a, nl, cr, eof, literal, kill, interrupt] = [0x61, 0x0a, 0x0d, 0x04, 0x16, 0x15, 0x03] as const;
  for (const typed of [[nl], [a, nl], [a, cr], [a, eof], [a, kill], [a, interrupt]]) assert.equal(after(...typed), 4 + 512, `${typed}`);
  for (const typed of [[a], [nl, a], [literal, nl], [literal, eof]]) assert.equal(after(...typed), 4, `${typed}`);
  const stty = (...words: string[]) => execFileSync('stty', words, {stdio: [far, 'pipe', 'pipe']});
  stty('-icrnl');
  assert.deepEqual([after(a, cr), after(a, nl)], [4, 4 + 512]);
  stty('inlcr');
  assert.equal(after(a, nl), 4);
  stty('-inlcr', 'igncr');
  assert.deepEqual([after(a, cr), after(nl, cr), after(cr)], [4, 4 + 512, 4 + 512]);
  stty('-isig', 'eof', 'undef');
  assert.deepEqual([after(a, interrupt), after(a)], [0, 0]);
  close(fds);
});

test('what is no terminal, and no size', () => {
  const pair = addon.pipe();
  assert.ok(Array.isArray(pair));
  const [read] = pair;
  assert.equal(addon.resize(read, 80, 24), -ENOTTY);
  assert.equal(addon.endOfInput(read, -1, -1), -ENOTTY);
  assert.equal(addon.makeRaw(read), -ENOTTY);
  close(pair);
  assert.equal(addon.resize(read, 80, 24), -EBADF);
  const fds = pty(1, 65_535);
  for (const [cols, rows] of [
    [0, 1],
    [1, 0],
    [65_536, 1],
    [1, -1],
  ] as const) {
    assert.throws(() => addon.pty(cols, rows, true), TypeError);
    assert.throws(() => addon.resize(fds[2], cols, rows), TypeError);
  }
  const any = addon as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of ['pty', 'resize', 'endOfInput', 'makeRaw', 'restoreMode']) assert.throws(() => any[name]?.(), TypeError, name);
  assert.throws(() => any.pty?.(80, 24, 'yes'), TypeError);
  assert.throws(() => addon.restoreMode(fds[2], Buffer.alloc(3)), TypeError);
  close(fds);
});
