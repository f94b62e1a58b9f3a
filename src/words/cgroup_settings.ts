// Owns: the checks of the options `cgroup`, `cgroupSetup` and `isolation`, and what they become in the kernel's words.
// Never: looking whether there is a cgroup.
import {whole} from './bound_settings.js';
import {CGROUP_FILES, type CgroupFile, type CgroupOptions, type IsolationSettings} from './cgroup.js';
import {invalid} from './errors.js';
import {shown} from './excerpt.js';
import {bytesOf} from './size.js';
import {isTorn} from './unicode.js';

/** A leaf's path has to fit into 1024 bytes with our own part of it and with where it lies. */
const LONGEST_PATH = 768;
const DEEPEST = 24;
const MOST_DEVICES = 64;
const PERIOD_US = 100_000;

type Cgroup = NonNullable<IsolationSettings['cgroup']>;

function refuse(sentence: string): Error {
  return invalid('ERR_INVALID_OPTION', sentence, refuse);
}

function size(name: string, value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return 'max';
  const bytes = bytesOf(value);
  if (bytes === undefined)
    throw refuse(`\`cgroup.${name}\` must be bytes, a whole number or text such as '512M', or Infinity, but is ${shown(value)}`);
  return String(bytes);
}

function count(name: string, value: unknown): string {
  return value === Number.POSITIVE_INFINITY
    ? 'max'
    : String(whole(`cgroup.${name}`, value, 1, 2 ** 31, 'a whole number from 1 on, or Infinity'));
}

function cpuMax(value: unknown): string {
  const percent = typeof value === 'string' ? /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1] : undefined;
  if (percent !== undefined && Number(percent) >= 1) return `${Math.round((Number(percent) * PERIOD_US) / 100)} ${PERIOD_US}`;
  const {quota, period = PERIOD_US / 1_000} = (typeof value === 'object' && value !== null ? value : {}) as {
    quota?: unknown;
    period?: unknown;
  };
  const fits = (ms: unknown, most: number): ms is number => typeof ms === 'number' && ms >= 1 && ms <= most;
  if (fits(quota, 1e6) && fits(period, 1_000)) return `${Math.round(quota * 1_000)} ${Math.round(period * 1_000)}`;
  throw refuse(
    `\`cgroup.cpuMax\` must be a share of one core such as '50%', or {quota, period} in milliseconds (1 at least), but is ${shown(value)}`,
  );
}

/** One line for each device. */
function ioMax(value: unknown): string {
  if (!Array.isArray(value)) return ioMaxOf(value).line;
  if (value.length === 0) throw refuse('`cgroup.ioMax` is an empty list; leave it out, or name a device');
  if (value.length > MOST_DEVICES) throw refuse(`\`cgroup.ioMax\` has ${value.length} devices; it takes ${MOST_DEVICES}`);
  const all = value.map(ioMaxOf);
  const twice = all.find(({device}, i) => all.findIndex((other) => other.device === device) !== i);
  if (twice) throw refuse(`\`cgroup.ioMax\` names the device ${shown(twice.device)} twice; write all its limits into one entry`);
  return all.map(({line}) => line).join('\n');
}

function ioMaxOf(value: unknown): {device: string; line: string} {
  const {device, ...limits} = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof device !== 'string' || !/^\d+:\d+$/.test(device))
    throw refuse(`\`cgroup.ioMax\` must be an object such as {device: '8:0', wbps: '10M'}, but is ${shown(value)}`);
  const words = Object.entries(limits)
    .filter(([, limit]) => limit !== undefined)
    .map(([name, limit]) => {
      if (name === 'rbps' || name === 'wbps') return `${name}=${size(`ioMax.${name}`, limit)}`;
      if (name === 'riops' || name === 'wiops') return `${name}=${count(`ioMax.${name}`, limit)}`;
      throw refuse(`\`cgroup.ioMax\` has no ${shown(name)}; it has device, rbps, wbps, riops and wiops`);
    });
  if (words.length === 0) throw refuse('`cgroup.ioMax` limits nothing; give rbps, wbps, riops or wiops');
  return {device, line: [device, ...words].join(' ')};
}

