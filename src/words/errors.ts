// Owns: RunError, the one error class, with its complete list of reasons and codes, and the functions that make one.
// Never: an environment in a message; a decision whether something is an error.
import {constants} from 'node:os';
import {getSystemErrorName, inspect} from 'node:util';
import {birthSentence} from './birth.js';
import {cgroupSubject} from './cgroup.js';
import {type Ended, endingSentence} from './ending.js';
import {excerpt, lastLines} from './excerpt.js';
import {type CommandLine, quoteShort} from './quote.js';
import type {FailedResult, Leftover} from './result.js';

export type {Stage} from './birth.js';
export type {Ended} from './ending.js';

/** Nothing had started: there is no result. */
interface Unstarted {
  readonly result?: undefined;
}

/** It had started: all that is known of it, with the output so far. */
interface Stopped {
  readonly result: FailedResult;
}

/** `result` is there iff the child had started. */
interface Either {
  readonly result?: FailedResult | undefined;
}

/** One row per reason: its codes and what else it carries. Complete; oom is reached by options still to come. */
export interface Details {
  /** Refused before anything started. */
  invalid: Unstarted & {readonly code: 'ERR_INVALID_COMMAND' | 'ERR_INVALID_ARGS' | 'ERR_INVALID_OPTION' | 'ERR_UNKNOWN_SIGNAL'};
  /** This machine or this process cannot run anything through us. */
  unsupported: Unstarted & {readonly code: 'ERR_UNSUPPORTED_PLATFORM' | 'ERR_BINARY_MISSING' | 'ERR_ACCESS_DENIED'};
  /** There is no child: `code` is errno's name (ENOENT, EACCES, ...), `stage` the step that failed. */
  spawn: Unstarted & {
    readonly code: string;
    /** Negative, as in errors of Node. */
    readonly errno: number;
    /** 'exec': the program; 'interpreter': its `#!` line; 'chdir': `cwd`; others: see native/protocol.h. */
    readonly stage: string;
    readonly syscall: string;
    /** What the step was about: the program, the directory, the cgroup's file, or the file of a stream ('open'). */
    readonly path: string;
  };
  /** An exit code that `check` does not accept. */
  exit: Stopped & {readonly code: 'ERR_EXIT'};
  /** Under `check`: it died of a signal. */
  signal: Stopped & {readonly code: 'ERR_SIGNAL'};
  timeout: Either & {readonly code: 'ETIMEDOUT'; readonly timeout: number};
  idle: Stopped & {readonly code: 'ETIMEDOUT'; readonly idleTimeout: number};
  /** `cause` is `signal.reason`. */
  abort: Either & {readonly code: 'ABORT_ERR'; readonly cause: unknown};
  'max-output': Stopped & {
    readonly code: 'ERR_MAX_OUTPUT';
    readonly maxOutputSize: number;
    readonly stream?: 'stdout' | 'stderr' | undefined;
  };
  /** The source of `input` failed; `cause` is its error. */
  input: Stopped & {readonly code: 'ERR_INPUT'; readonly cause: unknown};
  /** A copy of its output (a list as target) or the file of `output.spill` could not be written; `cause` says why. */
  output: Stopped & {readonly code: 'ERR_OUTPUT'; readonly cause: unknown};
  /** Under `check`: the kernel killed for lack of memory. */
  oom: Stopped & {readonly code: 'ERR_OOM'};
  /** The shepherd ended unexpectedly. `started`: whether the program ran. `proven`: whether all of it is gone. */
  lost: Either & {readonly code: 'ERR_SHEPHERD_LOST'; readonly started: boolean | 'unknown'; readonly proven: boolean};
  /** Somebody is still alive 5 s after SIGKILL. */
  unkillable: Stopped & {readonly code: 'ERR_UNKILLABLE'; readonly pids: readonly number[]; readonly leftovers: readonly Leftover[]};
  /**
   * A daemon that did not come up, or ended without what was waited for: the message shows the last 20 lines of its output. Or the output of a
   * Subprocess that ended, or went on for too long, without what waitFor() was asked for.
   */
  'not-ready': Either & {readonly code: 'ERR_NOT_READY'};
  /** A method was called in a way that cannot be honoured. */
  misuse: Either & {
    readonly code:
      | 'ERR_STDIN_CLOSED'
      | 'ERR_NOT_A_TERMINAL'
      | 'ERR_TERMINAL_RAW'
      | 'ERR_STREAM_CLAIMED'
      | 'ERR_SCOPE_ENDED'
      | 'ERR_DAEMON_ENDED'
      | 'ERR_SERVICE_NEEDED';
  };
}

/** Why a RunError came about. */
export type Reason = keyof Details;

interface Common<R extends Reason> extends Error {
  readonly name: 'RunError';
  readonly reason: R;
  /** The message's first sentence, without the child's stderr. */
  readonly shortMessage: string;
  /** What was to run; undefined when the call was refused before that was known. */
  readonly command?: CommandLine | undefined;
  /** For JSON.stringify: streams are cut to 1 KiB each. */
  toJSON(): Record<string, unknown>;
}

