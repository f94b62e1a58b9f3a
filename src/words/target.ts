// Owns: where a stream of the child can be connected: the types, and reading a value into what a job needs to know.
// Never: opening a file, or looking whether a descriptor is there.
import {fileURLToPath} from 'node:url';
import {shown} from './excerpt.js';

/**
 * A file, opened by the host before anything starts (a path is looked for from the host's directory). For output it is created (0666 &
 * umask) and emptied, or with `append` written at its end; for input it is read, and `append` is refused.
 */
export interface FileTarget {
  readonly file: string | URL;
  readonly append?: boolean | undefined;
}

/** A Node stream or FileHandle with an open descriptor, which the child gets; what the stream itself holds back is not waited for. */
export type FdSource = {readonly fd: number} | NodeJS.ReadableStream | NodeJS.WritableStream;

/**
 * Where a stream of the child is connected: our pipe, /dev/null, the host's own stream of the same number, an open descriptor of the host,
 * a file, or a Node stream with a descriptor.
 */
export type Target = 'pipe' | 'ignore' | 'inherit' | number | FileTarget | FdSource;

/** One target, or several at once: each gets everything, and the slowest sets the pace. */
export type OutputTarget = Target | readonly Exclude<Target, 'ignore'>[];

/** stderr can also join stdout's pipe ('stdout': one pipe, exact order) or be drained and kept in part ('consume'). */
export type StderrTarget = OutputTarget | 'stdout' | 'consume' | readonly (Exclude<Target, 'ignore'> | 'consume')[];

/** A descriptor of the child from 3 on: as a stream's target, but without a pipe. */
export type ExtraTarget = Exclude<Target, 'pipe'>;

/** A file to be opened, as settings hold it. */
export interface OpenFile {
  readonly path: string;
  readonly append: boolean;
}

/** What one descriptor of the child is connected to. 'copy': a pipe that the host reads only to write its `copies`. */
export type Connection = 'pipe' | 'consume' | 'copy' | 'stdout' | 'ignore' | 'inherit' | number | OpenFile | {readonly fd: number};

/** Who else gets what comes through a pipe. */
export type Copy = 'inherit' | number | OpenFile | NodeJS.WritableStream | {readonly fd: number};

/** A stream of the child with everybody who gets it. */
export interface Wiring {
  readonly to: Connection;
  readonly copies: readonly Copy[];
}

const NO_COPIES: readonly Copy[] = Object.freeze([]);

/** What a word of the user means, or the end of a sentence that says what is wrong with it. */
export type Read = Wiring | string;

/** Which words a place takes beside those that every place does. */
export interface PlaceKind {
  readonly stderr: boolean;
  readonly several: boolean;
  readonly pipe: boolean;
  readonly input: boolean;
}

/** Reads one value. A string is the refusal: "must be ..., but is ...". */
export function readTarget(value: unknown, kind: PlaceKind): Read {
  if (Array.isArray(value)) return kind.several ? readSeveral(value, kind) : refusal(value, kind);
  if (kind.stderr && (value === 'stdout' || value === 'consume')) return {to: value, copies: NO_COPIES};
  if (kind.pipe && value === 'pipe') return {to: value, copies: NO_COPIES};
  if (value === 'ignore') return {to: value, copies: NO_COPIES};
  const to = readOne(value, kind);
  return typeof to === 'string' && to !== 'inherit' ? to : {to: to as Connection, copies: NO_COPIES};
}

/** With 'pipe' or 'consume' among them the user reads along; else the host reads for the others alone. */
function readSeveral(values: readonly unknown[], kind: PlaceKind): Read {
  if (values.length === 0) return "must not be an empty list; write 'ignore' to throw the output away";
  const [only] = values;
  if (values.length === 1) return readTarget(only, kind);
  let to: 'pipe' | 'consume' | 'copy' = 'copy';
  const copies: Copy[] = [];
  for (const value of values) {
    if (value === 'pipe' || (kind.stderr && value === 'consume')) {
      if (to !== 'copy') return "holds 'pipe' or 'consume' more than once; one is enough";
      to = value as 'pipe' | 'consume';
      continue;
    }
    if (value === 'ignore' || value === 'stdout') return `holds '${value}', which goes with nothing else; leave it out of the list`;
    const copy = isWritable(value) ? value : readOne(value, kind);
    if (typeof copy === 'string' && copy !== 'inherit') return `holds one that ${copy}`;
    copies.push(copy as Copy);
  }
  return {to, copies: Object.freeze(copies)};
}

/** A FileHandle has no end(), and is known by its descriptor. */
function isWritable(value: unknown): value is NodeJS.WritableStream {
  const like = value as Partial<NodeJS.WritableStream> | null;
  return typeof like === 'object' && typeof like?.write === 'function' && typeof like.end === 'function';
}

/** What single and listed targets have in common; a string but 'inherit' is the refusal. */
function readOne(value: unknown, kind: PlaceKind): 'inherit' | number | OpenFile | {readonly fd: number} | (string & {}) {
  if (value === 'inherit' || isDescriptor(value)) return value;
  if (typeof value !== 'object' || value === null) return refusal(value, kind);
  if ('file' in value) return readFile(value as Record<string, unknown>, kind);
  const {fd} = value as {fd?: unknown};
  if (isDescriptor(fd)) return value as {fd: number};
  const isStream = typeof (value as {pipe?: unknown}).pipe === 'function' || typeof (value as {write?: unknown}).write === 'function';
  if (!isStream) return refusal(value, kind);
  return fd === null
    ? "must be a stream whose file is open, but is one that opens it later; wait for its 'open' event"
    : `must be a stream with a descriptor, but is ${shown(value)}; ${kind.input ? 'give it as `input`' : "write 'pipe' and pipe the child's stream into it"}`;
}

function readFile(value: Record<string, unknown>, kind: PlaceKind): OpenFile | string {
  const {file, append = false, ...rest} = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `must be {file, append}, but has ${shown(unknown)} too`;
  if (typeof append !== 'boolean') return `must have true or false as its \`append\`, but has ${shown(append)}`;
  if (append && kind.input) return 'must not have `append`: it is read';
  let path: unknown = file;
  if (file instanceof URL) {
    try {
      path = fileURLToPath(file);
    } catch {
      return `must name a file of this machine, but is a ${file.protocol} URL`;
    }
  }
  if (typeof path !== 'string') return `must have a path or a file: URL as its \`file\`, but has ${shown(path)}`;
  if (path === '' || path.includes('\0')) return `must have a path as its \`file\`, but has ${shown(path)}`;
  return Object.freeze({path, append});
}

export function isDescriptor(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fffffff;
}

function refusal(value: unknown, {stderr, several, pipe}: PlaceKind): string {
  const words = [
    ...(pipe ? ["'pipe'"] : []),
    "'ignore'",
    "'inherit'",
    ...(stderr ? ["'stdout'", "'consume'"] : []),
    '{file}',
    'a stream with a descriptor',
    "a descriptor's number",
  ];
  const listed = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}${several ? ', or a list of these' : ''}`;
  const advice = value === 'overlapped' || value === 'ipc' ? `; there is no '${value}' here` : '';
  return `must be ${listed}, but is ${shown(value)}${advice}`;
}

/** Whether the host reads the stream. */
export function isPiped(to: Connection): to is 'pipe' | 'consume' | 'copy' {
  return to === 'pipe' || to === 'consume' || to === 'copy';
}
