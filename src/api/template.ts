// Owns: $: a command as it is written in a terminal, run to its end.
// Never: splitting (words/split.ts), or a shell.
import {invalid, misuse} from '../words/errors.js';
import {shown} from '../words/excerpt.js';
import type {Options} from '../words/options.js';
import {splitTemplate} from '../words/split.js';
import type {Template} from '../words/template.js';
import {reported} from './events.js';
import type {Guard} from './flow.js';
import {begin, joinedTo, judge, type Spec, specOf} from './stages.js';

/** One command of a chain, before it runs. */
interface Link {
  readonly runnable: unknown;
  readonly options: Options;
}

/** What can be done with a template's promise until it starts. */
class Call {
  #links: readonly Link[] = [];
  #hasBegun = false;
  /** The chain that this one became a part of. */
  #whole: (() => Promise<unknown>) | undefined;

  /** Async, and its promise is the one that users await, so that their line is in an error's stack. */
  async run(describe: () => readonly Link[], guard: Guard | undefined): Promise<unknown> {
    this.#links = describe();
    await null;
    if (this.#whole) return this.#whole();
    this.#hasBegun = true;
    return runLinks(this.#links, guard);
  }

  nothrow(): void {
    this.#check('nothrow()');
    this.#links = this.#links.map((link) => ({...link, options: {...link.options, check: false}}));
  }

  /** Gives the commands away, to run as a part of `whole`. */
  joinTo(whole: () => Promise<unknown>): readonly Link[] {
    this.#check('pipe()');
    this.#whole = whole;
    return this.#links;
  }

  #check(what: string): void {
    if (!this.#hasBegun && !this.#whole) return;
    throw misuse(
      'ERR_STREAM_CLAIMED',
      `${what} comes too late: the command was started, or is a part of another; call it in the same breath`,
    );
  }
}

const calls = new WeakMap<object, Call>();

function launch(describe: (whole: () => Promise<unknown>) => readonly Link[], guard: Guard | undefined): Promise<unknown> {
  const call = new Call();
  const promise: Promise<unknown> = call.run(() => describe(() => promise), guard);
  calls.set(promise, call);
  return Object.defineProperties(promise, {
    nothrow: {
      value: () => {
        call.nothrow();
        return promise;
      },
    },
    pipe: {value: (next: unknown, options: Options = {}) => chain(promise, next, options, guard)},
  });
}

function chain(first: Promise<unknown>, next: unknown, options: Options, guard: Guard | undefined): Promise<unknown> {
  const links = (each: Promise<unknown>, whole: () => Promise<unknown>) => {
    each.catch(() => {}); // whoever waits for the whole is told
    return (calls.get(each) as Call).joinTo(whole);
  };
  return launch((whole) => {
    const isCall = typeof next === 'object' && next !== null && calls.has(next);
    const second = isCall ? links(next as Promise<unknown>, whole) : [{runnable: next, options}];
    return [...links(first, whole), ...second];
  }, guard);
}

async function runLinks(links: readonly Link[], guard: Guard | undefined): Promise<unknown> {
  guard?.check();
  let specs: readonly Spec[] = [];
  for (const {runnable, options} of links) {
    const spec = specOf('$', runnable, guard ? guard.adopt(runnable, options) : options);
    specs = specs.length === 0 ? [spec] : joinedTo(specs, spec);
  }
  const {command} = specs.at(-1) as Spec;
  const birth = begin(specs);
  const release = guard?.own(() => birth.then((pipeline) => pipeline.ended()));
  try {
    const pipeline = await birth;
    pipeline.last.drainStdout();
    const {result, failure} = judge(specs, await pipeline.ended());
    if (failure) throw failure;
    return result;
  } catch (error) {
    throw reported(error, command);
  } finally {
    release?.();
  }
}

/** $ with `options`, for `guard` if it belongs to a scope. */
export function template(options: Options, guard?: Guard): Template {
  return ((first: unknown, ...values: readonly unknown[]) => {
    if (Array.isArray(first) && 'raw' in first) {
      const {raw} = first as unknown as TemplateStringsArray;
      return launch(() => [{runnable: splitTemplate(raw, values), options}], guard);
    }
    if (typeof first !== 'object' || first === null || Array.isArray(first)) {
      throw invalid('ERR_INVALID_COMMAND', `$ takes a template, as in $\`ls -l\`, or options in an object, but not ${shown(first)}`);
    }
    return template({...options, ...given(first)}, guard);
  }) as Template;
}

/** An `undefined` is "not given", and hides nothing. */
function given(options: object): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Runs a command that is written as in a terminal, without a shell: the text is split on blanks and line ends, with quotes and backslashes
 * as in POSIX; a `${value}` is one argument, or with an array several, and is never split or parsed. What only a shell would understand is
 * refused. It starts in the next microtask, and is run() but for two defaults: `check: true` and `stripFinalNewline: true`.
 *
 * `$({cwd})` is $ with options. `.nothrow()` makes an exit status a value, `.pipe()` joins the next command. Rejects as run() does.
 * @example
 * const {stdout: head} = await $`git rev-parse HEAD`;
 * await $({cwd: repo})`git commit -m ${message} -- ${files}`;
 */
export const $: Template = template({});
