// Owns: the command line's options, as one table that parses, explains and is tested row by row; and the exit statuses.
// Never: runs anything; prints.
import {LIMITS} from '../words/bounds.js';
import type {CgroupOptions} from '../words/cgroup.js';
import type {StartOptions} from '../words/runnable.js';
import {resolveSignal} from '../words/signals.js';
import {type Flag, helpRows, isOption, type OptionTable, type Statuses, statusRows, takeOption, UsageError} from './option_table.js';
import {parseSize, parseTime} from './units.js';

/** What the words after `net-runner run` mean. */
export interface RunFlags {
  /** Options of start() that were given. */
  readonly options: StartOptions;
  /** Bytes that stdout and stderr may each have. */
  readonly maxOutput: number | undefined;
  /** In a pseudo-terminal, connected to our own standard streams. */
  readonly pty: boolean;
  readonly stats: boolean;
  /** Where the result is written. */
  readonly report: string | undefined;
  /** The result goes to stdout, with the output as fields of it. */
  readonly json: boolean;
  readonly help: boolean;
  readonly command: readonly [file: string, ...args: string[]];
}

type Draft = {-readonly [K in keyof Omit<RunFlags, 'options' | 'command'>]: RunFlags[K]} & {
  options: {-readonly [K in keyof StartOptions]: StartOptions[K]};
};

function time(flag: string, text: string): number {
  const ms = parseTime(text);
  if (ms === undefined)
    throw new UsageError(`${flag} needs a time with a unit (500ms, 30s, 5m, 2h), not '${text}'${bare(text, 's', 'ms')}`);
  return ms;
}

function size(flag: string, text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined)
    throw new UsageError(`${flag} needs a size with a unit (512B, 64K, 10M, 1G), not '${text}'${bare(text, 'M', 'B')}`);
  return bytes;
}

/** Nobody but the command is in a command line's way: it may be moved. */
function cgroup(draft: Draft, more: CgroupOptions): void {
  draft.options.cgroup = {...(draft.options.cgroup as CgroupOptions | undefined), ...more};
  draft.options.cgroupSetup = 'move-host';
}

/** Counts are bare; sizes and times have a unit, here as everywhere. */
function limitValue(name: (typeof LIMITS)[number], text: string): number {
  if (text === 'unlimited') return Number.POSITIVE_INFINITY;
  if (name === 'cpu') return Math.ceil(time(`--limit ${name}`, text) / 1_000);
  if (name !== 'nofile' && name !== 'nproc') return text === '0' ? 0 : size(`--limit ${name}`, text);
  if (!/^\d+$/.test(text)) throw new UsageError(`--limit ${name} needs a number, or unlimited, not '${text}'`);
  return Number(text);
}

/** A bare number could mean either, so it is refused with both. */
function bare(text: string, large: string, small: string): string {
  return /^\d+(\.\d+)?$/.test(text) ? `: write ${text}${large} or ${text}${small}` : '';
}

