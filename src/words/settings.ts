// Owns: from the options a user gave to settings: what goes together, with the defaults of the function that is called, frozen.
// Never: an option by itself (given.ts); the command (api/command.ts), or looking whether a directory, a descriptor or a terminal is there.
import {applies, type Cell, type FunctionName, instead} from './applies.js';
import {checkIdentity} from './bound_settings.js';
import {type Bounds, NO_BOUNDS} from './bounds.js';
import type {IsolationSettings} from './cgroup.js';
import {isolationOf} from './cgroup_settings.js';
import {shown} from './excerpt.js';
import {code, type ExtraFd, type Given, type Places, readOptions, refuse, type TerminalSettings} from './given.js';
import type {Input} from './input.js';
import type {Options, Reach} from './options.js';
import type {Owner} from './owner.js';
import {resolveSignal} from './signals.js';
import {type Connection, type Copy, isPiped, type Wiring} from './target.js';
import type {Keeping, OutputLimit} from './truncation.js';

/** What nearly every terminal emulator of today says it is. */
export const DEFAULT_TERM = 'xterm-256color';

/** Everything a job needs to know about how it is to run. Times in milliseconds, sizes in bytes. */
export interface Settings {
  /** undefined: the host's own. */
  readonly cwd: string | undefined;
  /** A copy; undefined: nothing to change. A value of undefined removes that variable. */
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly extendEnv: boolean;
  readonly argv0: string | undefined;
  readonly stdin: Connection;
  readonly stdout: Connection;
  readonly stderr: Connection;
  /** Who else gets what comes through these pipes. */
  readonly copies: {readonly stdout: readonly Copy[]; readonly stderr: readonly Copy[]};
  /** By their number in the child, in ascending order. */
  readonly extraFds: readonly ExtraFd[];
  /** Checked to be of a kind that can be fed; undefined: none, or it was the host's own stdin (then stdin is 'inherit'). */
  readonly input: Input | undefined;
  /** Where it runs in a pseudo-terminal: then stdin and stdout are 'pipe', and stderr is 'ignore'. */
  readonly pty: TerminalSettings | undefined;
  readonly encoding: BufferEncoding | 'buffer';
  readonly lines: boolean;
  readonly stripFinalNewline: boolean;
  /** undefined: none. */
  readonly timeout: number | undefined;
  /** undefined: none. */
  readonly idleTimeout: number | undefined;
  /** 0: SIGKILL at once. */
  readonly killTimeout: number;
  readonly leftoverTimeout: number;
  /** The polite signal's number. */
  readonly killSignal: number;
  readonly stopScope: Reach;
  readonly signal: AbortSignal | undefined;
  /** Infinity: no limit. */
  readonly maxOutputSize: number;
  /** What of collected output is kept. */
  readonly keeping: Keeping;
  /** Whether the result says what is missing: `output` was given. */
  readonly reportsTruncation: boolean;
  /** false: any exit is a value. */
  readonly check: boolean | readonly number[];
  readonly foreground: boolean;
  readonly linger: 'stop' | 'wait' | 'leave';
  readonly owner: Owner | 'gc' | undefined;
  readonly detached: boolean | 'leftovers';
  readonly bounds: Bounds;
  readonly isolation: IsolationSettings;
}

const KILL_TIMEOUT = 5_000;
const LEFTOVER_TIMEOUT = 500;
const MAX_OUTPUT = 100 * 1024 * 1024;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/** What differs from function to function when nothing is given. */
const DEFAULTS = {
  run: {stdin: 'ignore', stderr: 'pipe', encoding: 'utf8', maxOutputSize: MAX_OUTPUT, check: false, stripFinalNewline: false},
  $: {stdin: 'ignore', stderr: 'pipe', encoding: 'utf8', maxOutputSize: MAX_OUTPUT, check: true, stripFinalNewline: true},
  stream: {stdin: 'ignore', stderr: 'consume', encoding: 'buffer', maxOutputSize: NO_LIMIT, check: true, stripFinalNewline: false},
  start: {stdin: 'pipe', stderr: 'consume', encoding: 'buffer', maxOutputSize: NO_LIMIT, check: false, stripFinalNewline: false},
  Daemon: {stdin: 'ignore', stderr: 'pipe', encoding: 'utf8', maxOutputSize: NO_LIMIT, check: false, stripFinalNewline: true},
} as const satisfies Readonly<Record<FunctionName, object>>;

/** How a sentence names a function. */
const CALLED: Readonly<Record<FunctionName, string>> = {
  run: 'run()',
  $: '$',
  stream: 'stream()',
  start: 'start()',
  Daemon: 'Daemon.start()',
};

/**
 * Validates the options of one call and fills in the defaults of that function. Throws RunError 'invalid' (ERR_INVALID_OPTION,
 * ERR_INVALID_ARGS, ERR_UNKNOWN_SIGNAL) with a sentence that names the option. `args` is only checked: toInvocation() has taken it.
 */
