// Owns: commands joined by pipe(), as stream() and $ start and judge them: one, or several.
// Never: what is done with the output.
import {Pipeline, type StageEnd, StageFailed} from '../subprocess/pipeline.js';
import type {FunctionName} from '../words/applies.js';
import {invalid, type RunError} from '../words/errors.js';
import {type CommandLine, commandLine} from '../words/quote.js';
import type {FailedResult, StageResult} from '../words/result.js';
import {type Settings, settle} from '../words/settings.js';
import {toInvocation} from './command.js';
import {birthFailure} from './failure.js';
import {exitFailure, interruptionOf, resultOf, tooMuchText} from './outcome.js';

/** One command with everything settled. */
export interface Spec {
  readonly command: CommandLine;
  readonly settings: Settings;
}

/** Reads a command for `fn`. Throws RunError 'invalid'. */
export function specOf(fn: FunctionName, runnable: unknown, options: unknown): Spec {
  const {file, args, options: merged} = toInvocation(runnable, options);
  return {command: commandLine(file, args), settings: settle(fn, merged)};
}

/** `next` behind `before`. Throws RunError 'invalid' when the place of the pipe is taken. */
export function joinedTo(before: readonly Spec[], next: Spec): readonly Spec[] {
  const last = before.at(-1) as Spec;
  if (last.settings.stdout !== 'pipe') {
    throw refuse(
      last,
      "has its stdout elsewhere, so nothing can be piped from it; leave `stdout` out, or write a list that holds 'pipe'",
      next,
    );
  }
  if (next.settings.input !== undefined || (next.settings.stdin !== 'ignore' && next.settings.stdin !== 'pipe')) {
    throw refuse(next, 'gets its stdin from the command before it; leave `input` and `stdin` out', next);
  }
  return [...before, next];
}

function refuse({command}: Spec, what: string, to: Spec): RunError {
  return invalid('ERR_INVALID_OPTION', `${command} ${what}`, refuse, to.command);
}

/** Starts them. Rejects with the RunError of the one that could not be started, when nothing of the others is left. */
export async function begin(specs: readonly Spec[]): Promise<Pipeline> {
  try {
    return await Pipeline.start(specs.map(({command: {file, args}, settings}) => ({file, args, settings})));
  } catch (error) {
    const {command, settings} = (error instanceof StageFailed ? specs[error.index] : specs[0]) as Spec;
    throw birthFailure(error instanceof StageFailed ? error.cause : error, command, settings);
  }
}

/** What became of all of them: the last one's result, and whose fault it is if it is to reject. */
export interface Outcome {
  readonly result: FailedResult;
  readonly failure: RunError | undefined;
}

export function judge(specs: readonly Spec[], ends: readonly StageEnd[]): Outcome {
  const judged = specs.map(({command, settings}, i) => {
    const {collected, readerEnded} = ends[i] as StageEnd;
    const result = resultOf(command, settings, collected);
    const isLast = i === specs.length - 1;
    return {
      command,
      settings,
      collected,
      result: {...result, ok: result.ok || (!isLast && (readerEnded || diedOfPipe(result)))} as FailedResult,
    };
  });
  const stages = judged.map(({result}) => result as StageResult);
  const whole = (result: FailedResult): FailedResult => (specs.length === 1 ? result : {...result, stages});
  const {result} = judged.at(-1) as (typeof judged)[number];
  const all = {...whole(result), ok: stages.every(({ok}) => ok)} as unknown as FailedResult;
  for (const {command, settings, collected, result: own} of judged) {
    const failure = interruptionOf(command, settings, collected, whole(own));
    if (failure) return {result: all, failure};
  }
  const last = specs.at(-1) as Spec;
  if (last.settings.encoding !== 'buffer' && Buffer.isBuffer(all.stdout)) return {result: all, failure: tooMuchText(last.command, all)};
  const wrong = judged.findLast(({settings, result: own}) => settings.check !== false && !own.ok);
  return {result: all, failure: wrong && exitFailure(wrong.command, wrong.settings.check, whole(wrong.result))};
}

/** SIGPIPE, or a shell whose own child died of it. */
function diedOfPipe({signal, exitCode}: FailedResult): boolean {
  return signal === 'SIGPIPE' || exitCode === 141;
}
