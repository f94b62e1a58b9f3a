// Owns: a command line's options as a table: how one word, or two, are a row of it, and how the table reads in the help.
// Never: an option of its own; prints.
import {nearest} from '../words/hint.js';

/** A wrong use of the command line: one sentence that says what to write. */
export class UsageError extends Error {}

/** One option, which takes its value over into a draft. */
export interface Flag<Draft> {
  readonly name: `--${string}`;
  readonly short?: `-${string}`;
  /** What its value is called; without one it takes none. */
  readonly value?: string;
  readonly doc: string;
  /** Takes the value over, or throws UsageError. */
  set(draft: Draft, value: string): void;
}

/** The options of one of our commands. */
export interface OptionTable<Draft> {
  /** How a sentence names it: 'net-runner run'. */
  readonly of: string;
  readonly flags: readonly Flag<Draft>[];
  /** What a sentence about an unknown one ends with where nothing is near it. */
  readonly hint: string;
}

export function isOption(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

/** Takes the option at `words[at]` into `draft`: the place of the next word. Throws UsageError. */
export function takeOption<Draft>(table: OptionTable<Draft>, draft: Draft, words: readonly string[], at: number): number {
  const {flag, attached} = find(table, words[at] as string);
  if (flag.value === undefined) {
    if (attached !== undefined) throw new UsageError(`${flag.name} takes no value`);
    flag.set(draft, '');
    return at + 1;
  }
  const value = attached ?? words[at + 1];
  if (value === undefined) throw new UsageError(`${flag.name} needs a value: ${flag.name} ${flag.value}`);
  flag.set(draft, value);
  return at + (attached === undefined ? 2 : 1);
}

/** `--flag`, `--flag=value`, `-f`, `-fvalue`. */
function find<Draft>({of, flags, hint}: OptionTable<Draft>, word: string): {flag: Flag<Draft>; attached: string | undefined} {
  const isLong = word.startsWith('--');
  const equals = isLong ? word.indexOf('=') : -1;
  const name = isLong ? word.slice(0, equals < 0 ? undefined : equals) : word.slice(0, 2);
  const flag = flags.find((row) => row.name === name || row.short === name);
  if (flag === undefined) {
    const close = nearest(
      name,
      flags.map((row) => row.name),
    );
    throw new UsageError(`${of} has no option ${name}${close === undefined ? hint : `; did you mean ${close}?`}`);
  }
  if (isLong) return {flag, attached: equals < 0 ? undefined : word.slice(equals + 1)};
  return {flag, attached: word.length > 2 ? word.slice(2) : undefined};
}

/** Its rows in the help. */
export function helpRows<Draft>({flags}: OptionTable<Draft>): readonly string[] {
  return flags.map(({name, short, value, doc}) => {
    const spelled = `${short === undefined ? '    ' : `${short}, `}${name}${value === undefined ? '' : ` ${value}`}`;
    return `  ${spelled.padEnd(24)}${doc}`;
  });
}

/** Exit statuses, as the help shows them. */
export type Statuses = ReadonlyArray<readonly [status: string, meaning: string]>;

export function statusRows(statuses: Statuses): readonly string[] {
  return statuses.map(([status, meaning]) => `  ${status.padEnd(9)}${meaning}`);
}
