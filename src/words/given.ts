// Owns: each option by itself: what it becomes once it is known to be right, and the sentence that refuses it.
// Never: what goes with what, or a default (settings.ts).
import {fileURLToPath} from 'node:url';
import {applies} from './applies.js';
import {readGroups, readId, readLimits, whole} from './bound_settings.js';
import {readCgroup} from './cgroup_settings.js';
import {invalid} from './errors.js';
import {shown} from './excerpt.js';
import {nearest, optionHint} from './hint.js';
import {type Input, inputKind} from './input.js';
import type {Options, Pty, Reach, Signal} from './options.js';
import {type Owner, ownerFault} from './owner.js';
import {resolveSignal} from './signals.js';
import {type Connection, type PlaceKind, readTarget, type Wiring} from './target.js';
import type {OutputLimit} from './truncation.js';
import {isTorn} from './unicode.js';

/** A pseudo-terminal, with its defaults filled in. */
export interface TerminalSettings {
  readonly cols: number;
  readonly rows: number;
  /** undefined: whatever `env` says, else DEFAULT_TERM. */
  readonly term: string | undefined;
  readonly echo: boolean;
}

/** One more descriptor of the child. */
export interface ExtraFd {
  readonly target: number;
  readonly to: Connection;
}

const names = Object.keys(applies) as (keyof Options)[];

/**
 * What each option becomes once it is known to be right. A row throws RunError 'invalid' otherwise. It is only asked about values that
 * are given (not undefined).
 */
const rows = {
  args: (value) => checkArgs(value, '`args`'),
  cwd: directory,
  env: environment,
  extendEnv: (value) => flag('extendEnv', value),
  argv0: (value) => text('argv0', value, 'a string'),
  stdio: (value): Places => shorthand(value),
  stdin: (value): Wiring => target('stdin', value, STDIN),
  stdout: (value): Wiring => target('stdout', value, STDOUT),
  stderr: (value): Wiring => target('stderr', value, STDERR),
  extraFds: extraFds,
  input: (value): Input => input(value),
  pty: terminal,
  encoding: encoding,
  lines: (value) => flag('lines', value),
  stripFinalNewline: (value) => flag('stripFinalNewline', value),
  timeout: (value) => duration('timeout', value, 'leave it out (or 0, or Infinity) for no limit') || Number.POSITIVE_INFINITY,
  idleTimeout: (value) => duration('idleTimeout', value, 'leave it out (or 0, or Infinity) for no limit') || Number.POSITIVE_INFINITY,
  killSignal: (value) => resolveSignal(value as Signal),
  killTimeout: (value) => finite('killTimeout', value, '0 means SIGKILL at once'),
  leftoverTimeout: (value) => finite('leftoverTimeout', value, "write linger: 'wait' to wait until they end by themselves"),
  stopScope: (value) => oneOf('stopScope', value, ['tree', 'group', 'leader']),
  signal: abortSignal,
  maxOutputSize: (value) => size('maxOutputSize', value),
  output: outputLimit,
  check: check,
  foreground: (value) => flag('foreground', value),
  linger: (value) => oneOf('linger', value, ['stop', 'wait', 'leave']),
  owner: owner,
  detached: (value): boolean | 'leftovers' => (value === 'leftovers' ? value : flag('detached', value, "true, false or 'leftovers'")),
  cgroup: readCgroup,
  cgroupSetup: (value) => oneOf('cgroupSetup', value, ['move-host']),
  isolation: (value) => oneOf('isolation', value, ['auto', 'tree', 'cgroup', 'pidns']),
  limits: readLimits,
  nice: (value) => whole('nice', value, -20, 19, 'a whole number from -20 (first) to 19 (last)'),
  umask: (value) => whole('umask', value, 0, 0o777, 'a number from 0 to 0o777'),
  uid: (value) => readId('uid', value),
  gid: (value) => readId('gid', value),
  groups: readGroups,
  noNewPrivileges: (value) => flag('noNewPrivileges', value),
  oomScoreAdj: (value) => whole('oomScoreAdj', value, -1_000, 1_000, 'a whole number from -1000 (never) to 1000 (first)'),
} as const satisfies {readonly [K in keyof Options]-?: (value: unknown) => unknown};

/** The options that were given, each as its row gives it. */
export type Given = {readonly [K in keyof typeof rows]?: ReturnType<(typeof rows)[K]>};

/** Checks every option by itself, whatever function it will be for. Unknown names are refused; `undefined` is "not given". */
export function readOptions(options: unknown): Given {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refuse(`options must be an object, but are ${shown(options)}`);
  }
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(rows, name)) throw refuse(`there is no option ${code(name)}: ${optionHint(name, names)}`);
    given[name] = rows[name as keyof Options](value);
  }
  return given as Given;
}

