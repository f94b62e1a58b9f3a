// Owns: the types of commands and of the functions that run them.
// Never: making one (api/command.ts).
import type {Lenient, OptionsOf} from './applies.js';
import type {Known, Merge, None, Options} from './options.js';
import type {CommandLine} from './quote.js';
import type {Result} from './result.js';

/** Options without `args`: a command keeps its arguments in one place. */
export type Kept<O> = {readonly [K in keyof O as K extends 'args' ? never : K]: O[K]};

/** A description of what to run: file, arguments and options; inert and frozen. Made by command(). */
export interface Command<C = Options> extends CommandLine {
  /** What it was made with; options at the call win over these, key by key. */
  readonly options: C;
  /**
   * A new command: its `args` are appended to these, every other option replaces the one of the same name, `undefined` changes nothing.
   * Throws RunError 'invalid'.
   * @example const log = command(['git', 'log']).with({cwd: repo, args: ['--oneline']})
   */
  with<const O extends Options>(options: Known<O>): Command<Merge<C, Kept<O>>>;
}

/** Whatever can be run: a file (never split), a file: URL, [file, ...args], or a Command. */
export type Runnable<C = Options> = string | URL | readonly string[] | Command<C>;

/** Options of start(): those of run() but what only collected output and a checked end can honour. */
export type StartOptions = OptionsOf<'start'>;

/** Options of stream(): those of run() but what only collected output can honour. */
export type StreamOptions = OptionsOf<'stream'>;

/** The type of run(). */
export interface Run {
  <C = None>(command: Runnable<C>, options?: undefined): Promise<Result<C>>;
  <const O extends Options, C = None>(command: Runnable<C>, options: Known<O, Lenient<'run', O>> | undefined): Promise<Result<Merge<C, O>>>;
}

/** Keys of a command's options that surely hold something a function with options A refuses. Wide options are left to run time. */
type Refused<C, A> = {
  [K in keyof C]-?: K extends keyof A ? (undefined extends C[K] ? never : C[K] extends A[K] ? never : K) : never;
}[keyof C];

/** `unknown`, or never when options A, of the function that is called, refuse a command's own. */
export type Fits<C, A> = [Refused<C, A>] extends [never] ? unknown : never;

/** The same for start(). */
export type Startable<C> = Fits<C, StartOptions>;