function truth(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw refuse(`\`cgroup.${name}\` must be true or false, but is ${shown(value)}`);
  return value;
}

/** What each limit becomes, in the order in which they are written. */
const limits: Readonly<Record<Exclude<keyof CgroupOptions, 'path' | 'optional'>, readonly [CgroupFile, (value: unknown) => string]>> = {
  memoryMax: ['memory_max', (value) => size('memoryMax', value)],
  memoryHigh: ['memory_high', (value) => size('memoryHigh', value)],
  swapMax: ['swap_max', (value) => size('swapMax', value)],
  oomGroup: ['oom_group', (value) => (truth('oomGroup', value) ? '1' : '0')],
  pidsMax: ['pids_max', (value) => count('pidsMax', value)],
  cpuMax: ['cpu_max', cpuMax],
  cpuWeight: ['cpu_weight', (value) => String(whole('cgroup.cpuWeight', value, 1, 10_000, 'a whole number from 1 to 10000'))],
  ioMax: ['io_max', ioMax],
};

export function readCgroup(value: unknown): Cgroup {
  if (typeof value === 'string') return {path: cgroupPath(value), limits: {}, optional: false};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(`\`cgroup\` must be a relative path or an object such as {memoryMax: '512M'}, but is ${shown(value)}`);
  const settled: Partial<Record<CgroupFile, string>> = {};
  let [path, optional]: [string | undefined, boolean] = [undefined, false];
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined) continue;
    if (name === 'path') path = cgroupPath(given);
    else if (name === 'optional') optional = truth(name, given);
    else if (Object.hasOwn(limits, name)) {
      const [file, read] = limits[name as keyof typeof limits];
      settled[file] = read(given);
    } else throw refuse(`\`cgroup\` has no ${shown(name)}; it has path, ${Object.keys(limits).join(', ')} and optional`);
  }
  return Object.freeze({path, limits: Object.freeze(settled), optional});
}

/** Nothing that could leave the place that was handed to us, or be taken for one of the kernel's files or of our own cgroups. */
function cgroupPath(value: unknown): string {
  const why = pathFault(value);
  if (why !== undefined) throw refuse(`\`cgroup\` must be a relative path such as 'builds/web', but ${shown(value)} ${why}`);
  return value as string;
}

function pathFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'is none';
  if (value === '') return 'is empty';
  if (value.startsWith('/')) return 'is absolute: it counts from the cgroup that was handed to this host';
  if (/[\0\n]/.test(value) || isTorn(value)) return 'holds a character that no cgroup can have';
  const parts = value.split('/');
  if (parts.includes('')) return 'has an empty part';
  if (parts.includes('.') || parts.includes('..')) return "holds '.' or '..'";
  if (parts.some((part) => Buffer.byteLength(part) > 255)) return 'has a part of more than 255 bytes';
  if (Buffer.byteLength(value) > LONGEST_PATH || parts.length > DEEPEST)
    return `is longer than ${LONGEST_PATH} bytes or deeper than ${DEEPEST}`;
  if (parts.some((part) => /^nr-([0-9a-f]{16}|host)$/.test(part))) return 'has a part that is a name of our own';
  const controllers = new Set(['cgroup', ...Object.values(CGROUP_FILES).map((file) => file.split('.', 1)[0])]);
  if (parts.some((part) => part.includes('.') && controllers.has(part.split('.', 1)[0]!)))
    return "has a part that may be one of the kernel's own files";
  return undefined;
}

export function isolationOf(
  level: IsolationSettings['level'] | undefined,
  cgroup: Cgroup | undefined,
  setup: 'move-host' | undefined,
): IsolationSettings {
  if (cgroup !== undefined && level === 'tree') throw refuse("`cgroup` cannot be had with isolation 'tree'; leave `isolation` out");
  return Object.freeze({level: level ?? (cgroup === undefined ? 'tree' : 'cgroup'), cgroup, moveHost: setup === 'move-host'});
}
