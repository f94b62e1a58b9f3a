// Owns: commands as frozen descriptions, and reading whatever is given as a command into file, arguments and options.
// Never: starting anything, or splitting a string.
import {fileURLToPath} from 'node:url';
import {invalid} from '../words/errors.js';
import {shown} from '../words/excerpt.js';
import {checkArgs, readOptions} from '../words/given.js';
import type {Known, Merge, None, Options} from '../words/options.js';
import {quote} from '../words/quote.js';
import type {Command as Face, Kept, Runnable} from '../words/runnable.js';
import {isTorn} from '../words/unicode.js';

/** A command with the options of one call: what run() and start() work from. `options` still has to be settled. */
export interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  /** The command's own options under those of the call, without `args`. */
  readonly options: Kept<Options>;
}

/** Shared by all copies of this package in a process. */
const BRAND = Symbol.for('net-runner.Command');

class Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: Kept<Options>;

  constructor(file: string, args: readonly string[], options: Kept<Options>) {
    this.file = file;
    this.args = Object.freeze([...args]);
    this.options = frozen(options);
    Object.freeze(this);
  }

  with(options: Options = {}): Command {
    readOptions(options);
    return new Command(this.file, [...this.args, ...(options.args ?? [])], merge(this.options, options));
  }

  toString(): string {
    return quote(this.file, this.args);
  }
}

// On the prototype, so that it is neither printed nor copied.
Object.defineProperty(Command.prototype, BRAND, {value: true});

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/**
 * Describes a command once, to be run many times: frozen, accepted wherever a command is. Options of a call win over its own, arguments
 * of a call are appended. Nothing is looked up or started. Throws RunError 'invalid' (ERR_INVALID_COMMAND, ERR_INVALID_ARGS,
 * ERR_INVALID_OPTION).
 * @example
 * const git = command(['git', '--no-pager'], {cwd: repo, check: true});
 * const {stdout} = await run(git, {args: ['log', '-1']});
 */
export function command(file: string | URL, args?: readonly string[] | undefined): Face<None>;
export function command<const O extends Options>(file: string | URL, args: readonly string[] | undefined, options: Known<O>): Face<Kept<O>>;
export function command(argv: readonly string[]): Face<None>;
export function command<const O extends Options>(argv: readonly string[], options: Known<O>): Face<Kept<O>>;
export function command(first: string | URL | readonly string[], second?: unknown, third?: unknown): unknown {
  if (Array.isArray(first)) {
    refuseSecondArray(second);
    return describe(first, undefined, second);
  }
  if (second !== undefined && !Array.isArray(second)) {
    throw invalid(
      'ERR_INVALID_ARGS',
      `the arguments must be an array, but are ${shown(second)}; write command(file, [], options)`,
      command,
    );
  }
  return describe(first, second, third);
}

function describe(base: unknown, args: unknown, options: unknown): Command {
  const {file, args: own, options: ownOptions} = toInvocation(base, undefined);
  const extra = args === undefined ? [] : checkArgs(args, 'the arguments');
  return new Command(file, [...own, ...extra], ownOptions).with(options as Options | undefined);
}

/** One entry of defineCommands(). */
export type Template =
  | Runnable
  | {readonly file: string | URL; readonly args?: readonly string[] | undefined; readonly options?: Options | undefined};

type OptionsIn<T> = T extends {readonly options: infer C extends Options} ? Kept<C> : None;

/** A command's options are known to be right; those of a plain entry are checked key by key. */
type KnownTemplates<T> = {
  readonly [K in keyof T]: T[K] extends Face<infer _>
    ? T[K]
    : T[K] extends {readonly file: string | URL; readonly options: infer O}
      ? {readonly file: string | URL; readonly args?: readonly string[] | undefined; readonly options: Known<O>}
      : T[K];
};

/** Gives a named command, with arguments appended and options over its own. */
export interface Maker<C> {
  (args?: readonly string[] | undefined): Face<C>;
  <const O extends Options>(args: readonly string[] | undefined, options: Known<O>): Face<Merge<C, Kept<O>>>;
}

/** What defineCommands() gives. */
export type Commands<T> = {readonly [K in keyof T]: Maker<OptionsIn<T[K]>>};

/**
 * Names commands: a frozen record of functions, each giving its command with the call's arguments appended and options over its own.
 * Object.keys() are the names in the order of definition. Throws as command() does.
 * @example
 * const tools = defineCommands({
 *   curl: {file: 'curl', args: ['-sS'], options: {timeout: 10_000, check: true}},
 *   list: ['ls', '-l'],
 * });
 * const {stdout} = await run(tools.curl(['https://example.org']));
 */
