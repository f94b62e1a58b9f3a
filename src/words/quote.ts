// Owns: how a command is written down: quoted so that a shell reads it back, and cut for messages.
// Never: the environment; splitting or parsing.

/** A command as results and errors carry it: frozen, without options, so without the environment. */
export interface CommandLine {
  /** The program: a path if it holds '/', else a name that was searched in the child's PATH. */
  readonly file: string;
  /** Its arguments, without argv[0]. */
  readonly args: readonly string[];
  /** Quoted for a POSIX shell, whole, to be copied. */
  toString(): string;
}

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;
/** The first word may not look like an assignment (`A=b`) or a job (`%1`). */
const PLAIN_FILE = /^[A-Za-z0-9_@+:,./-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
const TO_ESCAPE = /[\\'\u0000-\u001f\u007f-\u009f\u2028\u2029]/gu;

/** One word for a POSIX shell. Control characters come out as $'\n' (POSIX 2024), so that no terminal acts on them. */
export function quoteWord(word: string, plain: RegExp = PLAIN): string {
  if (plain.test(word)) return word;
  if (!CONTROL.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${word.replace(TO_ESCAPE, escapeCharacter)}'`;
}

const SHORT: Readonly<Record<string, string>> = {'\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t'};

function escapeCharacter(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  // Octal bytes, three digits each: no character that follows can be read as part of the number.
  return Array.from(Buffer.from(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** The whole command, quoted and copyable. */
export function quote(file: string, args: readonly string[]): string {
  return [quoteWord(file, PLAIN_FILE), ...args.map((arg) => quoteWord(arg))].join(' ');
}

/** First characters of `text`, never half a character, with an ellipsis where something is missing. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const half = (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
  return `${text.slice(0, half ? end - 1 : end)}…`;
}

const WORD_MOST = 80;
const LINE_MOST = 200;

/** The command for one sentence: each word at most 80 characters, at most about 200 in all, and how many arguments are not shown. */
export function quoteShort(command: {readonly file: string; readonly args: readonly string[]}): string {
  let line = quoteWord(cut(command.file, WORD_MOST), PLAIN_FILE);
  for (const [index, arg] of command.args.entries()) {
    const word = quoteWord(cut(arg, WORD_MOST));
    if (line.length + 1 + word.length > LINE_MOST) return `${line} … (+${command.args.length - index} arguments)`;
    line += ` ${word}`;
  }
  return line;
}

/** A frozen CommandLine. `args` is copied. */
export function commandLine(file: string, args: readonly string[]): CommandLine {
  const line = {file, args: Object.freeze([...args])};
  // Not enumerable: a result printed or serialised shows file and args only.
  Object.defineProperty(line, 'toString', {value: () => quote(file, line.args)});
  return Object.freeze(line);
}
