// Owns: what holds a tree together: the types of the options for it, and the sentences for a cgroup that could not be had.
// Never: checking an option (cgroup_settings.ts), or a cgroup (native/shepherd/cgroup.c).

/** A limit of bandwidth or operations of one block device. */
export interface IoMax {
  /** Its numbers, as lsblk(1) shows them: '8:0'. */
  readonly device: string;
  /** Bytes read per second; text such as '10M' too. */
  readonly rbps?: number | string | undefined;
  /** Bytes written per second. */
  readonly wbps?: number | string | undefined;
  /** Reads per second. */
  readonly riops?: number | undefined;
  /** Writes per second. */
  readonly wiops?: number | undefined;
}

/** A cgroup for a job, with limits for everything in it together. Sizes are bytes, or text such as '512M'; Infinity: no limit. */
export interface CgroupOptions {
  /**
   * Where: a relative path, made if it is missing and removed when it is empty. Jobs that share one share its limits. Each job has its own
   * cgroup in it. Default: none; then the limits are the job's own.
   */
  readonly path?: string | undefined;
  /** Beyond it the kernel reclaims, and then kills: `result.oom`. */
  readonly memoryMax?: number | string | undefined;
  /** Beyond it the tree is slowed down and its memory reclaimed. */
  readonly memoryHigh?: number | string | undefined;
  /** Swap it may use; 0: none. */
  readonly swapMax?: number | string | undefined;
  /** Processes and threads. */
  readonly pidsMax?: number | undefined;
  /** CPU time: '50%' of one core, '200%' of two; or quota and period in milliseconds. */
  readonly cpuMax?: `${number}%` | {readonly quota: number; readonly period?: number | undefined} | undefined;
  /** Share of the CPU when it is short: 1 to 10000; 100 is ordinary. */
  readonly cpuWeight?: number | undefined;
  /** One device, or several in a list. */
  readonly ioMax?: IoMax | readonly IoMax[] | undefined;
  /** Whether lack of memory ends all of it at once, instead of one process. */
  readonly oomGroup?: boolean | undefined;
  /** Whether it runs without a cgroup where there can be none; `result.isolation` says which it was. Default: false. */
  readonly optional?: boolean | undefined;
}

/** What holds a tree together. */
export type Isolation = 'auto' | 'tree' | 'cgroup' | 'pidns';

/** Files by the names of their limits. */
export const CGROUP_FILES = {
  memory_max: 'memory.max',
  memory_high: 'memory.high',
  swap_max: 'memory.swap.max',
  oom_group: 'memory.oom.group',
  pids_max: 'pids.max',
  cpu_max: 'cpu.max',
  cpu_weight: 'cpu.weight',
  io_max: 'io.max',
} as const;
export type CgroupFile = keyof typeof CGROUP_FILES;

/** Settled: what is sent. */
export interface IsolationSettings {
  readonly level: Isolation;
  readonly cgroup:
    | {readonly path: string | undefined; readonly limits: Readonly<Partial<Record<CgroupFile, string>>>; readonly optional: boolean}
    | undefined;
  readonly moveHost: boolean;
}

const DELEGATE =
  'run the host under `systemd-run --user --scope -p Delegate=yes`, in a service with Delegate=yes, or in a container with a writable /sys/fs/cgroup';
const OPTIONAL = 'or say `optional: true` to run without';

/** The file a stage is about; undefined for a stage that is not about cgroups. */
export function cgroupSubject(stage: string): string | undefined {
  const name = /^cgroup_(\w+)$/.exec(stage)?.[1];
  if (name === undefined) return undefined;
  if (Object.hasOwn(CGROUP_FILES, name)) return CGROUP_FILES[name as CgroupFile];
  return name === 'join' ? 'cgroup.procs' : 'cgroup';
}

/** Why a cgroup could not be had, and what to do; undefined for a stage that is not about that. */
export function cgroupSentence(stage: string, code: string): string | undefined {
  const subject = cgroupSubject(stage);
  if (subject === undefined) return undefined;
  switch (stage) {
    case 'cgroup_find':
      if (code === 'ENOENT')
        return `there is no cgroup v2 here (ENOENT); boot with systemd.unified_cgroup_hierarchy=1, or mount it into the container, ${OPTIONAL}`;
      return `no cgroup was handed to this user (${code}); ${DELEGATE}, ${OPTIONAL}`;
    case 'cgroup_path':
    case 'cgroup_leaf':
      return `its cgroup ${place(code)}`;
    case 'cgroup_join':
      return `its cgroup could not be joined (cgroup.procs: ${code}); ${joining(code)}`;
  }
  return `its ${subject} could not be written (${code}); ${limiting(subject, code)}`;
}

function place(code: string): string {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `may not be made (${code}); ${DELEGATE}, ${OPTIONAL}`;
    case 'EAGAIN':
      return 'could not be made (EAGAIN); look at cgroup.max.descendants and cgroup.max.depth above it';
    case 'ENOTDIR':
    case 'ELOOP':
      return `has a part in its path that is no cgroup (${code}); give another path`;
    case 'ENAMETOOLONG':
      return 'lies too deep, or its path is too long (ENAMETOOLONG); give a shorter one';
    case 'EXDEV':
      return 'has something else mounted over a part of its path (EXDEV); give another path';
    default:
      return `could not be made (${code})`;
  }
}

function joining(code: string): string {
  if (code === 'EACCES' || code === 'EPERM')
    return 'the host itself has to be inside of what was handed over: move it there first, or start it there';
  if (code === 'EBUSY') return 'a cgroup whose controllers are handed down holds no process itself; give another path';
  if (code === 'EAGAIN') return 'pids.max is reached; raise it, or run fewer at once';
  return 'look at cgroup.type there';
}

function limiting(file: string, code: string): string {
  const controller = file.split('.', 1)[0];
  switch (code) {
    case 'EBUSY':
      return `the host itself sits in the cgroup that has to be divided: say \`cgroupSetup: 'move-host'\`, or set Delegate=yes and DelegateSubgroup=host in its service`;
    case 'ENOENT':
      return `the ${controller} controller is not handed down to there: see cgroup.controllers, and on a hybrid host whether v1 has it; ${DELEGATE}, ${OPTIONAL}`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${DELEGATE}, ${OPTIONAL}`;
    case 'ENODEV':
      return 'there is no such device; lsblk(1) shows the numbers';
    default:
      return 'the kernel does not take that value';
  }
}
