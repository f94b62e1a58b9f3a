// Owns: from a signal's name to its number, by the platform's own table.
// Never: sending one.
import {constants} from 'node:os';
import {invalid} from './errors.js';
import {shown} from './excerpt.js';
import {nearest} from './hint.js';
import type {Signal} from './options.js';

/** Standard signals are 1 to 31 on every platform we run on. */
const LAST = 31;
const table: Readonly<Record<string, number>> = constants.signals;

/**
 * The number of a signal on this machine. Takes a name with or without SIG ('SIGTERM', 'TERM', capitals), or a number from 1 to 31, which
 * is given back. Anything else throws RunError: reason 'invalid', code ERR_UNKNOWN_SIGNAL.
 * @example resolveSignal('SIGTERM') // 15
 */
export function resolveSignal(signal: Signal): number {
  const value: unknown = signal;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LAST) return value;
  if (typeof value === 'string') {
    const number = own(value) ?? own(`SIG${value}`);
    if (number !== undefined && number <= LAST) return number;
  }
  throw invalid('ERR_UNKNOWN_SIGNAL', `there is no signal ${shown(value)}${advice(value)}`, resolveSignal);
}

function own(name: string): number | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function advice(value: unknown): string {
  if (value === 0) return '; 0 sends nothing: look at `alive` of a Subprocess instead';
  if (typeof value === 'string') {
    const name = value.toUpperCase();
    const close = nearest(name.startsWith('SIG') ? name : `SIG${name}`, Object.keys(table));
    if (close !== undefined) return `; did you mean '${close}'?`;
  }
  return `; write a name like 'SIGTERM' or 'TERM', or a number from 1 to ${LAST}`;
}
