// Owns: `net-runner doctor`: each guarantee on this machine, tried where it can be tried: yes, or why not and what to do.
// Never: changes the machine; calls something good because it usually is.
import {accessSync, constants, existsSync, readFileSync} from 'node:fs';
import {run} from '../api/run.js';
import {start} from '../api/start.js';
import {native} from '../native.js';
import {RunError} from '../words/errors.js';
import {becomeSubreaper, endAdopted} from './orphans.js';
import {print} from './say.js';

/** What was found of one guarantee. */
interface Finding {
  readonly ok: boolean;
  /** One line: what was seen. */
  readonly seen: string;
  /** What to do about it, where something can be done. */
  readonly advice?: string;
}

interface Check {
  readonly name: string;
  /** Without it leaving nothing behind cannot be promised at all. */
  readonly basic: boolean;
  look(): Finding | Promise<Finding>;
}

/** In the order of the answer. */
const CHECKS: readonly Check[] = [
  {name: 'binaries', basic: true, look: binaries},
  {name: 'whole trees end', basic: true, look: wholeTree},
  {name: 'a killed shepherd', basic: true, look: killedShepherd},
  {name: '/proc', basic: true, look: proc},
  {name: 'lists of children', basic: false, look: childLists},
  {name: 'processes', basic: false, look: () => limit('Max processes', 'ulimit -u', 2_000, 'two per running job')},
  {name: 'descriptors', basic: false, look: () => limit('Max open files', 'ulimit -n', 1_024, 'up to five per running job')},
  {name: 'pipes', basic: false, look: pipes},
  {name: 'terminals', basic: false, look: terminals},
  {name: 'cgroup v2', basic: false, look: cgroup},
  {name: 'controllers', basic: false, look: controllers},
  {name: 'pid namespaces', basic: false, look: pidNamespaces},
];

/** Prints what was found; the exit status is 0 only if the basic level holds. */
export async function doctor(json: boolean): Promise<number> {
  const rows: (Finding & {readonly name: string; readonly basic: boolean})[] = [];
  for (const {name, basic, look} of CHECKS) rows.push({name, basic, ...(await tried(look))});
  const holds = rows.every(({ok, basic}) => ok || !basic);
  if (json) print(`${JSON.stringify({holds, checks: rows}, null, 2)}\n`);
  else {
    for (const {name, ok, basic, seen, advice} of rows) {
      print(`${ok ? 'yes' : basic ? 'NO ' : 'no '}  ${name.padEnd(19)}${seen}\n`);
      if (!ok && advice !== undefined) print(`     ${''.padEnd(19)}-> ${advice}\n`);
    }
    print(holds ? 'The basic level holds: nothing is left behind.\n' : 'The basic level does not hold here.\n');
  }
  return holds ? 0 : 1;
}

async function tried(look: Check['look']): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return {ok: false, seen: error instanceof Error ? error.message.split('\n', 1)[0]! : String(error)};
  }
}

function binaries(): Finding {
  return {ok: true, seen: native().shepherd};
}

/** A descendant in another session that its parents have left, under a command that exits at once. */
async function wholeTree(): Promise<Finding> {
  const {leftovers, stdout} = await run(['sh', '-c', 'setsid sleep 60 >/dev/null & echo $!'], {leftoverTimeout: 0, timeout: 10_000});
  const ok = leftovers.length > 0 && !existsSync(`/proc/${leftovers[0]!.pid}`);
  return ok
    ? {ok, seen: 'a descendant in a session of its own was found and ended (subreaper)'}
    : {
        ok,
        seen: `a descendant in a session of its own was not found (pid ${stdout.trim()})`,
        advice: 'needs PR_SET_CHILD_SUBREAPER: Linux 3.4, and a sandbox that allows it',
      };
}

async function killedShepherd(): Promise<Finding> {
  becomeSubreaper(); // should it fail, what it leaves comes to us
  const p = await start(['sleep', '60'], {stdio: 'ignore', killTimeout: 0});
  const stat = readFileSync(`/proc/${p.pid}/stat`, 'latin1');
  const shepherd = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  // It is the parent of a child that runs, so this number is its own.
  if (shepherd !== process.pid && shepherd > 1) process.kill(shepherd, 'SIGKILL');
  const {proven, reason} = await p.closed;
  await endAdopted();
  return proven && reason === 'lost'
    ? {ok: true, seen: 'its child died with it and the fork server proved the tree empty (PDEATHSIG, second subreaper)'}
    : {ok: false, seen: `its tree is not proven to be gone (${reason})`, advice: 'needs PR_SET_PDEATHSIG and a readable /proc'};
}

