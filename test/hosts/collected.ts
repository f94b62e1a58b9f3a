// Owns: a host whose jobs belong to the garbage collector (`owner: 'gc'`), holding the host's fd 3. Needs --expose-gc.
// Never: holds a Subprocess that the case in hand does not hold.
//   Says "CASE alive" or "CASE gone", one line per case.
import process from 'node:process';
import type {Readable} from 'node:stream';
import {setTimeout as wait} from 'node:timers/promises';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';

const collect = (globalThis as unknown as {gc(): void}).gc;
const [marker = 'nr-marker-none'] = process.argv.slice(2);

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Collects for as long as it lives, at most `ms`. */
async function outlives(pid: number, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end && alive(pid); await wait(5)) collect();
  return alive(pid);
}

const begin = (owner: 'gc' | undefined) =>
  start([child('ignore_sigterm'), marker], {owner, stdio: ['ignore', 'pipe', 3], killTimeout: 100});

/** Each gives what is held. */
const cases: Readonly<Record<string, () => Promise<{readonly pid: number; readonly held: unknown}>>> = {
  async nothing() {
    const p = await begin('gc');
    return {pid: p.pid, held: undefined};
  },
  async subprocess() {
    const p = await begin('gc');
    return {pid: p.pid, held: p};
  },
  async stream() {
    const p = await begin('gc');
    return {pid: p.pid, held: p.stdout};
  },
  async iteration() {
    const p = await begin('gc');
    void drain(p.stdout);
    return {pid: p.pid, held: undefined};
  },
  async promise() {
    const p = await begin('gc');
    void p.exited.then(() => {});
    return {pid: p.pid, held: undefined};
  },
  async ordinary() {
    const p = await begin(undefined);
    return {pid: p.pid, held: undefined};
  },
};

async function drain(stream: Readable): Promise<void> {
  for await (const _ of stream);
}

const kept: unknown[] = [];
const left: number[] = [];
for (const [name, make] of Object.entries(cases)) {
  const {pid, held} = await make();
  kept.push(held);
  const lives = await outlives(pid, name === 'nothing' ? 15_000 : 400);
  console.log(`${name} ${lives ? 'alive' : 'gone'}`);
  if (lives) left.push(pid);
}
console.log(`kept ${kept.filter(Boolean).length}`);
for (const pid of left) process.kill(pid, 'SIGKILL');
