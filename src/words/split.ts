// Owns: splitting a written command line into words: of a template with values, and of a text alone.
// Never: runs a shell's grammar: what only a shell would understand is refused, with what to write instead.
import {fileURLToPath} from 'node:url';
import {invalid, type RunError} from './errors.js';
import {shown} from './excerpt.js';

/** What can stand between the parts of a template: one argument each, or with an array several. Never split, never parsed. */
export type Value = string | number | boolean | URL | readonly (string | number | boolean | URL)[];

/** What a character would mean to a shell, and what to write here. */
const MEANT: Readonly<Record<string, string>> = {
  '|': 'Use .pipe()',
  '&': 'Run one command after the other, or use start()',
  ';': 'Run one command after the other',
  '<': 'Use `input`, or stdin: {file}',
  '>': 'Use stdout: {file}',
  $: 'Put a value in by ${...}, or write it in single quotes',
  '`': 'Run that command first, and put its output in',
  '*': 'Put the names in as an array, or write it in single quotes',
  '?': 'Put the names in as an array, or write it in single quotes',
  '(': 'Run the commands one by one, or write it in single quotes',
  ')': 'Run the commands one by one, or write it in single quotes',
  '~': 'Put os.homedir() in, or write it in single quotes',
};

/** Backslash takes the meaning of these away within double quotes; before anything else it is itself there. */
const ESCAPABLE = '"\\$`';

/** What a shell would expand within double quotes: a name, a brace or a parenthesis behind the dollar. */
const EXPANSION = /^\$[A-Za-z_0-9{(@*#?$!-]/;

class Splitter {
  readonly #words: string[] = [];
  /** The word that has no end yet; undefined between words. */
  #word: string | undefined;
  #quote: '"' | "'" | undefined;

  /** One literal part. `isLast`: no value follows. */
  literal(text: string, isLast: boolean): void {
    for (let at = 0; at < text.length; ) at += this.#quote === undefined ? this.#plain(text, at, isLast) : this.#quoted(text, at);
  }

  /** `after` is the literal part behind it; undefined: another value follows at once. */
  value(value: unknown, after: string | undefined): void {
    if (!Array.isArray(value)) return this.#append(textOf(value));
    const endsHere = after === '' || (after !== undefined && isBlank(after[0] as string));
    if (this.#word !== undefined || this.#quote !== undefined || !endsHere) {
      throw refuse(`an array has to stand alone, as a word of its own, but is joined to something else; write a blank around it`);
    }
    for (const each of value as unknown[]) this.#words.push(textOf(each));
  }

  end(): readonly string[] {
    if (this.#quote !== undefined) throw refuse(`a quote ${this.#quote} has no end; write it twice, or put a backslash before it`);
    this.#close();
    return this.#words;
  }

  #append(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  #close(): void {
    if (this.#word !== undefined) this.#words.push(this.#word);
    this.#word = undefined;
  }

  /** Outside of quotes; how many characters were taken. */
  #plain(text: string, at: number, isLast: boolean): number {
    const character = text[at] as string;
    if (isBlank(character)) {
      this.#close();
      return 1;
    }
    if (character === '"' || character === "'") {
      this.#quote = character;
      this.#append('');
      return 1;
    }
    if (character === '\\') return this.#escaped(text, at, isLast);
    // In the middle of a word a tilde is itself, as in HEAD~1.
    if (character in MEANT && !(character === '~' && this.#word !== undefined)) throw refuseMeaning(character);
    this.#append(character);
    return 1;
  }

  #escaped(text: string, at: number, isLast: boolean): number {
    const next = text.slice(at + 1).match(/^(\r\n|[\s\S])/u)?.[0];
    if (next === undefined)
      throw refuse(
        isLast ? 'it ends in a backslash; write two for one' : 'a value follows a backslash, which would have no meaning; remove it',
      );
    if (next === '\n' || next === '\r\n') return 1 + next.length; // the line goes on
    this.#append(next);
    return 1 + next.length;
  }

  #quoted(text: string, at: number): number {
    const character = text[at] as string;
    if (character === this.#quote) {
      this.#quote = undefined;
      return 1;
    }
    if (this.#quote === "'") {
      this.#append(character);
      return 1;
    }
    const next = text[at + 1];
    if (character === '\\' && next === '\n') return 2;
    if (character === '\\' && next !== undefined && ESCAPABLE.includes(next)) {
      this.#append(next);
      return 2;
    }
    if (character === '`' || EXPANSION.test(text.slice(at, at + 2))) throw refuseMeaning(character);
    this.#append(character);
    return 1;
  }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}

function refuseMeaning(character: string): RunError {
  const quoted = character === '`' ? 'a backtick' : `\`${character}\``;
  return refuse(`${quoted} means nothing here: no shell runs. ${MEANT[character]}, or ['sh', '-c', ...]`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || (typeof value === 'number' && !Number.isNaN(value))) return String(value);
  if (value instanceof URL) return urlText(value);
  const advice = Array.isArray(value)
    ? 'write one array, not arrays in an array'
    : value === undefined || value === null
      ? 'leave it out, or write an empty array for no argument'
      : 'write String(...), or one of its fields';
  throw refuse(`a value must be a string, a number, true, false, a URL or an array of these, but is ${shown(value)}; ${advice}`);
}

/** A program wants the path of a file, not its URL. */
function urlText(url: URL): string {
  if (url.protocol !== 'file:') return url.href;
  try {
    return fileURLToPath(url);
  } catch {
    throw refuse(`${shown(url.href)} names no file of this machine`);
  }
}

function refuse(sentence: string): RunError {
  return invalid('ERR_INVALID_COMMAND', sentence, refuse);
}

/**
 * The words of a template: literal parts are split on blanks and line ends, with POSIX quotes and backslashes; values never are. The parts
 * are raw, as in `strings.raw`. Throws RunError 'invalid' (ERR_INVALID_COMMAND).
 */
export function splitTemplate(literals: readonly string[], values: readonly unknown[]): readonly string[] {
  const splitter = new Splitter();
  for (const [i, literal] of literals.entries()) {
    const isLast = i === literals.length - 1;
    splitter.literal(literal, isLast);
    if (isLast) break;
    const after = literals[i + 1] as string;
    splitter.value(values[i], after === '' && i + 2 < literals.length ? undefined : after);
  }
  const words = splitter.end();
  if (words.length === 0) throw refuse('the command is empty; write the name or the path of a program');
  return words;
}

/** The words of a command line without values, as `command: redis-server --port 6380` has them. Throws as splitTemplate() does. */
export function parseCommandLine(text: string): readonly string[] {
  return splitTemplate([text], []);
}
