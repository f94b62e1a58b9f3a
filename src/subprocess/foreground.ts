// Owns: finding a process of a group, as /proc shows it.
// Never: signals one: by the time of the answer its number may be somebody else's.
import {readdirSync, readFileSync} from 'node:fs';
import type {Foreground} from '../words/subprocess.js';

interface Seen extends Foreground {
  readonly group: number;
  readonly over: boolean;
}

/** Its leader while that lives, else the oldest of the others; null: nobody is there. */
export function memberOf(group: number): Foreground | null {
  const leader = look(group);
  if (leader?.group === group && !leader.over) return {pid: leader.pid, name: leader.name};
  const others = everybody()
    .map(look)
    .filter((seen) => seen !== undefined && seen.group === group && !seen.over)
    .sort((one, other) => one!.pid - other!.pid);
  const first = others[0];
  return first ? {pid: first.pid, name: first.name} : null;
}

function everybody(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** "pid (name) S ppid pgrp ...": a name may hold anything, so the last ')' counts. */
function look(pid: number): Seen | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const end = stat.lastIndexOf(')');
  const [state, , group] = stat.slice(end + 2).split(' ');
  return {pid, name: stat.slice(stat.indexOf('(') + 1, end), group: Number(group), over: state === 'Z' || state === 'X'};
}