function proc(): Finding {
  const hidden = /^proc \/proc proc .*\bhidepid=(?!0\b|off\b)(\w+)/m.exec(readFileSync('/proc/mounts', 'latin1'))?.[1];
  accessSync('/proc/self/stat', constants.R_OK);
  if (hidden === undefined || process.getuid?.() === 0) return {ok: true, seen: 'mounted, processes are visible'};
  return {ok: true, seen: `hidepid=${hidden}: descendants of another user are invisible, and end only with a cgroup or pid namespace`};
}

function childLists(): Finding {
  const ok = existsSync(`/proc/self/task/${process.pid}/children`);
  if (ok) return {ok, seen: 'a tree is walked downward'};
  return {ok, seen: 'every look at a tree reads all of /proc', advice: 'a kernel with CONFIG_PROC_CHILDREN is faster on busy machines'};
}

function limit(row: string, command: string, wanted: number, why: string): Finding {
  const soft = new RegExp(`^${row}\\s+(\\S+)`, 'm').exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 'unlimited';
  const ok = soft === 'unlimited' || Number(soft) >= wanted;
  return {ok, seen: `${soft} (${command}; ${why})`, ...(!ok && {advice: `raise it for many jobs at once: ${command} ${wanted}`})};
}

function pipes(): Finding {
  const pages = Number(readFileSync('/proc/sys/fs/pipe-user-pages-soft', 'latin1'));
  if (process.getuid?.() === 0 || pages === 0) return {ok: true, seen: 'no limit for this user'};
  // A pipe of the ordinary size has 16 pages, and past the limit each new one has 2: slower, and whole all the same.
  return {ok: true, seen: `${Math.floor(pages / 16)} of full size at once (three per job), then small ones (fs.pipe-user-pages-soft)`};
}

function terminals(): Finding {
  const of = (name: string) => Number(readFileSync(`/proc/sys/kernel/pty/${name}`, 'latin1'));
  const left = of('max') - of('nr');
  return {ok: left > 0 && existsSync('/dev/ptmx'), seen: `${left} left (kernel.pty.max)`, advice: 'raise kernel.pty.max, mount /dev/pts'};
}

async function cgroup(): Promise<Finding> {
  const mount = readFileSync('/proc/mounts', 'latin1').match(/^\S+ (\S+) cgroup2 /m)?.[1];
  if (mount === undefined) return {ok: false, seen: 'not mounted', advice: 'boot with systemd.unified_cgroup_hierarchy=1'};
  const error: unknown = await run(['true'], {isolation: 'cgroup', timeout: 10_000}).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) {
    const {isolation} = await run(['true'], {isolation: 'auto', timeout: 10_000});
    return {ok: true, seen: `a job can have one of its own${isolation === 'cgroup' ? '' : ', as root (none was handed to us)'}`};
  }
  const why = error instanceof RunError && error.reason === 'spawn' ? `${error.stage}: ${error.code}` : String(error);
  return {ok: false, seen: `a job cannot have one (${why})`, advice: 'in a systemd service: Delegate=yes and DelegateSubgroup=host'};
}

/** Limits need the controllers, in the place from which a job's cgroup hangs. */
function controllers(): Finding {
  const mount = readFileSync('/proc/mounts', 'latin1').match(/^\S+ (\S+) cgroup2 /m)?.[1];
  if (mount === undefined) return {ok: false, seen: 'no cgroup v2'};
  const own = (/^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '/').replace(/\/nr-host$/, '');
  const words = (file: string) => readFileSync(`${mount}${own}/${file}`, 'latin1').trim().split(' ').filter(Boolean);
  const wanted = ['memory', 'pids', 'cpu', 'io'];
  const there = wanted.filter((name) => words('cgroup.controllers').includes(name));
  const on = there.filter((name) => words('cgroup.subtree_control').includes(name));
  const ok = there.length === wanted.length;
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.join(', '));
  return {
    ok,
    seen: `delegated to ${own}: ${list(there)}; handed down already: ${list(on)}`,
    advice:
      'memoryMax, pidsMax, cpuMax and ioMax need theirs: Delegate=yes, or a container with its own cgroup namespace; not on hybrid hosts',
  };
}

async function pidNamespaces(): Promise<Finding> {
  const {stdout, isolation} = await run(['sh', '-c', 'echo $$; readlink /proc/self'], {isolation: 'pidns', timeout: 10_000});
  const [own, seen] = stdout.trim().split('\n');
  if (isolation !== 'pidns' || Number(own) > 9) return {ok: false, seen: `a job in one sees itself as ${own}`};
  const hides = Number(seen) > 9;
  return {
    ok: true,
    seen: `a job can have one of its own${hides ? '; it sees the /proc of the host, as mounting one is refused' : ', with its own /proc'}`,
  };
}
