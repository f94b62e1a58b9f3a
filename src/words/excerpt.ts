// Owns: what of a child's output may be shown in messages, inspections and JSON, and how much of it.
// Never: the full output; a terminal's escape sequence.
import {inspect, stripVTControlCharacters} from 'node:util';
import {cut} from './quote.js';

const LINES = 10;
const LINE_MOST = 400;
/** More than ten lines of LINE_MOST characters, and little enough to split at once. */
const LOOK_AT = 16_384;
const STREAM_MOST = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is its purpose
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** One line as a terminal would leave it: no escape sequences, and only what was written after the last carriage return. */
function plainLine(line: string): string {
  const text = stripVTControlCharacters(line).replace(/\r+$/, '');
  return cut(text.slice(text.lastIndexOf('\r') + 1).replace(CONTROL, ''), LINE_MOST);
}

/** The last lines (ten) of what was kept of an output (text, lines or bytes), without escape sequences; '' when there is nothing. */
export function lastLines(output: unknown, most: number = LINES): string {
  let lines: string[];
  if (typeof output === 'string') lines = output.slice(-LOOK_AT).split('\n');
  else if (output instanceof Uint8Array) lines = Buffer.from(output.subarray(-LOOK_AT)).toString().split('\n');
  else if (Array.isArray(output)) lines = output.slice(-most * 2).map(String);
  else return '';
  return lines
    .map(plainLine)
    .join('\n')
    .replace(/^\s*\n|\s+$/g, '')
    .split('\n')
    .slice(-most)
    .join('\n');
}

/** A collected stream for inspect and JSON: at most 1 KiB, its beginning and its end. */
export function excerpt(output: unknown): unknown {
  if (typeof output === 'string') return middleOut(output);
  if (output instanceof Uint8Array) {
    if (output.length <= STREAM_MOST) return Buffer.from(output).toString();
    const half = STREAM_MOST / 2;
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
    return `${text(output.subarray(0, half))}… ${output.length - STREAM_MOST} bytes …${text(output.subarray(-half))}`;
  }
  if (Array.isArray(output)) return linesOut(output.map(String));
  return output;
}

function middleOut(text: string): string {
  if (text.length <= STREAM_MOST) return text;
  const half = STREAM_MOST / 2;
  return `${text.slice(0, half)}… ${text.length - STREAM_MOST} characters …${text.slice(-half)}`;
}

function linesOut(lines: readonly string[]): readonly string[] {
  let left = STREAM_MOST;
  let from = lines.length;
  while (from > 0 && left >= lines[from - 1]!.length) left -= lines[--from]!.length;
  if (from === 0) return lines;
  if (from === lines.length) return [`… ${lines.length - 1} lines …`, middleOut(lines.at(-1)!)];
  return [`… ${from} lines …`, ...lines.slice(from)];
}

/** A wrong value for a sentence: short, on one line. Never for values of the environment. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${cut(value, 60).replace(CONTROL, '?')}'`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no prototype'})`;
  return inspect(value);
}