/**
 * The one error of this library. `switch (error.reason)` narrows it.
 * @example
 * try { await run(['make'], {check: true}); } catch (error) {
 *   if (error instanceof RunError && error.reason === 'exit') console.error(error.result.stderr);
 * }
 */
export type RunError<R extends Reason = Reason> = {[K in R]: Common<K> & Details[K]}[R];

/** Everything an error carries beside its sentence. */
type Carried = Readonly<Record<string, unknown>> & {
  readonly command?: CommandLine | undefined;
  readonly result?: FailedResult | undefined;
  /** Lines for the message in place of the last ten of the result's stderr. */
  readonly lines?: readonly string[];
};

/** Shared by all copies of this package in a process, so that `instanceof` works across them. */
const BRAND = Symbol.for('net-runner.RunError');

class RunErrorClass extends Error {
  declare readonly reason: Reason;
  declare readonly code: string;
  declare readonly shortMessage: string;
  declare readonly command: CommandLine | undefined;
  declare readonly result: FailedResult | undefined;

  constructor(reason: Reason, code: string, sentence: string, carried: Carried) {
    const {result, cause, lines, ...rest} = carried;
    const tail = lines === undefined ? lastLines(result?.stderr) : lastLines(lines, lines.length);
    super(tail === '' ? sentence : `${sentence}\n${tail}`, 'cause' in carried ? {cause} : undefined);
    Object.assign(this, {reason, code}, rest);
    hide(this, 'shortMessage', sentence);
    if (result !== undefined) hide(this, 'result', result);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
  }

  toJSON(): Record<string, unknown> {
    const json: Record<string, unknown> = {name: this.name, message: this.message, ...shownFields(this)};
    if (this.cause !== undefined) json.cause = this.cause instanceof Error ? this.cause.message : String(this.cause);
    return json;
  }

  [inspect.custom](depth: number, options: object): string {
    const fields: Record<string, unknown> = shownFields(this);
    if (this.cause !== undefined) fields['[cause]'] = this.cause;
    return `${this.stack} ${depth < 0 ? '{…}' : inspect(fields, {...options, depth: Math.max(depth, 2)})}`;
  }
}

Object.defineProperties(RunErrorClass, {name: {value: 'RunError'}});
// On the prototype, so that they are not printed with every error.
Object.defineProperties(RunErrorClass.prototype, {name: {value: 'RunError'}, [BRAND]: {value: true}});

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, {value, enumerable: false, writable: false, configurable: true});
}

/** An error's own fields, cut: the command as one short line, each stream to 1 KiB. */
function shownFields(error: RunErrorClass): Record<string, unknown> {
  const fields: Record<string, unknown> = {...error};
  if (error.command !== undefined) fields.command = quoteShort(error.command);
  const {result} = error;
  if (result !== undefined) {
    const shown: Record<string, unknown> = {...result, command: quoteShort(result.command)};
    for (const stream of ['stdout', 'stderr']) if (stream in shown) shown[stream] = excerpt(shown[stream]);
    fields.result = shown;
  }
  return fields;
}

interface RunErrorConstructor {
  readonly prototype: RunError;
  [Symbol.hasInstance](value: unknown): value is RunError;
}

/** For `instanceof`, also across copies of this package. It is made by the library alone. */
export const RunError = RunErrorClass as unknown as RunErrorConstructor;

// biome-ignore lint/complexity/noBannedTypes: Error.captureStackTrace takes any function
type Above = Function;

/** Makes one error. Its stack begins at the caller of `above`, so that users see their own line first. */
function make<R extends Reason>(reason: R, code: RunError<R>['code'], sentence: string, carried: Carried, above: Above): RunError<R> {
  const error = new RunErrorClass(reason, code, sentence, carried);
  Error.captureStackTrace(error, above);
  return error as unknown as RunError<R>;
}

/** Refused before anything started. `above`: the function whose caller is to blame. */
export function invalid(
  code: RunError<'invalid'>['code'],
  sentence: string,
  above: Above = invalid,
  command?: CommandLine | undefined,
): RunError<'invalid'> {
  return make('invalid', code, sentence, command === undefined ? {} : {command}, above);
}

/** This machine or process cannot run anything through us. The sentence says the next step. */
export function unsupported(code: RunError<'unsupported'>['code'], sentence: string, cause?: unknown): RunError<'unsupported'> {
  return make('unsupported', code, sentence, cause === undefined ? {} : {cause}, unsupported);
}

/** A method was called in a way that cannot be honoured. */
export function misuse(code: RunError<'misuse'>['code'], sentence: string, command?: CommandLine | undefined): RunError<'misuse'> {
  return make('misuse', code, sentence, command === undefined ? {} : {command}, misuse);
}

