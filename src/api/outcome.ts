// Owns: what the end of a job means to its user: the result, or the error.
// Never: waits for anything.
import {constants} from 'node:buffer';
import {splitLines} from '../io/lines.js';
import {type Kept, keptBytes, keptText, wholeCharacters} from '../subprocess/kept.js';
import type {Collected, Gathered} from '../subprocess/stage.js';
import {ended, type RunError} from '../words/errors.js';
import {verdict} from '../words/exit.js';
import type {CommandLine} from '../words/quote.js';
import type {FailedResult} from '../words/result.js';
import type {Settings} from '../words/settings.js';
import type {Truncated} from '../words/truncation.js';

/** All that is known of a job that started; its type is that of a failed one, which a success fits into. */
export function resultOf(command: CommandLine, settings: Settings, collected: Collected): FailedResult {
  const {pid, end, usage, isolation, stdout, stderr, inputComplete} = collected;
  const {exitCode, signal, exitStatus, durationMs, leftovers} = end;
  return {
    command,
    pid,
    exitCode,
    signal,
    exitStatus,
    ok: verdict(exitCode, settings.check),
    ...(stdout && {stdout: dataOf(stdout, settings)}),
    ...(stderr && {stderr: dataOf(stderr, settings, settings.stderr === 'consume')}),
    durationMs,
    usage,
    oom: end.oom,
    ...(settings.reportsTruncation && {truncated: truncatedOf(settings, collected)}),
    ...(settings.input !== undefined && inputComplete !== undefined && {inputComplete}),
    leftovers,
    isolation,
  } as FailedResult;
}

/** Bytes also where text was asked for, if there is more of it than a string can hold: failureOf() says so. */
function dataOf(kept: Kept, {encoding, lines, stripFinalNewline, keeping}: Settings, isConsumed = false): Buffer | string | string[] {
  if (encoding === 'buffer') return stripFinalNewline ? withoutNewline(keptBytes(kept)) : keptBytes(kept);
  const text = within(() => keptText(kept, encoding, keeping.isLimit && !isConsumed));
  if (text === undefined) return keptBytes(kept);
  if (lines) return splitLines(text);
  return stripFinalNewline ? text.replace(/\r?\n$/, '') : text;
}

/** undefined: it is more than a string can hold. */
export function textOf(bytes: Buffer, encoding: BufferEncoding): string | undefined {
  return within(() => bytes.toString(encoding));
}

function within(decode: () => string): string | undefined {
  try {
    return decode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_STRING_TOO_LONG') return undefined;
    throw error;
  }
}

/** More than a string can hold; the result has it as bytes. */
export function tooMuchText(command: CommandLine, result: FailedResult): RunError {
  return ended({reason: 'max-output', command, result, maxOutputSize: constants.MAX_STRING_LENGTH, of: 'text'});
}

function withoutNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

function truncatedOf({encoding}: Settings, {stdout, stderr}: Collected): Truncated {
  const truncation = (gathered: Gathered | undefined) => {
    if (gathered === undefined || gathered.dropped === 0) return undefined;
    const {head, tail, dropped} = encoding === 'buffer' ? gathered : wholeCharacters(gathered, encoding);
    const {spill} = gathered;
    return {kept: head.length + tail.length, dropped, ...(spill !== undefined && {spill})};
  };
  const [out, err] = [truncation(stdout), truncation(stderr)];
  return {...(out && {stdout: out}), ...(err && {stderr: err})};
}

/** The first cause wins; then how it ended; then, under check, what it said by its exit. */
export function failureOf(command: CommandLine, settings: Settings, collected: Collected, result: FailedResult): RunError | undefined {
  const broken = interruptionOf(command, settings, collected, result);
  if (broken) return broken;
  if (settings.encoding !== 'buffer' && [result.stdout, result.stderr].some(Buffer.isBuffer)) return tooMuchText(command, result);
  if (settings.check === false || result.ok) return undefined;
  return exitFailure(command, settings.check, result);
}

/** It did not end by itself, or nobody knows. */
export function interruptionOf(command: CommandLine, settings: Settings, collected: Collected, result: FailedResult): RunError | undefined {
  const {end, cause} = collected;
  if (end.reason === 'unkillable') return ended({reason: 'unkillable', command, result, leftovers: end.leftovers});
  if (end.reason === 'lost') return ended({reason: 'lost', command, result, started: true, proven: end.proven});
  switch (cause?.reason) {
    case 'timeout':
      return ended({reason: 'timeout', command, result, timeout: settings.timeout as number});
    case 'idle':
      return ended({reason: 'idle', command, result, idleTimeout: settings.idleTimeout as number});
    case 'abort':
      return ended({reason: 'abort', command, result, cause: cause.error});
    case 'input':
      return ended({reason: 'input', command, result, cause: cause.error});
    case 'output':
      return ended({reason: 'output', command, result, cause: cause.error});
    case 'max-output': {
      const {maxOutputSize} = settings;
      return ended({reason: 'max-output', command, result, maxOutputSize, stream: collected.overflowed});
    }
  }
  return undefined;
}

/** An exit that `check` does not accept. */
export function exitFailure(command: CommandLine, check: boolean | readonly number[], result: FailedResult): RunError {
  if (result.oom) return ended({reason: 'oom', command, result});
  return result.signal === null ? ended({reason: 'exit', command, result, check}) : ended({reason: 'signal', command, result});
}
