// Owns: the addon alone, on real pipes within this process: its answers, its lives and deaths, and what it leaves (CONTRACT rows N1 to N4).
// Never: starts a job.
import assert from 'node:assert/strict';
import {execFile, spawnSync} from 'node:child_process';
import {existsSync, openSync} from 'node:fs';
import {constants} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {promisify} from 'node:util';
import {addon, exitOf, fdCount, nativeUrl, pattern, pipe, reader, worker} from '../support/addon.js';
import {censusOfThisFile} from '../support/census.js';
import {collectGarbage} from '../support/garbage.js';
import {root} from '../support/places.js';
import {processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

const {EPIPE, EBADF, EINVAL, ENOTTY} = constants.errno;
censusOfThisFile(() => {});

test('a reader parks, is told once, reads, and ends for ever', async () => {
  const [read, write] = pipe();
  let wake = () => {};
  const ready = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const it = reader(read, () => wake());
  assert.equal(it.read(100), undefined);
  const writer = new addon.Writer(write, () => {});
  assert.equal(writer.write(Buffer.from('hello'), 0), 5);
  assert.equal(it.calls(), 0);
  await ready;
  await turn();
  await turn();
  assert.equal(it.calls(), 1);
  assert.deepEqual(it.read(3), Buffer.from('hel'));
  const target = new Uint8Array(10);
  assert.equal(it.readInto(target), 2);
  assert.equal(it.readInto(target), undefined);
  writer.close();
  writer.close();
  await until(() => it.calls() === 2, 'the end to be told');
  assert.equal(it.readInto(target), 0);
  assert.equal(it.read(1), null);
  assert.equal(it.read(1), null);
  assert.equal(it.bytes, 5);
  assert.equal(it.count, 2);
  assert.equal(it.heldOutside, false);
  it.close();
  it.close();
});

test('large reads bring what lies there, and every chunk is the caller’s for ever', () => {
  const [read, write] = pipe();
  const bytes = pattern(60_000);
  const writer = new addon.Writer(write, () => {});
  const it = reader(read);
  assert.equal(writer.write(bytes, 0), bytes.length);
  const large = it.read(1 << 30);
  assert.equal(writer.write(bytes, 59_000), 1_000);
  const small = it.read(65_536);
  writer.write(Buffer.alloc(1_000), 0);
  it.read(65_535);
  assert.deepEqual(large, bytes);
  assert.deepEqual(small, bytes.subarray(59_000));
  assert.equal(it.read(0), -EINVAL);
  assert.equal(it.readInto(new Uint8Array(0)), -EINVAL);
  writer.close();
  it.close();
  assert.equal(it.read(10), null);
});

test('an unparked question is not answered', async () => {
  const [read, write] = pipe();
  const it = reader(read);
  it.read(1);
  it.unpark();
  const writer = new addon.Writer(write, () => {});
  writer.write(Buffer.from('x'), 0);
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(it.calls(), 0);
  assert.deepEqual(it.read(1), Buffer.from('x'));
  it.close();
  writer.close();
});

test('finish(): what is there can be read, then nothing there is the end', () => {
  const [read, write] = pipe();
  const it = reader(read);
  const writer = new addon.Writer(write, () => {});
  writer.write(Buffer.from('late'), 0);
  it.finish();
  assert.deepEqual(it.read(2), Buffer.from('la'));
  assert.deepEqual(it.read(2), Buffer.from('te'));
  assert.equal(it.heldOutside, false);
  assert.equal(it.read(2), null);
  assert.equal(it.heldOutside, true);
  writer.close();

  const [read2, write2] = pipe();
  const parked = reader(read2);
  assert.equal(parked.read(1), undefined);
  parked.finish();
  assert.equal(parked.calls(), 1);
  assert.equal(parked.read(1), null);
  addon.close(write2);
});

test('a writer parks on a full pipe, is told of room, and hears EPIPE without SIGPIPE', async () => {
  const [read, write] = pipe();
  let signals = 0;
  const onSignal = () => {
    signals++;
  };
  process.on('SIGPIPE', onSignal);
  let told = 0;
  const writer = new addon.Writer(write, () => {
    told++;
  });
  const it = reader(read);
  const bytes = pattern(200_000);
  const took = writer.write(bytes, 0);
  assert.equal(took, 65_536);
  assert.equal(writer.write(bytes, took), 0);
  assert.equal(writer.write(new Uint8Array(0), 0), 0);
  await turn();
  assert.equal(told, 0);
  assert.deepEqual(it.read(65_536), bytes.subarray(0, took));
  await until(() => told === 1, 'room to be told');
  writer.write(bytes, took);
  it.close();
  await until(() => told === 2, 'the reader’s end to be told');
  assert.equal(writer.write(bytes, 0), -EPIPE);
  await turn();
  await turn();
  assert.equal(signals, 0);
  process.off('SIGPIPE', onSignal);
  writer.close();
  assert.equal(writer.write(bytes, 0), -EBADF);
});

test('SIGPIPE at its deadly default does not kill the host', async () => {
  // A listener that goes leaves the default behind, not what Node had set.
  const code = `const {addon} = (await import(${JSON.stringify(nativeUrl)})).native();
    const no = () => {}; process.on('SIGPIPE', no); process.off('SIGPIPE', no);
    const [r, w] = addon.pipe(); addon.close(r);
    console.log(new addon.Writer(w, no).write(Buffer.alloc(1), 0));`;
  const {stdout} = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  assert.equal(stdout, `${-EPIPE}\n`);
});

test('what a callback throws is an uncaught exception of its environment', async () => {
  for (const cause of ['throw new Error("mine")', 'Promise.reject(new Error("mine"))']) {
    const it = worker(`const [r, w] = addon.pipe();
      const reader = new addon.Reader(r, () => { ${cause}; });
      reader.read(1); addon.close(w);`);
    const ended = exitOf(it);
    const error = await within(new Promise<Error>((resolve) => it.on('error', resolve)), 'the error');
    assert.equal(error.message, 'mine');
    await ended;
  }
});

test('idle and unreachable: collected and closed; parked: kept', async () => {
  const before = fdCount();
  let isTold = false;
  const ends = (() => {
    const [idle, idleEnd] = pipe();
    new addon.Reader(idle, () => {});
    const [parked, parkedEnd] = pipe();
    new addon.Reader(parked, () => {
      isTold = true;
    }).read(1);
    const [once, onceEnd] = pipe();
    const unparked = new addon.Reader(once, () => {});
    unparked.read(1);
    unparked.unpark();
    return [idleEnd, onceEnd, parkedEnd];
  })();
  await until(() => {
    collectGarbage();
    return fdCount() === before + 4;
  }, 'the two idle readers to be collected');
  for (let i = 0; i < 5; i++) collectGarbage();
  for (const end of ends) addon.close(end);
  await until(() => isTold, 'the parked one to be told');
  // It did not read on: nothing is awaited, so nothing keeps it.
  await until(() => {
    collectGarbage();
    return fdCount() === before;
  }, 'the last one to be collected');
});

test('an unreferenced question does not keep the event loop alive', async () => {
  const it = worker(`const no = () => {}, [r] = addon.pipe(); const reader = new addon.Reader(r, no); reader.unref(); reader.read(1);
    const [a] = addon.socketPair(); new addon.Socket(a, new Uint8Array(1), no).unref();
    const [c] = addon.pipe(); new addon.Collector(c, 1, 1, false, no).unref();`);
  assert.equal(await within(exitOf(it), 'the worker to end by itself'), 0);
  const busy = worker('const [r] = addon.pipe(); new addon.Reader(r, () => {}).read(1); port.postMessage(0);');
  let hasEnded = false;
  busy.on('exit', () => {
    hasEnded = true;
  });
  await new Promise((resolve) => busy.on('message', resolve));
  for (let i = 0; i < 100; i++) await turn();
  assert.equal(hasEnded, false);
  await busy.terminate();
});

test('workers end at any moment: nothing is left open', async () => {
  // Some belong to objects, some are bare numbers still.
  const busy = `const live = [];
    for (let i = 0; i < 20; i++) {
      const [r, w] = addon.pipe(), [r2, w2] = addon.pipe(), [a, b] = addon.socketPair();
      addon.pipe();
      const inbox = new Uint8Array(64);
      const writer = new addon.Writer(w, () => {}), writer2 = new addon.Writer(w2, () => {});
      const reader = new addon.Reader(r, () => { reader.read(10); if (i % 2) writer.write(inbox, 0); });
      reader.read(10); writer.write(inbox, 0);
      const collector = new addon.Collector(r2, 100, 100, false, () => {});
      writer2.write(inbox, 0);
      const left = new addon.Socket(a, inbox, (n, fd) => { left.write(inbox.subarray(0, n)); });
      const right = new addon.Socket(b, inbox, (n, fd) => { right.write(inbox.subarray(0, n)); });
      left.write(inbox);
      live.push(reader, writer, collector, writer2, left, right);
    }
    port.postMessage(0);`;
  const once = async (i: number) => {
    const it = worker(busy);
    const started = new Promise((resolve) => it.on('message', resolve));
    const ended = exitOf(it);
    if (i % 3 > 0) await within(started, 'the worker to start');
    if (i % 3 > 1) for (let turns = i % 7; turns > 0; turns--) await turn();
    await it.terminate();
    await ended;
  };
  await once(0);
  const before = fdCount();
  for (let i = 0; i < 42; i += 2) await Promise.all([once(i), once(i + 1)]); // every i % 3 with every i % 7, twice
  await until(() => fdCount() <= before, 'all descriptors of the workers to be closed');
});

test('10,000 pipes are opened, used and closed', async () => {
  const before = fdCount();
  let told = 0;
  for (let i = 0; i < 10_000; i++) {
    const [read, write] = pipe();
    const it = new addon.Reader(read, () => told++);
    const writer = new addon.Writer(write, () => told++);
    it.read(1);
    writer.write(Buffer.from('x'), 0);
    assert.equal((it.read(1) as Buffer).length, 1);
    it.read(1);
    writer.close();
    it.close();
    if (i % 100 === 0) await turn();
  }
  assert.equal(fdCount(), before);
  assert.equal(told, 0);
});

test('wrong arguments are refused, not crashed on', () => {
  const any = addon as unknown as Record<string, new (...args: unknown[]) => unknown> & Record<string, (...args: unknown[]) => unknown>;
  const {Reader, Writer, Collector, Socket} = any;
  for (const Class of [Reader, Writer, Collector, Socket] as (new (
    ...args: unknown[]
  ) => unknown)[]) {
    assert.throws(() => new Class(), TypeError);
    assert.throws(() => new Class(-1, () => {}), TypeError);
    assert.throws(() => new Class('x', {}, 3), TypeError);
    assert.throws(() => Reflect.apply(Class, undefined, []), TypeError);
  }
  for (const name of ['close', 'probe', 'isTerminal', 'terminalGroup', 'environment', 'startServer', 'hire', 'signal', 'reap'])
    assert.throws(() => any[name]?.(), TypeError, name);
  const [read, write] = pipe();
  const it = new addon.Reader(read, () => {});
  const writer = new addon.Writer(write, () => {});
  assert.throws(() => addon.Writer.prototype.write.call(it as never, Buffer.alloc(1), 0), TypeError);
  assert.throws(() => writer.write('text' as never, 0), TypeError);
  assert.throws(() => it.readInto(new Uint16Array(4) as never), TypeError);
  assert.equal(writer.write(Buffer.alloc(4), 9), 0);
  it.close();
  writer.close();
  assert.equal(addon.close(-1), undefined);
});

test('a descriptor that cannot be waited for is refused, and closed', () => {
  const before = fdCount();
  const fd = openSync('/etc/passwd', 'r');
  assert.throws(() => new addon.Collector(fd, 1, 1, false, () => {}), TypeError);
  assert.equal(addon.probe(fd), -EBADF);
  assert.equal(fdCount(), before);
});

test('questions about descriptors', () => {
  const [read, write] = pipe();
  assert.equal(addon.probe(read), 0);
  assert.equal(addon.isTerminal(read), false);
  assert.equal(addon.terminalGroup(read), -ENOTTY);
  addon.close(read);
  assert.equal(addon.probe(read), -EBADF);
  assert.equal(addon.isTerminal(read), false);
  addon.close(write);
  assert.equal(addon.processGroup(), processState(process.pid)?.group);
});

test('the declarations of libuv are those of this Node', (t) => {
  const include = path.join(path.dirname(process.execPath), '..', 'include', 'node');
  if (!existsSync(path.join(include, 'uv.h'))) return t.skip(`no ${include}/uv.h`);
  const code = `#define NR_UV_NUMBERS_ONLY
#include <uv.h>
#include "uv_poll.h"
_Static_assert(sizeof(uv_poll_t) <= NR_UV_POLL_SIZE && _Alignof(uv_poll_t) <= 16, "room");
_Static_assert(UV_READABLE == NR_UV_READABLE && UV_WRITABLE == NR_UV_WRITABLE, "numbers");
int (*init)(uv_loop_t *, uv_poll_t *, int) = uv_poll_init;
int (*start)(uv_poll_t *, int, void (*)(uv_poll_t *, int, int)) = uv_poll_start;
int (*stop)(uv_poll_t *) = uv_poll_stop;
void (*closing)(uv_handle_t *, void (*)(uv_handle_t *)) = uv_close;
void (*ref)(uv_handle_t *) = uv_ref;
void (*unref)(uv_handle_t *) = uv_unref;
`;
  const args = ['-x', 'c', '-fsyntax-only', '-Werror', `-I${include}`, `-I${path.join(root, 'native/addon')}`, '-'];
  const {status, stderr} = spawnSync('cc', args, {input: code, encoding: 'utf8', env: {PATH: process.env.PATH}});
  assert.equal(status, 0, stderr);
});
