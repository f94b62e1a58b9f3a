// Owns: what the kernel makes a child of this process: as a subreaper, and as PID 1, it adopts orphans, and has to reap and end them.
// Never: signals a process that is not its own unreaped child, whose pid therefore nobody else can have.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {native} from '../native.js';

export interface Child {
  readonly pid: number;
  readonly zombie: boolean;
  /** One of ours: a fork server or a shepherd. They end by themselves, and must not be ended before their work is done. */
  readonly ours: boolean;
  /** In clock ticks since boot: with the pid it names a process beyond doubt. */
  readonly born: string;
}

/** Children that this process had before: a shell that became us by exec started them, and goes on with them. */
const inherited = new Map<number, string>();

/** Orphans of this process's tree come to it from now on, not to PID 1. Where the kernel has no such thing they do not. */
export function becomeSubreaper(): void {
  for (const {pid, born} of children()) inherited.set(pid, born);
  native().addon.becomeSubreaper();
}

/** The children of this process, adopted ones included, but those that it had before. Empty where there is no /proc. */
export function children(): Child[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.map(Number).filter(Number.isInteger).flatMap(look);
}

function look(pid: number): Child[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, parent, born] = [fields[0], fields[1], fields[19] as string];
    if (Number(parent) !== process.pid || inherited.get(pid) === born) return [];
    const zombie = state === 'Z' || state === 'X';
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return [{pid, zombie, ours: !zombie && runsShepherd(pid, name), born}];
  } catch {
    return []; // it ended meanwhile, or is not ours to look at, so not our child
  }
}

/** By the file it executes: a name could be anybody's. Of a fork server, which hides its memory, only root may see that. */
function runsShepherd(pid: number, name: string): boolean {
  try {
    const its = statSync(`/proc/${pid}/exe`);
    const ours = statSync(native().shepherd);
    return its.ino === ours.ino && its.dev === ours.dev;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' && name === 'nr-forkserver';
  }
}

/** Reaps every zombie child but those in `except`, which somebody else waits for. */
export function reapZombies(except: ReadonlySet<number> = new Set()): void {
  for (const {pid, zombie} of children()) if (zombie && !except.has(pid)) native().addon.reap(pid);
}

/** Reaps adopted zombies whenever one appears, until the returned function is called. */
export function keepReaping(): () => void {
  const onChild = () => reapZombies();
  process.on('SIGCHLD', onChild);
  return () => process.off('SIGCHLD', onChild);
}

/** Ends whatever was adopted alive and is not ours: only a shepherd and its fork server dying together leaves such. Resolves to how many. */
export async function endAdopted(): Promise<number> {
  const ended = new Set<number>();
  for (const end = performance.now() + 5_000; performance.now() < end; ) {
    const strangers = children().filter(({zombie, ours}) => !zombie && !ours);
    if (strangers.length === 0) break;
    for (const {pid} of strangers) {
      process.kill(pid, 'SIGKILL');
      ended.add(pid);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    reapZombies();
  }
  reapZombies();
  return ended.size;
}
