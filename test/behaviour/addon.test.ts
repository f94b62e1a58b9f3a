// Owns: the addon alone, on real pipes within this process: its answers, its lives and deaths, and what it leaves (CONTRACT rows N1 to N4).
// Never: starts a job.
import assert from 'node:assert/strict';
import {execFile, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {setImmediate as turn} from 'node:timers/promises';
import {promisify} from 'node:util';
import {Worker} from 'node:worker_threads';
import {type Collector, native, type Socket} from '../../src/native.js';
import {censusOfThisFile} from '../support/census.js';
import {collectGarbage} from '../support/garbage.js';
import {root} from '../support/places.js';
import {processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

const {addon} = native();
const {EPIPE, EBADF, ENOENT, EACCES, EINVAL, ESRCH, ENOTTY} = constants.errno;
censusOfThisFile(() => {});

const nativeUrl = new URL('../../src/native.js', import.meta.url).href;
const fdCount = () => readdirSync('/proc/self/fd').length;

function pipe(): [number, number] {
  const pair = addon.pipe();
  assert.ok(Array.isArray(pair));
  return pair;
}

function socketPair(): [number, number] {
  const pair = addon.socketPair();
  assert.ok(Array.isArray(pair));
  return pair;
}

/** A reader or writer with a count of its calls. */
function reader(fd: number, onReady = () => {}) {
  let calls = 0;
  const it = new addon.Reader(fd, () => {
    calls++;
    onReady();
  });
  return Object.assign(it, {calls: () => calls});
}

function put(fd: number, bytes: Uint8Array | string): void {
  const writer = new addon.Writer(fd, () => {});
  const data = Buffer.from(bytes);
  assert.equal(writer.write(data, 0), data.length);
  writer.close();
}

function collect(fd: number, head: number, tail: number, stopWhenFull: boolean): {collector: Collector; end: Promise<number>} {
  let settle: (status: number) => void;
  const end = new Promise<number>((resolve) => {
    settle = resolve;
  });
  return {collector: new addon.Collector(fd, head, tail, stopWhenFull, (status) => settle(status)), end};
}

/** Writes all of it, waiting for room, then closes. */
function pour(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  const writer = new addon.Writer(fd, () => go());
  const go = () => {
    const took = writer.write(bytes, offset);
    offset += Math.max(took, 0);
    if (took < 0 || offset === bytes.length) writer.close();
  };
  go();
}

const pattern = (length: number) => Buffer.from(Uint8Array.from({length}, (_, i) => (i * 31 + (i >> 8)) & 0xff));

/** Runs `body` in a worker, with `addon` and `port` in its scope. */
function worker(body: string): Worker {
  const code = `const {parentPort: port} = require('node:worker_threads');
    import(${JSON.stringify(nativeUrl)}).then(({native}) => { const {addon} = native(); ${body} });`;
  return new Worker(code, {eval: true});
}

const exitOf = (it: Worker) => new Promise<number>((resolve) => it.on('exit', resolve));

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

test('a collector keeps everything, however much it is', async () => {
  for (const length of [0, 1, 8 << 10, (8 << 10) + 1, 65_536, 131_073, 5_000_001]) {
    const [read, write] = pipe();
    const {collector, end} = collect(read, 100 << 20, 0, true);
    const bytes = pattern(length);
    pour(write, bytes);
    assert.equal(await end, 0);
    assert.equal(collector.bytes, length);
    assert.equal(collector.kept, length);
    assert.ok(collector.peek().head.equals(bytes));
    const {head, tail} = collector.take();
    assert.ok(head.equals(bytes));
    assert.equal(tail.length, 0);
    assert.equal(collector.kept, 0);
    assert.equal(collector.take().head.length, 0);
  }
});

test('a collector keeps head and tail of what is too long', async () => {
  for (const [head, tail, length] of [
    [10, 10, 15],
    [10, 10, 20],
    [10, 10, 21],
    [0, 7, 100_000],
    [7, 0, 100_000],
    [0, 0, 100_000],
    [32_768, 32_768, 1_000_000],
    [1_000, 300_000, 1_234_567],
  ] as const) {
    const [read, write] = pipe();
    const {collector, end} = collect(read, head, tail, false);
    const bytes = pattern(length);
    pour(write, bytes);
    assert.equal(await end, 0);
    assert.equal(collector.bytes, length);
    const want = {head: bytes.subarray(0, head), tail: length > head ? bytes.subarray(Math.max(head, length - tail)) : Buffer.alloc(0)};
    assert.ok(collector.peek().tail.equals(want.tail), `peek ${head} ${tail} ${length}`);
    const got = collector.take();
    assert.ok(got.head.equals(want.head), `head ${head} ${tail} ${length}`);
    assert.ok(got.tail.equals(want.tail), `tail ${head} ${tail} ${length}`);
  }
});

test('stopWhenFull: exactly so much is kept, more is the end, and the pipe is closed', async () => {
  for (const [head, tail] of [
    [1_000, 0],
    [700, 300],
    [0, 1_000],
    [0, 0],
  ] as const) {
    for (const over of [0, 1, 100_000]) {
      const [read, write] = pipe();
      const {collector, end} = collect(read, head, tail, true);
      const bytes = pattern(head + tail + over);
      pour(write, bytes);
      assert.equal(await end, over > 0 ? 1 : 0, `${head} ${tail} ${over}`);
      assert.equal(collector.kept, head + tail);
      assert.ok(
        collector.bytes >= head + tail + (over > 0 ? 1 : 0) && collector.bytes <= Math.max(4_096, head + tail + (over > 0 ? 1 : 0)),
        `${collector.bytes} were read`,
      );
      const kept = collector.take();
      assert.ok(Buffer.concat([kept.head, kept.tail]).equals(bytes.subarray(0, head + tail)));
    }
  }
});

test('a collector’s finish() reads what is there and ends, whoever holds the pipe', async () => {
  const [read, write] = pipe();
  const {collector, end} = collect(read, 1 << 20, 0, true);
  const writer = new addon.Writer(write, () => {});
  writer.write(pattern(50_000), 0);
  collector.finish();
  assert.equal(await end, 0);
  assert.equal(collector.heldOutside, true);
  assert.ok(collector.take().head.equals(pattern(50_000)));
  assert.equal(writer.write(Buffer.from('x'), 0), -EPIPE);
  writer.close();
  collector.finish();
  collector.close();

  const [read2, write2] = pipe();
  const ended = collect(read2, 10, 0, true);
  addon.close(write2);
  ended.collector.finish();
  assert.equal(await ended.end, 0);
  assert.equal(ended.collector.heldOutside, false);

  const [read3, write3] = pipe();
  const full = collect(read3, 10, 0, true);
  put(write3, 'more than ten bytes');
  full.collector.finish();
  assert.equal(await full.end, 1);
  assert.equal(full.collector.take().head.toString(), 'more than ');
});

test('a flood leaves other handles their turn', async () => {
  const [read, write] = pipe();
  const {collector, end} = collect(read, 0, 0, false);
  const [other, mine] = pipe();
  let isTold = false;
  const it = reader(other, () => {
    isTold = true;
  });
  it.read(1);
  const zeros = Buffer.alloc(1 << 16);
  const writer = new addon.Writer(write, () => go());
  const go = () => {
    while (!isTold && writer.write(zeros, 0) === zeros.length);
  };
  go();
  const small = new addon.Writer(mine, () => {});
  small.write(Buffer.from('x'), 0);
  await within(
    until(() => isTold, 'the other reader'),
    'the other reader',
  );
  for (const each of [writer, small, it]) each.close();
  await end;
  assert.ok(collector.bytes > 0);
});

/** A Socket that gathers what comes, with the descriptors. */
function socket(fd: number): {it: Socket; got: Buffer[]; fds: number[]; ends: number[]} {
  const inbox = new Uint8Array(4096);
  const [got, fds, ends]: [Buffer[], number[], number[]] = [[], [], []];
  const it = new addon.Socket(fd, inbox, (n, received) => {
    if (received >= 0) fds.push(received);
    if (n > 0) got.push(Buffer.from(inbox.subarray(0, n)));
    else ends.push(n);
  });
  return {it, got, fds, ends};
}

test('a socket keeps what does not fit, in order, and hears the end once', async () => {
  const [a, b] = socketPair();
  const [left, right] = [socket(a), socket(b)];
  const hash = createHash('sha256');
  const parts = [10, 100_000, 1, 3_000_000, 17].map(pattern);
  for (const part of parts) {
    assert.equal(left.it.write(part), 0);
    hash.update(part);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  await until(() => right.got.reduce((sum, part) => sum + part.length, 0) === length, 'all bytes');
  assert.equal(createHash('sha256').update(Buffer.concat(right.got)).digest('hex'), hash.digest('hex'));
  left.it.close();
  await until(() => right.ends.length > 0, 'the end');
  await turn();
  assert.deepEqual(right.ends, [0]);
  assert.equal(right.it.write(Buffer.from('x')), -EPIPE);
  right.it.drain();
  right.it.close();
  assert.deepEqual(right.ends, [0]);
});

test('a socket brings one descriptor with the bytes and closes further ones', async () => {
  const [a, b] = socketPair();
  const left = socket(a);
  const before = fdCount();
  const [read, write] = pipe();
  assert.equal(addon.hire(b, Buffer.from('frame'), [read, write, read]), 0);
  left.it.drain();
  assert.deepEqual(left.got, [Buffer.from('frame')]);
  assert.equal(left.fds.length, 1);
  assert.equal(fdCount(), before + 3);
  for (const fd of [read, write, ...left.fds]) addon.close(fd);
  assert.equal(addon.hire(b, Buffer.from('x'), new Array(254).fill(b)), -EINVAL);
  assert.equal(addon.hire(b, Buffer.from('x'), [9_999]), -EBADF);
  addon.close(b);
  await until(() => left.ends.length > 0, 'the end');
  left.it.close();
});

test('drain() inside onData only makes the reading longer', async () => {
  const [a, b] = socketPair();
  const inbox = new Uint8Array(2);
  const seen: string[] = [];
  let depth = 0;
  const it = new addon.Socket(a, inbox, (n) => {
    assert.equal(depth++, 0);
    const text = Buffer.from(inbox.subarray(0, Math.max(n, 0))).toString();
    it.drain();
    assert.equal(Buffer.from(inbox.subarray(0, Math.max(n, 0))).toString(), text);
    seen.push(text);
    depth--;
  });
  put(b, 'aabbcc');
  await until(() => seen.length === 4, 'all pieces and the end');
  assert.deepEqual(seen, ['aa', 'bb', 'cc', '']);
  it.close();
});

test('closing inside the callback is safe', async () => {
  const [a, b] = socketPair();
  let calls = 0;
  const it = new addon.Socket(a, new Uint8Array(1), () => {
    calls++;
    it.close();
  });
  put(b, 'three');
  await until(() => calls > 0, 'the first byte');
  await turn();
  assert.equal(calls, 1);
  const [read, end] = pipe();
  const closes = reader(read, () => closes.close());
  closes.read(1);
  addon.close(end);
  await until(() => closes.calls() === 1, 'the end');
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

test('the environment is environ with changes', () => {
  process.env.NR_KEPT = 'kept=1';
  process.env.NR_CHANGED = 'old';
  process.env.NR_REMOVED = 'x';
  const text = String(addon.environment(Buffer.from('NR_CHANGED=new=\0NR_REMOVED\0NR_ADDED=ü\0NR_ABSENT\0')));
  assert.ok(text.endsWith('\0'));
  const rows = text.slice(0, -1).split('\0');
  const wanted = Object.entries({...process.env, NR_CHANGED: 'new=', NR_REMOVED: undefined, NR_ADDED: 'ü'})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${value}`);
  assert.deepEqual(rows.sort(), wanted.sort());
  assert.equal(String(addon.environment(new Uint8Array(0))).split('\0').length, Object.keys(process.env).length + 1);
  for (const key of ['NR_KEPT', 'NR_CHANGED', 'NR_REMOVED']) delete process.env[key];
});

test('a worker gets no environ: its process.env is another', async () => {
  const it = worker(`port.postMessage(addon.environment(new Uint8Array(0)) === undefined);`);
  const ended = exitOf(it);
  const [answer] = await within(once(it, 'message'), 'an answer');
  assert.equal(answer, true);
  assert.equal(await within(ended, 'its end'), 0);
});

test('a fork server inherits nothing but its sockets and a pidfd of the host', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const script = path.join(folder, 'server.sh');
  // It says on its server socket what it has, and waits there for its end. Built-in commands only: others would bring descriptors.
  writeFileSync(
    script,
    `#!/bin/sh
exec >&4
for f in /proc/$$/fd/*; do
  if [ -S $f ]; then kind=socket; elif [ -c $f ]; then kind=device; elif [ -e $f ] && [ ! $f -ef $0 ]; then kind=other; else continue; fi
  echo "\${f##*/} $kind"
done
while read -r row; do case $row in Sig[BI]*) echo "$row";; esac; done </proc/$$/status
read -r row </proc/$$/environ; echo "env '$row'"
read -r row </proc/$$/stat; set -- "$1" $row; echo "group $6 $$ cwd $(pwd) pad \${#1}"
read x <&4`,
    {mode: 0o755},
  );
  const zeros = '0'.repeat(16);
  const said = (pid: number) =>
    `0 device\n1 socket\n2 device\n3 socket\n4 socket\n5 other\nSigBlk:\t${zeros}\nSigIgn:\t${zeros}\nenv ''\ngroup ${pid} ${pid} cwd / pad 240\n`;

  const started = addon.startServer(script, 'net-runner: fork server of a test');
  assert.ok(typeof started === 'object');
  const {pid, pidfd, hire, server} = started;
  const ours = socket(server);
  const text = () => Buffer.concat(ours.got).toString();
  await until(() => text().includes('pad'), 'the server to speak');
  assert.equal(text(), said(pid));
  assert.equal(addon.reap(pid), false);
  assert.equal(addon.signal(pidfd, 0, 0), 0);
  ours.it.write(Buffer.from('\n'));
  await until(() => addon.reap(pid), 'the server to be reaped');
  assert.equal(addon.signal(pidfd, 0, 0), -ESRCH);
  assert.equal(addon.reap(pid), true);
  ours.it.close();
  addon.close(hire);
  addon.close(pidfd);

  // A worker's server ends with the worker, which closes what it has, bare descriptors too, and is reaped after it.
  const it = worker(`const {pid, server} = addon.startServer(${JSON.stringify(script)}, 'from a worker');
    const inbox = new Uint8Array(4096);
    let text = '';
    const socket = new addon.Socket(server, inbox, (n) => {
      text += Buffer.from(inbox.subarray(0, n));
      if (text.includes('pad')) socket.unref(port.postMessage({pid, text}));
    });`);
  const ended = exitOf(it);
  const theirs = await within(new Promise<{pid: number; text: string}>((resolve) => it.on('message', resolve)), 'the server of a worker');
  assert.equal(theirs.text, said(theirs.pid));
  await ended;
  await until(() => processState(theirs.pid) === undefined, 'the worker’s server to be gone');
});

test('a fork server that cannot be started leaves nothing', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const plain = path.join(folder, 'plain');
  writeFileSync(plain, 'x', {mode: 0o644});
  const before = fdCount();
  assert.equal(addon.startServer('/nonexistent', 'x'), -ENOENT);
  assert.equal(addon.startServer(plain, 'x'), -EACCES);
  assert.throws(() => addon.startServer('x'.repeat(5_000), 'x'), TypeError);
  assert.equal(fdCount(), before);
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
