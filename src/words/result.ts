// Owns: the type of what run() resolves to, derived from the options.
// Never: building one (run.ts).
import type {Get, None, Options} from './options.js';
import type {CommandLine} from './quote.js';
import type {Usage} from './stats.js';
import type {Truncated} from './truncation.js';

/** A process that was still alive when the child exited. */
export interface Leftover {
  readonly pid: number;
  /** The name the kernel knows it by, at most 15 bytes. */
  readonly name: string;
  /** Its state letter as in ps(1) ('D' = uninterruptible), where it is known. */
  readonly state?: string | undefined;
}

/** true: piped to us; false: not; boolean: the type cannot tell. A list is when 'pipe' or 'consume' is in it. */
export type Piped<T> = T extends readonly unknown[]
  ? number extends T['length']
    ? boolean
    : [Extract<T[number], 'pipe' | 'consume'>] extends [never]
      ? false
      : true
  : T extends 'pipe' | 'consume'
    ? true
    : false;

/** Place I of `stdio`, or D. One word counts for all three. */
type Place<O, I extends '0' | '1' | '2', D> =
  Get<O, 'stdio', null> extends infer S
    ? S extends null
      ? D
      : S extends readonly unknown[]
        ? I extends keyof S
          ? Exclude<S[I], undefined> | (undefined extends S[I] ? D : never)
          : D
        : S
    : never;

/** What stdin, stdout and stderr are connected to under O, with D as the function's default. In a terminal stderr is not one of its own. */
export type StdinOf<O, D> = Get<O, 'stdin', Place<O, '0', D>>;
export type StdoutOf<O, D = 'pipe'> = Get<O, 'stdout', Place<O, '1', D>>;
export type StderrOf<O, D> =
  Get<O, 'pty', false> extends infer P ? (P extends false ? Get<O, 'stderr', Place<O, '2', D>> : 'ignore') : never;

/** What a collected stream becomes under O. */
export type Data<O> =
  Get<O, 'encoding', 'utf8'> extends infer E
    ? E extends 'buffer'
      ? Buffer
      : Get<O, 'lines', false> extends infer L
        ? L extends true
          ? string[]
          : string
        : never
    : never;

/** true: O has option K; false: it has not; boolean: the type cannot tell. process.stdin as `input` feeds nothing: the child inherits it. */
type Has<O, K extends keyof Options> = Get<O, K, null> extends infer V ? (V extends null | {readonly fd: 0} ? false : true) : never;

/** The fields of T, none of them, or perhaps. */
type Fields<Has, T> = [Has] extends [true] ? T : [Has] extends [false] ? unknown : Partial<T>;

interface OfOutput {
  /** What `output` let go; empty when no stream was too long. */
  readonly truncated: Truncated;
}

interface OfInput {
  /** false: the child stopped reading before the end of `input`, which is no error. */
  readonly inputComplete: boolean;
}

type Field<K extends string, Has, V> = [Has] extends [true]
  ? {readonly [P in K]: V}
  : [Has] extends [false]
    ? unknown
    : {readonly [P in K]?: V};

/** What held a tree together, in the end. */
export type HeldBy = 'tree' | 'cgroup' | 'pidns';

interface Base {
  /** What ran, frozen; `String(command)` is quoted and can be pasted into a shell. */
  readonly command: CommandLine;
  /** The child's process id; it may belong to somebody else by now. */
  readonly pid: number;
  /** The exit code, or 128 + n after signal n, as a shell shows it. */
  readonly exitStatus: number;
  /** Milliseconds from the birth of the child to its exit. */
  readonly durationMs: number;
  /** What the whole tree has cost; with linger 'leave', what those had who were gone when it settled. */
  readonly usage: Usage;
  /** Whether the kernel killed for lack of memory, as the job's cgroup says; false where it has none, or no memory controller. */
  readonly oom: boolean;
  /** Who was still alive when the child exited (and has been ended since). */
  readonly leftovers: readonly Leftover[];
  /** What held the tree together. */
  readonly isolation: HeldBy;
}

interface Good {
  /** true: the exit code is 0, or one that `check` lists. */
  readonly ok: true;
  readonly exitCode: number;
  readonly signal: null;
}

interface Bad {
  readonly ok: false;
  /** null: it died of a signal. */
  readonly exitCode: number | null;
  /** null: it exited by itself. */
  readonly signal: NodeJS.Signals | null;
}

type Show<T> = {[K in keyof T]: T[K]};

/** What run() resolves to. A stream's field exists in the type exactly when the options collect that stream. */
export type Result<O = Options> = ([Get<O, 'check', false>] extends [true | readonly number[]] ? Good : Good | Bad) extends infer V
  ? V extends unknown
    ? Show<
        Base &
          V &
          Field<'stdout', Piped<StdoutOf<O>>, Data<O>> &
          Field<'stderr', Piped<StderrOf<O, 'pipe'>>, Data<O>> &
          Fields<Has<O, 'output'>, OfOutput> &
          Fields<Has<O, 'input'>, OfInput>
      >
    : never
  : never;

/** What a RunError carries of a job that had started: all that is known, with the output so far. */
export interface FailedResult extends Omit<Base, 'exitStatus' | 'usage'>, Bad {
  /** null: nobody saw the exit (reason 'lost'). */
  readonly exitStatus: number | null;
  /** null: nobody could count (reason 'lost'). */
  readonly usage: Usage | null;
  readonly stdout?: Data<Options>;
  readonly stderr?: Data<Options>;
  readonly truncated?: Truncated;
  readonly inputComplete?: boolean;
  /** Of commands joined by pipe(): what is known of each, in their order. */
  readonly stages?: readonly StageResult[];
}

/** What is known of one of the commands joined by pipe(). */
export interface StageResult extends Omit<Base, 'exitStatus' | 'usage'> {
  /** true: it exited as it should, or ended because its reader did. */
  readonly ok: boolean;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly exitStatus: number | null;
  readonly usage: Usage | null;
  readonly stderr?: Data<Options>;
}

/** The result without any option. */
export type PlainResult = Result<None>;