/** What a waitFor() waited for did not come: in its time, before the output ended, or in as much output as it looks through. */
export function waitedInVain(
  why: {readonly timeout: number} | 'end' | 'most',
  pattern: string | RegExp,
  command: CommandLine,
  said: string,
): RunError<'timeout'> | RunError<'not-ready'> {
  const what = typeof pattern === 'string' ? quotedExcerpt(pattern) : String(pattern);
  const last = said === '' ? 'it wrote nothing' : `the last it wrote: ${quotedExcerpt(said.slice(-200))}`;
  const line = quoteShort(command);
  if (typeof why === 'object') {
    const {timeout} = why;
    const sentence = `${line} did not write ${what} within ${timeout} ms; ${last}`;
    return make('timeout', 'ETIMEDOUT', sentence, {command, timeout}, waitedInVain);
  }
  const how = why === 'end' ? 'ended its output without' : 'wrote 16 MiB without';
  return make('not-ready', 'ERR_NOT_READY', `${line} ${how} ${what}; ${last}`, {command}, waitedInVain);
}

/** In one line, so that escape sequences do nothing to whoever reads it. */
function quotedExcerpt(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

/** A birth that failed, as the shepherd or the host saw it. */
export interface FailedSpawn {
  readonly command: CommandLine;
  /** The number, positive or negative. */
  readonly errno: number;
  readonly stage: string;
  readonly syscall: string;
  /** The `cwd` that was asked for. */
  readonly cwd?: string | undefined;
  /** What the file's first line names, where it is known. */
  readonly interpreter?: string | undefined;
  /** What the step was about, if it is neither the program nor the directory. */
  readonly path?: string | undefined;
}

/** There is no child. The code is errno's name. */
export function spawnFailed(failed: FailedSpawn): RunError<'spawn'> {
  const {command, stage, syscall, cwd, interpreter} = failed;
  const errno = -Math.abs(failed.errno);
  const code = errnoName(errno);
  const path = failed.path ?? (stage === 'chdir' && cwd !== undefined ? cwd : (cgroupSubject(stage) ?? command.file));
  const sentence = birthSentence({command, code, stage, syscall, cwd, interpreter, path: failed.path});
  return make('spawn', code, sentence, {errno, stage, syscall, path, command}, spawnFailed);
}

/** The platform's own table first: libuv's lacks some (ENOEXEC). */
function errnoName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === -errno);
  return found?.[0] ?? getSystemErrorName(errno);
}

/** A job that started, or was to start, and did not end as wanted. */
export function ended(end: Ended): RunError {
  const {command, result} = end;
  const carried = {command, ...(result === undefined ? {} : {result})};
  const sentence = endingSentence(end);
  switch (end.reason) {
    case 'exit':
      return make('exit', 'ERR_EXIT', sentence, carried, ended);
    case 'signal':
      return make('signal', 'ERR_SIGNAL', sentence, carried, ended);
    case 'timeout':
      return make('timeout', 'ETIMEDOUT', sentence, {...carried, timeout: end.timeout}, ended);
    case 'idle':
      return make('idle', 'ETIMEDOUT', sentence, {...carried, idleTimeout: end.idleTimeout}, ended);
    case 'abort':
      return make('abort', 'ABORT_ERR', sentence, {...carried, cause: end.cause}, ended);
    case 'max-output': {
      const stream = end.stream === undefined ? {} : {stream: end.stream};
      return make('max-output', 'ERR_MAX_OUTPUT', sentence, {...carried, maxOutputSize: end.maxOutputSize, ...stream}, ended);
    }
    case 'input':
      return make('input', 'ERR_INPUT', sentence, {...carried, cause: end.cause}, ended);
    case 'oom':
      return make('oom', 'ERR_OOM', sentence, carried, ended);
    case 'output':
      return make('output', 'ERR_OUTPUT', sentence, {...carried, cause: end.cause}, ended);
    case 'lost':
      return make('lost', 'ERR_SHEPHERD_LOST', sentence, {...carried, started: end.started, proven: end.proven}, ended);
    case 'not-ready':
      return make('not-ready', 'ERR_NOT_READY', sentence, {...carried, lines: end.lines}, ended);
    case 'unkillable': {
      const pids = end.leftovers.map(({pid}) => pid);
      return make('unkillable', 'ERR_UNKILLABLE', sentence, {...carried, pids, leftovers: end.leftovers}, ended);
    }
  }
}

/** The same error, its stack beginning at the caller of `above`: for one that was made where nobody waits. */
export function atCaller<E>(error: E, above: Above): E {
  if (error instanceof RunError) Error.captureStackTrace(error, above);
  return error;
}

/** The same error, its sentence beginning with the service it is about. */
export function ofService<E>(error: E, id: string): E {
  if (!(error instanceof RunError)) return error;
  const whose = `service '${id}': `;
  if (error.message.startsWith(whose)) return error;
  hide(error, 'shortMessage', whose + error.shortMessage);
  hide(
    error,
    'stack',
    error.stack?.replace(error.message, () => whose + error.message),
  );
  hide(error, 'message', whose + error.message);
  return error;
}
