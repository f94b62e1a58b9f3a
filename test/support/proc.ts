// Owns: reading processes from /proc: state, family, descriptors, and the search for a marker in argv.
// Never: signals anybody; counts a zombie as alive.
import {randomBytes} from 'node:crypto';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import process from 'node:process';

export interface ProcessState {
  readonly pid: number;
  /** The name in the kernel's table, at most 15 bytes. */
  readonly name: string;
  /** R, S, D, T, t, Z, X ... as in ps(1). */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** In clock ticks since boot. With the pid it names a process beyond doubt. */
  readonly startTime: number;
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined; // it ended between the listing and this
  }
}

/** What /proc says of a process; undefined when there is none. */
export function processState(pid: number): ProcessState | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined || stat === '') return undefined;
  const nameEnd = stat.lastIndexOf(')'); // the name may hold anything, a ')' too
  const rest = stat.slice(nameEnd + 2).split(' ');
  return {
    pid,
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    state: rest[0]!,
    parent: Number(rest[1]),
    group: Number(rest[2]),
    session: Number(rest[3]),
    startTime: Number(rest[19]),
  };
}

/** Whether a process with this pid runs. A zombie does not. */
export function isAlive(pid: number): boolean {
  const state = processState(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** The arguments of a process as one string, NULs as blanks; '' for zombies and kernel threads. */
export function commandLineOf(pid: number): string {
  return (readOrUndefined(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trimEnd();
}

/** The children of `pid`, zombies included. */
export function childrenOf(pid: number = process.pid): ProcessState[] {
  return allPids()
    .map(processState)
    .filter((state) => state !== undefined)
    .filter((state) => state.parent === pid);
}

/** The fork servers that `pid` has running. They end with their host and are not left behind by a job. */
export function forkServersOf(pid: number = process.pid): ProcessState[] {
  return childrenOf(pid).filter((state) => commandLineOf(state.pid).startsWith('net-runner: fork server'));
}

/** A word that occurs in no other command line of this machine. Give it to a child as its last argument. */
export function newMarker(): string {
  return `nr-marker-${randomBytes(8).toString('hex')}`;
}

/** Who carries `marker` in its arguments, zombies and this process excepted. */
export function findMarked(marker: string): Array<{readonly pid: number; readonly commandLine: string}> {
  return allPids()
    .filter((pid) => pid !== process.pid)
    .map((pid) => ({pid, commandLine: commandLineOf(pid)}))
    .filter(({pid, commandLine}) => commandLine.includes(marker) && isAlive(pid));
}

/** How many descriptors this process has open, by kind: 'pipe', 'socket', 'anon_inode:[pidfd]', or the path of a file. */
export function openDescriptors(): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const fd of readdirSync('/proc/self/fd')) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      continue; // the one of this listing
    }
    const kind = target.replace(/:\[\d+\]$/, '');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}
