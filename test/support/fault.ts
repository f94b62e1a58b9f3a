// Owns: one fault of the survival suite as a test: its stage (marker, lifeline, family), both oracles, its repetitions and its row.
// Never: decides what the fault is; forgives what is left.
//   NET_RUNNER_ROUNDS: how often each is repeated (default 1). NET_RUNNER_FAULTS: a file that gets one JSON line per fault.
//   NET_RUNNER_UNTIL: milliseconds since the epoch after which no further round is begun.
import assert from 'node:assert/strict';
import {appendFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {type Subprocess, start} from '../../src/index.js';
import {type Lifeline, newLifeline} from './lifeline.js';
import {child} from './places.js';
import {findMarked, newMarker, processState} from './proc.js';
import {GENEROUS_MS, SLOW, until, within} from './wait.js';

export const ROUNDS = Number(process.env.NET_RUNNER_ROUNDS ?? 1);
/** The long run: every fault many times, under load, with the full numbers and the bounds of the promise. */
export const LONG: boolean = ROUNDS >= 20;
const UNTIL = Number(process.env.NET_RUNNER_UNTIL ?? Number.POSITIVE_INFINITY);

/** A job of three: a leader, a worker of its group that takes no hint, and a runaway in another session that does not either. */
export interface Family {
  readonly p: Subprocess;
  readonly leader: number;
  readonly worker: number;
  readonly runaway: number;
  readonly shepherd: number;
}

export interface Stage {
  /** To be given as the last argument of everybody the fault is about. */
  readonly marker: string;
  /** To be held by everybody the fault is about; the host's own copy is let go by family(), else by the case itself. */
  readonly line: Lifeline;
  /** Starts the family, and proves that the runaway got away. */
  family(options?: {readonly killTimeout?: number; readonly signal?: AbortSignal}): Promise<Family>;
  /** Both oracles. `ms`: how long everybody may take to be gone. */
  gone(ms?: number): Promise<void>;
  /** Milliseconds that the long run prints, the worst of all rounds: from a moment to when everybody was gone. */
  took(ms: number): void;
  /** A figure that the long run prints. */
  note(text: string): void;
}

export interface FaultOptions {
  /** At most so many rounds in the long run: for the slow ones. */
  readonly most?: number;
  /** Why it cannot be tried here. */
  readonly skip?: string | false | undefined;
  /** ms for one round; default 90,000. */
  readonly limit?: number;
}

/** Declares one fault: `number` is its row in the table of faults. */
export function fault(number: string, name: string, play: (stage: Stage) => Promise<void>, options: FaultOptions = {}): void {
  const rounds = Math.min(ROUNDS, options.most ?? ROUNDS);
  const {skip, limit = 90_000} = options;
  const file = `${path.basename(process.argv[1] ?? '', '.js')}.ts`;
  const report = (row: object) => {
    const to = process.env.NET_RUNNER_FAULTS;
    if (to) appendFileSync(to, `${JSON.stringify({fault: number, name, file, ...row})}\n`);
  };
  if (skip) report({skipped: skip});
  test(`${number}: ${name}`, {timeout: limit * rounds * SLOW, ...(skip && {skip})}, async () => {
    const row = {runs: 0, leftBehind: 0, worstMs: 0, note: ''};
    const note = (text: string) => {
      row.note = text;
    };
    const failures: unknown[] = [];
    for (; row.runs < rounds && (row.runs === 0 || Date.now() < UNTIL); row.runs++) {
      try {
        row.worstMs = Math.max(row.worstMs, await playOnce(play, note));
      } catch (error) {
        row.leftBehind++;
        failures.push(error);
      }
    }
    report(row);
    if (failures.length > 0) throw failures[0];
  });
}

async function playOnce(play: (stage: Stage) => Promise<void>, note: (text: string) => void): Promise<number> {
  const marker = newMarker();
  const line = newLifeline();
  let worst = 0;
  const families: Family[] = [];
  const gone = async (ms = GENEROUS_MS) => {
    await within(line.ended, 'the lifeline to end', ms);
    // The shepherd's own title quotes the marker until its tree is gone.
    await until(() => findMarked(marker).length === 0, 'everybody who carries the marker to be gone', ms);
  };
  try {
    await play({
      marker,
      line,
      gone,
      async family(options) {
        const family = await startFamily(marker, line, options);
        families.push(family);
        return family;
      },
      note,
      took: (ms) => {
        worst = Math.max(worst, ms);
      },
    });
  } finally {
    line.close();
    endMarked(marker);
    for (const {p} of families) await readOut(p);
  }
  return worst;
}

async function startFamily(marker: string, line: Lifeline, options: object = {}): Promise<Family> {
  const p = await start([child('leave_survivors'), marker], {stdio: ['ignore', 'pipe', line.fd], killTimeout: 300, ...options});
  line.letGo();
  let said = '';
  while (!said.includes('up\n')) said += String(await p.read());
  const pid = (name: string) => Number(said.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1]);
  const family = {p, leader: pid('leader'), worker: pid('worker'), runaway: pid('runaway'), shepherd: shepherdOf(p.pid)};
  assert.notEqual(processState(family.runaway)?.session, processState(family.leader)?.session, 'the runaway did not get away');
  assert.ok(findMarked(marker).length >= 3, 'the family is not there');
  return family;
}

/** Reads what is left of its stdout, which ends and closes the pipe; else that is open until somebody collects garbage. */
export async function readOut(p: Subprocess): Promise<void> {
  while ((await p.read()) !== null);
}

/** Who watches over a running child. */
export function shepherdOf(pid: number): number {
  const parent = processState(pid)?.parent ?? 0;
  assert.equal(processState(parent)?.name, 'nr-shepherd', `the parent of ${pid} is no shepherd`);
  return parent;
}

/** Ends whoever carries the marker: what a control or a failed case has left. Returns how many there were. */
export function endMarked(marker: string): number {
  const left = findMarked(marker).filter(({commandLine}) => !commandLine.startsWith('net-runner: '));
  for (const {pid} of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended between the look and the signal
    }
  }
  return left.length;
}