/** Milliseconds as `stop({killTimeout})` takes them: the same rule as the option's. */
export function settleKillTimeout(value: unknown): number | undefined {
  return value === undefined ? undefined : rows.killTimeout(value);
}

/** Milliseconds as `waitFor(pattern, {timeout})` takes them: the same rule as the option's. undefined: no limit. */
export function settleTimeout(value: unknown): number | undefined {
  const ms = value === undefined ? Number.POSITIVE_INFINITY : rows.timeout(value);
  return ms === Number.POSITIVE_INFINITY ? undefined : ms;
}

/** A reach as `kill(signal, {reach})` takes it; undefined when not given. */
export function settleReach(value: unknown): Reach | undefined {
  return value === undefined ? undefined : oneOf('reach', value, ['leader', 'group', 'tree']);
}

/** A frozen copy of a list of arguments. `what` names it in the sentence. */
export function checkArgs(value: unknown, what: string): readonly string[] {
  if (!Array.isArray(value)) throw invalid('ERR_INVALID_ARGS', `${what} must be an array of strings, but is ${shown(value)}`);
  for (const [index, arg] of value.entries()) {
    if (typeof arg !== 'string') {
      const advice = typeof arg === 'number' ? `; write String(${arg})` : '';
      throw invalid('ERR_INVALID_ARGS', `argument ${index} of ${what} must be a string, but is ${shown(arg)}${advice}`);
    }
    if (isTorn(arg))
      throw invalid('ERR_INVALID_ARGS', `argument ${index} of ${what} holds half a character (a lone surrogate), which has no bytes`);
    if (arg.includes('\0')) {
      throw invalid('ERR_INVALID_ARGS', `argument ${index} of ${what} holds a NUL character, which no program can receive; use \`input\``);
    }
  }
  return Object.freeze([...value]) as readonly string[];
}

export type Places = readonly [Wiring | undefined, Wiring | undefined, Wiring | undefined];

const STDIN: PlaceKind = {stderr: false, several: false, pipe: true, input: true};
const STDOUT: PlaceKind = {stderr: false, several: true, pipe: true, input: false};
const STDERR: PlaceKind = {stderr: true, several: true, pipe: true, input: false};
const EXTRA: PlaceKind = {stderr: false, several: false, pipe: false, input: false};

export function refuse(sentence: string): Error {
  return invalid('ERR_INVALID_OPTION', sentence, refuse);
}

export function code(name: string): string {
  return `\`${name.length > 60 ? `${name.slice(0, 59)}…` : name}\``;
}

function flag(name: string, value: unknown, words = 'true or false'): boolean {
  if (typeof value !== 'boolean') throw refuse(`${code(name)} must be ${words}, but is ${shown(value)}`);
  return value;
}

export function oneOf<const W extends string>(name: string, value: unknown, words: readonly W[]): W {
  if (words.includes(value as W)) return value as W;
  throw refuse(`${code(name)} must be ${list(words)}, but is ${shown(value)}`);
}

function owner(value: unknown): Owner | 'gc' {
  if (value === 'gc') return value;
  const fault = ownerFault(value);
  if (fault !== undefined) throw refuse(`\`owner\` ${fault}`);
  return value as Owner;
}

function list(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`);
  return quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

export function text(name: string, value: unknown, what: string): string {
  if (typeof value !== 'string') throw refuse(`${code(name)} must be ${what}, but is ${shown(value)}`);
  if (value.includes('\0')) throw refuse(`${code(name)} holds a NUL character, which the kernel cannot take; remove it`);
  if (isTorn(value)) throw refuse(`${code(name)} holds half a character (a lone surrogate), which has no bytes; remove it`);
  return value;
}

function directory(value: unknown): string {
  const path = text('cwd', value instanceof URL ? filePath(value) : value, 'a path or a file: URL');
  if (path === '') throw refuse('`cwd` is empty; leave it out to start in the working directory of the host');
  return path;
}

function filePath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw refuse(`\`cwd\` must be a path or a file: URL, but is a ${url.protocol} URL that names no file of this machine`);
  }
}

