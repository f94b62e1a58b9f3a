// Owns: run(): a command run to its end, its output as a value, and what counts as an error.
// Never: how it is started, ended or read.

import {splitLines} from '../io/lines.js';
import {type Collected, collect} from '../subprocess/collect.js';
import {type Kept, keptBytes, keptText} from '../subprocess/kept.js';
import {ended, type RunError} from '../words/errors.js';
import {verdict} from '../words/exit.js';
import type {Options} from '../words/options.js';
import type {CommandLine} from '../words/quote.js';
import {commandLine} from '../words/quote.js';
import type {FailedResult} from '../words/result.js';
import type {Run, Runnable} from '../words/runnable.js';
import {type Settings, settle} from '../words/settings.js';
import {toInvocation} from './command.js';
import {birthFailure} from './failure.js';

/**
 * Runs a command to its end and resolves to its output, exit code and figures. An exit status is a value: only what could not be done
 * rejects, and with `check` an exit code that was not wanted. When it settles, the whole tree is gone, or the outcome says what is not.
 *
 * Rejects with RunError, reason 'invalid', 'unsupported', 'spawn', 'timeout', 'abort', 'max-output', 'input', 'lost', 'unkillable', and
 * under `check` 'exit', 'signal' or 'oom'. Never throws synchronously.
 * @example
 * const {stdout, exitCode} = await run(['git', 'log', '-1'], {cwd, timeout: 5_000});
 */
export const run = async function run(command: Runnable, options?: Options): Promise<unknown> {
  const {file, args, options: merged} = toInvocation(command, options);
  const settings = settle('run', merged);
  const line = commandLine(file, args);
  let collected: Collected;
  try {
    collected = await collect({file, args, settings});
  } catch (error) {
    throw birthFailure(error, line, settings);
  }
  const result = resultOf(line, settings, collected);
  const failure = failureOf(line, settings, collected, result);
  if (failure) throw failure;
  return result;
} as Run;

function resultOf(command: CommandLine, settings: Settings, {pid, end, usage, isolation, stdout, stderr}: Collected): FailedResult {
  const {exitCode, signal, exitStatus, durationMs, leftovers} = end;
  return {
    command,
    pid,
    exitCode,
    signal,
    exitStatus,
    ok: verdict(exitCode, settings.check),
    ...(stdout && {stdout: dataOf(stdout, settings)}),
    ...(stderr && {stderr: dataOf(stderr, settings)}),
    durationMs,
    usage,
    oom: end.oom,
    leftovers,
    isolation,
  } as FailedResult;
}

function dataOf(kept: Kept, {encoding, lines, stripFinalNewline}: Settings): Buffer | string | string[] {
  if (encoding === 'buffer') return stripFinalNewline ? withoutNewline(keptBytes(kept)) : keptBytes(kept);
  const text = keptText(kept, encoding);
  if (lines) return splitLines(text);
  return stripFinalNewline ? text.replace(/\r?\n$/, '') : text;
}

function withoutNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

/** The first cause wins; then how it ended; then, under check, what it said by its exit. */
function failureOf(command: CommandLine, settings: Settings, collected: Collected, result: FailedResult): RunError | undefined {
  const {end, cause} = collected;
  if (end.reason === 'unkillable') return ended({reason: 'unkillable', command, result, leftovers: end.leftovers});
  if (end.reason === 'lost') return ended({reason: 'lost', command, result, started: true, proven: end.proven});
  switch (cause?.reason) {
    case 'timeout':
      return ended({reason: 'timeout', command, result, timeout: settings.timeout as number});
    case 'abort':
      return ended({reason: 'abort', command, result, cause: cause.error});
    case 'input':
      return ended({reason: 'input', command, result, cause: cause.error});
    case 'max-output': {
      const {maxOutputSize} = settings;
      return ended({reason: 'max-output', command, result, maxOutputSize, stream: collected.overflowed});
    }
  }
  if (settings.check === false || result.ok) return undefined;
  if (result.oom) return ended({reason: 'oom', command, result});
  return end.signal === null ? ended({reason: 'exit', command, result, check: settings.check}) : ended({reason: 'signal', command, result});
}
