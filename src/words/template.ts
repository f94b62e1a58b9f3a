// Owns: the type of $.
// Never: running anything.
import type {Known, Merge, None, Options} from './options.js';
import type {Result, StageResult} from './result.js';
import type {Runnable} from './runnable.js';
import type {Value} from './split.js';

/** What $ runs with when nothing else is given. */
export interface TemplateDefaults {
  readonly check: true;
  readonly stripFinalNewline: true;
}

/** What a template resolves to under O. */
export type TemplateResult<O> = Result<Merge<TemplateDefaults, O>>;

/** A command that starts in the next microtask, and its result. */
export interface Running<O = None, More = unknown> extends Promise<TemplateResult<O> & More> {
  /**
   * An exit status is a value, as in run(): `check: false`. To be called at once.
   * @example const {exitCode} = await $`grep -q ${word} ${file}`.nothrow();
   */
  nothrow(): Running<Merge<O, {readonly check: false}>, More>;
  /**
   * Joins the next command by a pipe of the kernel; see Stream.pipe(). The result is that of the last, with `stages`. To be called at once.
   * @example const {stdout} = await $`cat ${log}`.pipe($`sort`).pipe(['uniq', '-c']);
   */
  pipe<P, M>(next: Running<P, M>): Running<P, Stages>;
  pipe<C = None>(next: Runnable<C>, options?: undefined): Running<C, Stages>;
  pipe<const P extends Options, C = None>(next: Runnable<C>, options: Known<P>): Running<Merge<C, P>, Stages>;
}

interface Stages {
  /** Of each command, in their order. */
  readonly stages: readonly StageResult[];
}

/** The type of $. */
export interface Template<O = None> {
  (literals: TemplateStringsArray, ...values: readonly Value[]): Running<O>;
  /** $ with other options: over those of this one, key by key. */
  <const P extends Options>(options: Known<P>): Template<Merge<O, P>>;
}