/** Values are never shown, not even wrong ones: they are where secrets are. */
function environment(value: unknown): Readonly<Record<string, string | undefined>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`\`env\` must be an object of strings, but is ${shown(value)}`);
  }
  // Without a prototype, so that a variable named __proto__ is one. A copy: what was checked is what is sent.
  const copy: Record<string, string | undefined> = Object.create(null);
  for (const [name, entry] of Object.entries(value) as [string, unknown][]) {
    if (name === '') throw refuse('`env` holds a variable without a name; remove it');
    const before = name.split('=', 1)[0]!;
    if (before !== name) throw refuse(`a name in \`env\` must not hold '=', but ${shown(`${before}=`)}… does; write {NAME: 'value'}`);
    if (name.includes('\0')) throw refuse(`a name in \`env\` holds a NUL character: ${shown(name)}; remove it`);
    if (entry !== undefined && typeof entry !== 'string') {
      const advice = typeof entry === 'number' || typeof entry === 'boolean' ? 'String(...)' : 'a string, or undefined to remove it';
      throw refuse(`the value of env.${name} must be a string, but is a ${entry === null ? 'null' : typeof entry}; write ${advice}`);
    }
    if (entry?.includes('\0')) throw refuse(`the value of env.${name} holds a NUL character, which no program can receive; remove it`);
    if (isTorn(name) || (entry !== undefined && isTorn(entry))) {
      throw refuse(`a name or value in \`env\` (${shown(name)}) holds half a character (a lone surrogate), which has no bytes; remove it`);
    }
    copy[name] = entry;
  }
  return Object.freeze(copy);
}

function shorthand(value: unknown): Places {
  if (value === 'pipe' || value === 'ignore' || value === 'inherit') {
    const wiring: Wiring = {to: value, copies: []};
    return [wiring, wiring, wiring];
  }
  if (Array.isArray(value) && value.length === 3) {
    const [stdin, stdout, stderr] = value as unknown[];
    return [
      stdin === undefined ? stdin : target('stdio[0]', stdin, STDIN),
      stdout === undefined ? stdout : target('stdio[1]', stdout, STDOUT),
      stderr === undefined ? stderr : target('stdio[2]', stderr, STDERR),
    ];
  }
  throw refuse(`\`stdio\` must be 'pipe', 'ignore', 'inherit' or [stdin, stdout, stderr], but is ${shown(value)}`);
}

function target(name: string, value: unknown, kind: PlaceKind): Wiring {
  const read = readTarget(value, kind);
  if (typeof read === 'string') throw refuse(`${code(name)} ${read}`);
  return read;
}

/** A message of the kernel takes 253 descriptors; a child has few uses for that many. */
const MOST_EXTRA_FDS = 128;
const HIGHEST_FD = 1_023;

function extraFds(value: unknown): readonly ExtraFd[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`\`extraFds\` must be an object {3: target}, but is ${shown(value)}`);
  }
  const rows: ExtraFd[] = [];
  for (const [name, each] of Object.entries(value) as [string, unknown][]) {
    const number = Number(name);
    if (!Number.isInteger(number) || String(number) !== name || number < 3 || number > HIGHEST_FD) {
      throw refuse(`a descriptor in \`extraFds\` must be a whole number from 3 to ${HIGHEST_FD}, but one is ${shown(name)}`);
    }
    if (each === undefined) continue;
    rows.push({target: number, to: target(`extraFds[${number}]`, each, EXTRA).to});
  }
  if (rows.length > MOST_EXTRA_FDS) throw refuse(`\`extraFds\` has ${rows.length} descriptors; it takes ${MOST_EXTRA_FDS}`);
  return Object.freeze(rows);
}

function input(value: unknown): Input {
  const kind = inputKind(value);
  if (kind !== undefined) return value as Input;
  const advice =
    value === null ? "; leave it out, or write '' for an empty input" : '; write a string, bytes, a Blob, a stream or an iterable';
  throw refuse(`\`input\` cannot be fed from ${shown(value)}${advice}`);
}

/** false: none. */
function terminal(value: unknown): TerminalSettings | false {
  if (typeof value === 'boolean') return value && {cols: 80, rows: 24, term: undefined, echo: true};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`\`pty\` must be true, false or {cols, rows, term, echo}, but is ${shown(value)}`);
  }
  const known = ['cols', 'rows', 'term', 'echo'];
  const stranger = Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) {
    const close = {columns: 'cols', width: 'cols', lines: 'rows', height: 'rows', name: 'term'}[stranger] ?? nearest(stranger, known);
    throw refuse(`\`pty\` has no ${code(stranger)}: ${close ? `did you mean \`${close}\`?` : `it has ${known.join(', ')}`}`);
  }
  const {cols = 80, rows = 24, term, echo = true} = value as Pty;
  const fault = sizeFault('cols', cols) ?? sizeFault('rows', rows);
  if (fault !== undefined) throw refuse(`\`pty.${fault}`);
  if (term === '') throw refuse("`pty.term` is empty; leave it out, or name a terminal: 'xterm-256color'");
  return {cols, rows, term: term === undefined ? term : text('pty.term', term, "a terminal's name"), echo: flag('pty.echo', echo)};
}

