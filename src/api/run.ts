// Owns: run(): a command run to its end, its output as a value, and what counts as an error.
// Never: how it is started, ended or read (subprocess/), or what its outcome means (outcome.ts).
import {collect} from '../subprocess/collect.js';
import type {Options} from '../words/options.js';
import {commandLine} from '../words/quote.js';
import type {Run, Runnable} from '../words/runnable.js';
import {settle} from '../words/settings.js';
import {toInvocation} from './command.js';
import {reported} from './events.js';
import {birthFailure} from './failure.js';
import {failureOf, resultOf} from './outcome.js';

/**
 * Runs a command to its end and resolves to its output, exit code and figures. An exit status is a value: only what could not be done
 * rejects, and with `check` an exit code that was not wanted. When it settles, the whole tree is gone, or the outcome says what is not.
 *
 * Rejects with RunError, reason 'invalid', 'unsupported', 'spawn', 'timeout', 'idle', 'abort', 'max-output', 'input', 'output', 'lost',
 * 'unkillable', and
 * under `check` 'exit', 'signal' or 'oom'. Never throws synchronously.
 * @example
 * const {stdout, exitCode} = await run(['git', 'log', '-1'], {cwd, timeout: 5_000});
 */
export const run = async function run(command: Runnable, options?: Options): Promise<unknown> {
  const {file, args, options: merged} = toInvocation(command, options);
  const settings = settle('run', merged);
  const line = commandLine(file, args);
  const collected = await collect({file, args, settings}).catch((error) => {
    throw reported(birthFailure(error, line, settings), line);
  });
  const result = resultOf(line, settings, collected);
  const failure = failureOf(line, settings, collected, result);
  if (failure) throw reported(failure, line);
  return result;
} as Run;