export function settle(fn: FunctionName, options: unknown): Settings {
  const given = readOptions(options);
  if (Object.keys(given).length > 0) return settled(fn, given);
  plain[fn] ??= settled(fn, given);
  return plain[fn];
}

/** Of calls without any option, which are many: to settle them anew was measured to be a ninth of a call. */
const plain: Partial<Record<FunctionName, Settings>> = {};

function settled(fn: FunctionName, given: Given): Settings {
  refuseInapplicable(fn, given);
  const defaults = DEFAULTS[fn];
  const places = given.stdio ?? NOWHERE;
  const pty = Boolean(given.pty);
  if (pty) refuseBesidePty(given);
  const fed = feeding(pty ? PIPE : (given.stdin ?? places[0]), given.input, pty);
  const stdout = given.stdout ?? places[1] ?? (given.detached ? IGNORE : PIPE);
  const stderr = pty ? NO_STDERR : (given.stderr ?? places[2] ?? (given.detached ? IGNORE : {to: defaults.stderr, copies: []}));
  if (given.detached) refusePipes(given, {stdin: fed.stdin, stdout: stdout.to, stderr: stderr.to});
  if (fn === 'stream') refuseStreamed(stdout.to, stderr.to);
  const encoding = given.encoding ?? defaults.encoding;
  if (given.lines && encoding === 'buffer') {
    throw refuse("`lines: true` needs text, but `encoding` is 'buffer'; leave one of them out");
  }
  if (given.foreground && given.isolation === 'pidns')
    throw refuse("`foreground` cannot be had with isolation 'pidns': its processes cannot be in a group that the terminal knows");
  if (given.output !== undefined && given.maxOutputSize !== undefined) {
    throw refuse('`maxOutputSize` is given beside `output`; write {output: {max}} alone');
  }
  const idleTimeout = limit(given.idleTimeout);
  if (idleTimeout !== undefined && !isPiped(stdout.to) && !isPiped(stderr.to)) {
    throw refuse("`idleTimeout` watches what the host reads, but neither stdout nor stderr comes here; write stdout: ['pipe', ...]");
  }
  const {detached, linger} = detachment(given);
  const maxOutputSize = given.output?.max ?? given.maxOutputSize ?? defaults.maxOutputSize;
  return Object.freeze({
    cwd: given.cwd,
    env: given.env,
    extendEnv: given.extendEnv ?? true,
    argv0: given.argv0,
    stdin: fed.stdin ?? (given.detached ? 'ignore' : defaults.stdin),
    stdout: stdout.to,
    stderr: stderr.to,
    copies: {stdout: stdout.copies, stderr: stderr.copies},
    extraFds: given.extraFds ?? [],
    input: fed.input,
    pty: given.pty || undefined,
    encoding,
    lines: given.lines ?? false,
    stripFinalNewline: given.stripFinalNewline ?? defaults.stripFinalNewline,
    timeout: limit(given.timeout),
    idleTimeout,
    killTimeout: given.killTimeout ?? KILL_TIMEOUT,
    leftoverTimeout: given.leftoverTimeout ?? LEFTOVER_TIMEOUT,
    killSignal: given.killSignal ?? resolveSignal(given.pty ? 'SIGHUP' : 'SIGTERM'),
    stopScope: given.stopScope ?? 'tree',
    signal: given.signal,
    maxOutputSize,
    keeping: keeping(given.output, maxOutputSize),
    reportsTruncation: given.output !== undefined,
    check: given.check ?? defaults.check,
    foreground: given.foreground ?? false,
    detached,
    linger,
    owner: given.owner,
    bounds: boundsOf(given),
    isolation: isolationOf(given.isolation, given.cgroup, given.cgroupSetup),
  });
}

function boundsOf({limits, nice, umask, uid, gid, groups, noNewPrivileges = false, oomScoreAdj}: Given): Bounds {
  checkIdentity(uid, gid);
  const isPlain = [limits, nice, umask, uid, gid, groups, oomScoreAdj].every((each) => each === undefined) && !noNewPrivileges;
  if (isPlain) return NO_BOUNDS;
  return {limits: limits ?? {}, nice, umask, uid, gid, groups, noNewPrivileges, oomScoreAdj};
}

function refuseInapplicable(fn: FunctionName, given: Given): void {
  for (const name of Object.keys(given) as (keyof Options)[]) {
    const what = inapplicable(applies[name][fn], name, name === 'stderr' ? given.stderr?.to : given[name]);
    if (what !== undefined) throw refuse(`${what} does not apply to ${CALLED[fn]}: ${instead[fn][name]}`);
  }
}

