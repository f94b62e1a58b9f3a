// Owns: what tests of the addon alone start from: pipes, objects that count or gather what comes, and a worker that has the addon.
// Never: starts a job; judges.
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {Worker} from 'node:worker_threads';
import {native, type Socket} from '../../src/native.js';

export const {addon} = native();

export const nativeUrl = new URL('../../src/native.js', import.meta.url).href;
export const fdCount = () => readdirSync('/proc/self/fd').length;

export function pipe(): [number, number] {
  const pair = addon.pipe();
  assert.ok(Array.isArray(pair));
  return pair;
}

export function socketPair(): [number, number] {
  const pair = addon.socketPair();
  assert.ok(Array.isArray(pair));
  return pair;
}

/** A reader or writer with a count of its calls. */
export function reader(fd: number, onReady = () => {}) {
  let calls = 0;
  const it = new addon.Reader(fd, () => {
    calls++;
    onReady();
  });
  return Object.assign(it, {calls: () => calls});
}

export function put(fd: number, bytes: Uint8Array | string): void {
  const writer = new addon.Writer(fd, () => {});
  const data = Buffer.from(bytes);
  assert.equal(writer.write(data, 0), data.length);
  writer.close();
}

/** Writes all of it, waiting for room, then closes. */
export function pour(fd: number, bytes: Uint8Array): void {
  let offset = 0;
  const writer = new addon.Writer(fd, () => go());
  const go = () => {
    const took = writer.write(bytes, offset);
    offset += Math.max(took, 0);
    if (took < 0 || offset === bytes.length) writer.close();
  };
  go();
}

export const pattern = (length: number) => Buffer.from(Uint8Array.from({length}, (_, i) => (i * 31 + (i >> 8)) & 0xff));

/** Runs `body` in a worker, with `addon` and `port` in its scope. */
export function worker(body: string): Worker {
  const code = `const {parentPort: port} = require('node:worker_threads');
    import(${JSON.stringify(nativeUrl)}).then(({native}) => { const {addon} = native(); ${body} });`;
  return new Worker(code, {eval: true});
}

export const exitOf = (it: Worker) => new Promise<number>((resolve) => it.on('exit', resolve));

/** A Socket that gathers what comes, with the descriptors. */
export function socket(fd: number): {it: Socket; got: Buffer[]; fds: number[]; ends: number[]} {
  const inbox = new Uint8Array(4096);
  const [got, fds, ends]: [Buffer[], number[], number[]] = [[], [], []];
  const it = new addon.Socket(fd, inbox, (n, received) => {
    if (received >= 0) fds.push(received);
    if (n > 0) got.push(Buffer.from(inbox.subarray(0, n)));
    else ends.push(n);
  });
  return {it, got, fds, ends};
}