/** Every option of `net-runner run`, in the order of the help. */
export const FLAGS: readonly Flag<Draft>[] = [
  {
    name: '--timeout',
    value: 'TIME',
    doc: 'stop the whole tree after this time, and exit with 124 (default: no limit)',
    set(draft, value) {
      draft.options.timeout = time('--timeout', value);
    },
  },
  {
    name: '--kill-timeout',
    short: '-k',
    value: 'TIME',
    doc: 'time between the polite signal and SIGKILL (default: 5s; 0s: SIGKILL at once)',
    set(draft, value) {
      draft.options.killTimeout = time('--kill-timeout', value);
    },
  },
  {
    name: '--signal',
    short: '-s',
    value: 'SIGNAL',
    doc: 'the polite signal, by name or number (default: TERM)',
    set(draft, value) {
      const signal = /^\d+$/.test(value) ? Number(value) : (value.toUpperCase() as NodeJS.Signals);
      try {
        resolveSignal(signal);
      } catch (error) {
        throw new UsageError(`--signal: ${(error as Error).message}`);
      }
      draft.options.killSignal = signal;
    },
  },
  {
    name: '--max-output',
    value: 'SIZE',
    doc: 'stop the tree when stdout or stderr has more than this, and exit with 125 (default: no limit; with --json 100M)',
    set(draft, value) {
      draft.maxOutput = size('--max-output', value);
    },
  },
  {
    name: '--cwd',
    value: 'DIR',
    doc: 'start the command in this directory',
    set(draft, value) {
      draft.options.cwd = value;
    },
  },
  {
    name: '--env',
    value: 'K=V',
    doc: 'add this variable to the environment of the command; may be given more than once',
    set(draft, value) {
      const at = value.indexOf('=');
      if (at < 1) throw new UsageError(`--env needs NAME=VALUE, not '${value}'`);
      draft.options.env = {...draft.options.env, [value.slice(0, at)]: value.slice(at + 1)};
    },
  },
  {
    name: '--linger',
    value: 'WAY',
    doc: 'what the exit of the command means for what it left running: stop (ended at once, the default), wait (waited for) or leave (lives on)',
    set(draft, value) {
      if (value === 'stop' || value === 'wait' || value === 'leave') {
        draft.options.linger = value;
        draft.options.detached = value === 'leave' && 'leftovers'; // we are the host, and gone in a moment
      } else throw new UsageError(`--linger is 'stop', 'wait' or 'leave', not '${value}'`);
    },
  },
  {
    name: '--nice',
    value: 'N',
    doc: 'the priority of the command and all it starts, from -20 (first) to 19 (last)',
    set(draft, value) {
      if (!/^[+-]?\d+$/.test(value) || Math.abs(Number(value) + 0.5) > 20)
        throw new UsageError(`--nice is a number from -20 to 19, not '${value}'`);
      draft.options.nice = Number(value);
    },
  },
  {
    name: '--limit',
    value: 'NAME=N',
    doc: 'a limit of each process, or soft:hard: nofile, nproc, core, fsize, as (sizes) or cpu (a time); may be given more than once',
    set(draft, value) {
      const [, name, soft, hard = soft] = /^(\w+)=([^:]+)(?::([^:]+))?$/.exec(value) ?? [];
      const known = LIMITS.find((limit) => limit === name);
      if (known === undefined)
        throw new UsageError(`--limit needs one of ${LIMITS.join(', ')}, as in nofile=256 or nofile=256:1024, not '${value}'`);
      const both = {soft: limitValue(known, soft!), hard: limitValue(known, hard!)};
      if (both.soft > both.hard) throw new UsageError(`--limit ${known}: the soft value ${soft} is above the hard one ${hard}`);
      draft.options.limits = {...draft.options.limits, [known]: both};
    },
  },
  {
    name: '--cgroup',
    value: 'PATH',
    doc: 'a cgroup of its own, in this one: a relative path below what was handed to us',
    set(draft, value) {
      cgroup(draft, {path: value});
    },
  },
  {
    name: '--memory-max',
    value: 'SIZE',
    doc: 'memory that all of it may use together; beyond it the kernel kills',
    set(draft, value) {
      cgroup(draft, {memoryMax: size('--memory-max', value)});
    },
  },
  {
    name: '--pids-max',
    value: 'N',
    doc: 'processes and threads that it may have together',
    set(draft, value) {
      if (!/^[1-9]\d*$/.test(value)) throw new UsageError(`--pids-max is a number from 1 on, not '${value}'`);
      cgroup(draft, {pidsMax: Number(value)});
    },
  },
  {
    name: '--cpu-max',
    value: 'SHARE',
    doc: 'CPU time that it may use together: 50% of one core, 200% of two',
    set(draft, value) {
      if (!/^\d+(\.\d+)?%$/.test(value) || Number.parseFloat(value) < 1)
        throw new UsageError(`--cpu-max is a share such as 50%, not '${value}'`);
      cgroup(draft, {cpuMax: value as `${number}%`});
    },
  },
  {
    name: '--isolation',
    value: 'LEVEL',
    doc: 'what holds the tree together: tree (the default), cgroup, pidns, or auto (a cgroup where one was handed to us)',
    set(draft, value) {
      if (value !== 'tree' && value !== 'cgroup' && value !== 'auto' && value !== 'pidns')
        throw new UsageError(`--isolation is 'tree', 'cgroup', 'pidns' or 'auto', not '${value}'`);
      draft.options.isolation = value;
      if (value === 'cgroup' || value === 'auto') draft.options.cgroupSetup = 'move-host';
    },
  },
  {
    name: '--pty',
    doc: 'run the command in a terminal of its own, connected to this one; what it writes is one stream',
    set(draft) {
      draft.pty = true;
    },
  },
  {
    name: '--stats',
    doc: 'say in one line on stderr how it ended, what it cost and what it left behind',
    set(draft) {
      draft.stats = true;
    },
  },
  {
    name: '--report',
    value: 'FILE',
    doc: 'write the result to this file, as JSON',
    set(draft, value) {
      draft.report = value;
    },
  },
  {
    name: '--json',
    doc: 'print the result on stdout, as JSON, with stdout and stderr as fields of it',
    set(draft) {
      draft.json = true;
    },
  },
  {
    name: '--help',
    short: '-h',
    doc: 'print this',
    set(draft) {
      draft.help = true;
    },
  },
];