/** The kernel keeps 16 bits of each. */
function sizeFault(name: 'cols' | 'rows', value: unknown): string | undefined {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535) return undefined;
  return `${name}\` must be a whole number from 1 to 65535, but is ${shown(value)}`;
}

/** The size as `resize()` takes it: the same rule as the option's. */
export function checkSize(cols: unknown, rows: unknown): void {
  const fault = sizeFault('cols', cols) ?? sizeFault('rows', rows);
  if (fault !== undefined) throw invalid('ERR_INVALID_ARGS', `resize(cols, rows): \`${fault}`, checkSize);
}

function encoding(value: unknown): BufferEncoding | 'buffer' {
  if (value === 'buffer') return value;
  if (typeof value === 'string' && Buffer.isEncoding(value)) return value.toLowerCase() as BufferEncoding; // 'UTF-8' is one, too
  throw refuse(`\`encoding\` must be 'buffer' or one of Node's encodings ('utf8', 'latin1', ...), but is ${shown(value)}`);
}

/** Fractions of a millisecond are rounded up, so that nothing given becomes 0. */
export function duration(name: string, value: unknown, advice: string): number {
  if (typeof value === 'number' && value >= 0 && (value <= Number.MAX_SAFE_INTEGER || value === Number.POSITIVE_INFINITY)) {
    return Math.ceil(value);
  }
  throw refuse(`${code(name)} must be milliseconds, a number from 0 on, but is ${shown(value)}; ${advice}`);
}

export function finite(name: string, value: unknown, advice: string): number {
  const ms = duration(name, value, advice);
  if (ms === Number.POSITIVE_INFINITY) throw refuse(`${code(name)} must be a finite number of milliseconds, but is Infinity; ${advice}`);
  return ms;
}

function size(name: string, value: unknown): number {
  if (typeof value === 'number' && (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 0))) return value;
  throw refuse(`${code(name)} must be a whole number of bytes from 0 on, or Infinity for no limit, but is ${shown(value)}`);
}

function outputLimit(value: unknown): OutputLimit {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`\`output\` must be an object {max, overflow, spill}, but is ${shown(value)}`);
  }
  const {max, overflow, spill, ...rest} = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw refuse(`\`output\` has no ${code(unknown)}; it has max, overflow and spill`);
  if (overflow !== undefined) oneOf('output.overflow', overflow, ['error', 'head', 'tail', 'head+tail']);
  if (spill !== undefined && spill !== true) {
    if (text('output.spill', spill, 'a path, or true') === '') throw refuse('`output.spill` is empty; write a path, or true');
  }
  if (spill !== undefined && (overflow ?? 'error') === 'error') {
    throw refuse("`output.spill` is for a command that goes on; write overflow: 'head', 'tail' or 'head+tail' beside it");
  }
  return Object.freeze({...(max !== undefined && {max: size('output.max', max)}), overflow, spill} as OutputLimit);
}

function check(value: unknown): boolean | readonly number[] {
  if (typeof value === 'boolean') return value;
  const isCode = (each: unknown) => Number.isInteger(each) && (each as number) >= 0 && (each as number) <= 255;
  if (Array.isArray(value) && value.length > 0 && value.every(isCode)) return Object.freeze([...value]) as readonly number[];
  throw refuse(
    Array.isArray(value)
      ? '`check` must list at least one exit code, each a whole number from 0 to 255'
      : `\`check\` must be true, false or a list of accepted exit codes, but is ${shown(value)}`,
  );
}

/** By shape: a signal of another realm is one too. */
/** Of this realm or of another. */
export function isSignal(value: unknown): boolean {
  const like = value as Partial<AbortSignal> | null;
  return typeof like === 'object' && typeof like?.aborted === 'boolean' && typeof like.addEventListener === 'function';
}

/** For whoever takes a signal outside of options: the same rule as the option's. */
export function checkSignal(value: unknown): void {
  abortSignal(value);
}

function abortSignal(value: unknown): AbortSignal {
  if (isSignal(value)) return value as AbortSignal;
  if (value instanceof AbortController) throw refuse('`signal` must be an AbortSignal, but is its controller; write controller.signal');
  const advice = typeof value === 'string' ? '; the signal that ends a child is `killSignal`' : '';
  throw refuse(`\`signal\` must be an AbortSignal, but is ${shown(value)}${advice}`);
}