export function defineCommands<const T extends Readonly<Record<string, Template>>>(templates: T & KnownTemplates<T>): Commands<T> {
  const given: unknown = templates;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('ERR_INVALID_COMMAND', `commands are defined by an object {name: command}, but this is ${shown(given)}`, defineCommands);
  }
  const makers = Object.entries(given).map(([name, template]) => {
    const base = fromTemplate(template as unknown);
    const maker = (args?: unknown, options?: unknown) => describe(base, args, options);
    return [name, Object.freeze(Object.defineProperty(maker, 'name', {value: name}))] as const;
  });
  return Object.freeze(Object.fromEntries(makers)) as unknown as Commands<T>;
}

function fromTemplate(template: unknown): Command {
  const isPlain = typeof template === 'object' && template !== null && !Array.isArray(template) && !(template instanceof URL);
  if (!isPlain || isCommand(template)) return describe(template, undefined, undefined);
  const {file, args, options, ...rest} = template as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw invalid(
      'ERR_INVALID_COMMAND',
      `a command is defined by file, args and options, but this one has ${shown(unknown)}; write it into options`,
    );
  }
  return describe(checkFile(file), args, options);
}

/**
 * Reads a command and the options of one call. Throws RunError 'invalid': ERR_INVALID_COMMAND, ERR_INVALID_ARGS, ERR_INVALID_OPTION
 * (only what concerns `args`; settle() does the rest).
 */
export function toInvocation(runnable: unknown, options?: unknown): Invocation {
  refuseSecondArray(options);
  const {file, args, options: own} = isCommand(runnable) ? runnable : plain(runnable);
  if (options === undefined) return {file, args, options: own};
  if (typeof options !== 'object' || options === null) {
    throw invalid('ERR_INVALID_OPTION', `options must be an object, but are ${shown(options)}`);
  }
  const extra = (options as Options).args;
  return {
    file,
    args: extra === undefined ? args : [...args, ...checkArgs(extra, '`args`')],
    options: merge(own, options),
  };
}

function plain(value: unknown): Invocation {
  if (typeof value === 'string' || value instanceof URL) return {file: checkFile(value), args: [], options: {}};
  if (Array.isArray(value)) {
    if (value.length === 0) throw refuse('the command is an empty array; its first element is the program');
    const [first, ...args] = value as unknown[];
    if (typeof first !== 'string') throw refuse(`the first element of a command must be the program as a string, but is ${shown(first)}`);
    return {file: checkFile(first), args: checkArgs(args, 'the command'), options: {}};
  }
  throw refuse(`a command must be a file, a file: URL, [file, ...args] or what command() gives, but is ${shown(value)}${advice(value)}`);
}

function advice(value: unknown): string {
  if (typeof value === 'function') return '; call it, if it comes from defineCommands()';
  if (typeof value === 'object' && value !== null && 'file' in value) return '; write command(file, args, options)';
  return '';
}

function checkFile(value: unknown): string {
  const file = value instanceof URL ? filePath(value) : value;
  if (typeof file !== 'string') throw refuse(`the program must be a string or a file: URL, but is ${shown(file)}`);
  if (file === '') throw refuse('the command is empty; give the name or the path of a program');
  if (file.includes('\0')) throw refuse(`the program ${shown(file)} holds a NUL character, which no file name can`);
  if (isTorn(file)) throw refuse(`the program ${shown(file)} holds half a character (a lone surrogate), which has no bytes`);
  return file;
}

function filePath(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw refuse(`a command given as a URL must be a file: URL of this machine, but this is a ${url.protocol} URL`);
  }
}

function refuse(sentence: string): Error {
  return invalid('ERR_INVALID_COMMAND', sentence, refuse);
}

function refuseSecondArray(second: unknown): void {
  if (!Array.isArray(second)) return;
  throw invalid(
    'ERR_INVALID_ARGS',
    "the second argument is an array, but options belong there; put the arguments into the array: ['file', 'argument']",
  );
}

/** `over` above `under` key by key, without `args`; undefined is "not given". */
function merge(under: Kept<Options>, over: object): Kept<Options> {
  const merged: Record<string, unknown> = {...under};
  for (const [name, value] of Object.entries(over)) {
    if (name !== 'args' && value !== undefined) merged[name] = value;
  }
  return merged;
}

/** A frozen copy, with what the user could still change copied too: `env` and lists. An input source stays what it is. */
function frozen(options: Kept<Options>): Kept<Options> {
  const copy: Record<string, unknown> = {...options};
  if (options.env !== undefined) copy.env = Object.freeze({...options.env});
  for (const name of ['stdio', 'check'] as const) {
    const value = options[name];
    if (Array.isArray(value)) copy[name] = Object.freeze([...value]);
  }
  return Object.freeze(copy);
}