/** What exactly does not apply; undefined: it does. */
function inapplicable(cell: Cell, name: string, value: unknown): string | undefined {
  if (cell === true || cell === 'piped' || cell === 'unpiped') return undefined; // targets are looked at when all of them are known
  if (cell === false) return code(name);
  if ('but' in cell) return cell.but.includes(value as string) ? `${code(name)}: '${value}'` : undefined;
  return cell.includes(value as string) ? undefined : `${code(name)} other than ${cell.map((word) => `'${word}'`).join(', ')}`;
}

/** A pipe would break with us, and break what is to outlive us. */
function refusePipes(given: Given, streams: Readonly<Record<'stdin' | 'stdout' | 'stderr', Connection | undefined>>): void {
  if (given.pty) throw refuse('`pty` cannot be had by a detached job: the terminal ends with us; leave one of them out');
  if (given.input !== undefined) throw refuse('`input` cannot be fed to a detached job: it may outlive us; give stdin a descriptor');
  for (const [name, to] of Object.entries(streams)) {
    if (to === undefined || !isPiped(to)) continue;
    throw refuse(
      `${code(name)} of a detached job cannot be a pipe: the job may outlive us; write 'ignore', 'inherit', a file or a descriptor`,
    );
  }
}

/** 'leftovers' says what lingers; a job that is wholly detached has no terminal to be in the foreground of. */
function detachment(given: Given): Pick<Settings, 'detached' | 'linger'> {
  const {detached = false, linger} = given;
  if (detached === false) return {detached, linger: linger ?? 'stop'};
  if (detached === 'leftovers' && linger !== undefined && linger !== 'leave') {
    throw refuse(`\`detached: 'leftovers'\` leaves what the command leaves, but \`linger\` is '${linger}'; leave it out`);
  }
  if (detached === true && given.foreground)
    throw refuse('`foreground` needs a terminal, and a detached job has none; leave one of them out');
  return {detached, linger: detached === 'leftovers' ? 'leave' : (linger ?? 'stop')};
}

/** stdout and stderr of stream(), wherever they were given. */
function refuseStreamed(stdout: Connection, stderr: Connection): void {
  if (stdout !== 'pipe') throw refuse(`\`stdout\` that goes elsewhere does not apply to stream(): ${instead.stream.stdout}`);
  if (stderr === 'pipe') throw refuse(`\`stderr\` as a pipe does not apply to stream(): ${instead.stream.stderr}`);
}

const NOWHERE: Places = [undefined, undefined, undefined];
const PIPE: Wiring = {to: 'pipe', copies: []};
const IGNORE: Wiring = {to: 'ignore', copies: []};

/** In a terminal stderr is not a stream of its own. */
const NO_STDERR: Wiring = {to: 'ignore', copies: []};

/** A terminal is all three streams at once. */
function refuseBesidePty(given: Given): void {
  for (const name of ['stdio', 'stdin', 'stdout', 'stderr'] as const) {
    if (given[name] !== undefined)
      throw refuse(`\`${name}\` cannot be given beside \`pty\`: a terminal is all three streams; leave one of them out`);
  }
  if (given.foreground)
    throw refuse("`foreground` is about the host's own terminal, and `pty` gives the child another one; leave one of them out");
}

/** Infinity is how a row says "none". */
function limit(ms: number | undefined): number | undefined {
  return ms === Number.POSITIVE_INFINITY ? undefined : ms;
}

/** `input` needs a pipe (or a terminal of ours), or is the host's own stdin, which the child can simply have. */
function feeding(
  place: Wiring | undefined,
  input: Input | undefined,
  pty: boolean,
): {readonly stdin: Connection | undefined; readonly input: Input | undefined} {
  const stdin = place?.to;
  if (input === undefined) return {stdin, input};
  const wanted = isHostStdin(input) && !pty ? 'inherit' : 'pipe';
  if (stdin !== undefined && stdin !== wanted && !(wanted === 'inherit' && stdin === 'pipe')) {
    throw refuse(`\`input\` cannot be fed while stdin is ${shown(stdin)}; leave one of them out, or write stdin: 'pipe'`);
  }
  return {stdin: wanted, input: wanted === 'inherit' ? undefined : input};
}

function keeping(output: OutputLimit | undefined, max: number): Keeping {
  const overflow = output?.overflow ?? 'error';
  const head = overflow === 'tail' ? 0 : overflow === 'head+tail' ? Math.ceil(max / 2) : max;
  return {
    head,
    tail: overflow === 'tail' ? max : overflow === 'head+tail' ? Math.floor(max / 2) : 0,
    isLimit: overflow === 'error',
    spill: output?.spill,
  };
}

/** The getter of process.stdin opens descriptor 0, so it is not touched for what cannot be it. */
function isHostStdin(input: Input): boolean {
  return typeof input === 'object' && (input as {fd?: unknown}).fd === 0 && input === (process.stdin as unknown);
}