/** Exit statuses of `net-runner run`, in the order of the help. */
export const STATUSES: Statuses = [
  ['its own', "the command's exit code; if it died of a signal, net-runner dies of the same one (as PID 1: 128 + its number)"],
  ['124', 'the time limit was reached'],
  ['125', 'net-runner itself failed: a wrong option, the output limit, a directory that cannot be entered, a lost or unkillable tree'],
  ['126', 'the command was found, but cannot be executed'],
  ['127', 'the command was not found'],
];

/** Ours end at the first word that is none of them; `--` ends them too, and is not needed. Throws UsageError. */
export function parseRun(words: readonly string[]): RunFlags {
  const draft: Draft = {options: {}, maxOutput: undefined, pty: false, stats: false, report: undefined, json: false, help: false};
  let at = 0;
  while (at < words.length && words[at] !== '--' && isOption(words[at] as string)) at = takeOption(TABLE, draft, words, at);
  if (words[at] === '--') at++;
  if (draft.options.detached && (draft.json || draft.maxOutput !== undefined))
    throw new UsageError('--linger leave cannot go with --json or --max-output: what lives on would write into a pipe that nobody reads');
  const [file, ...args] = words.slice(at);
  if (file === undefined && !draft.help)
    throw new UsageError('there is no command to run: net-runner run [options] [--] command [args...]');
  return {...draft, command: [file ?? '', ...args]};
}

const TABLE: OptionTable<Draft> = {of: 'net-runner run', flags: FLAGS, hint: "; options of the command go after the command's name"};

/** What `net-runner --help` prints. */
export function helpText(): string {
  return [
    'net-runner: run any program and leave nothing behind',
    '',
    'usage:',
    '  net-runner run [options] [--] command [args...]',
    "  net-runner up [FILE] [NAME='command' ...]    runs the services of net-runner.yaml, or these, together",
    '  net-runner demo          shows in three seconds what it is for',
    '  net-runner doctor        says what this machine can promise, and what to do where it cannot; --json',
    '  net-runner --help, --version',
    '',
    'options of run (they end at the first word that is none; times and sizes need a unit):',
    ...helpRows(TABLE),
    '',
    'exit status of run:',
    ...statusRows(STATUSES),
    '',
  ].join('\n');
}
