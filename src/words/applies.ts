// Owns: the one table of which option applies to which function, for the types and for run time alike.
// Never: what an option's values are (options.ts, settings.ts).
import type {Options} from './options.js';

/** A function that takes options. Daemon gets its column when it comes. */
export type FunctionName = 'run' | '$' | 'stream' | 'start';

/** true: applies. false: refused. A list: only these values. */
type Cell = true | false | readonly string[];

/** Row = option, in the order of the documentation. A test holds the types and settle() to it. */
export const applies = {
  args: {run: true, $: true, stream: true, start: true},
  cwd: {run: true, $: true, stream: true, start: true},
  env: {run: true, $: true, stream: true, start: true},
  extendEnv: {run: true, $: true, stream: true, start: true},
  argv0: {run: true, $: true, stream: true, start: true},
  stdio: {run: true, $: true, stream: true, start: true},
  stdin: {run: true, $: true, stream: true, start: true},
  stdout: {run: true, $: true, stream: true, start: true},
  stderr: {run: true, $: true, stream: true, start: true},
  input: {run: true, $: true, stream: true, start: true},
  encoding: {run: true, $: true, stream: true, start: ['buffer']},
  lines: {run: true, $: true, stream: false, start: false},
  stripFinalNewline: {run: true, $: true, stream: false, start: false},
  timeout: {run: true, $: true, stream: true, start: true},
  killSignal: {run: true, $: true, stream: true, start: true},
  killTimeout: {run: true, $: true, stream: true, start: true},
  leftoverTimeout: {run: true, $: true, stream: true, start: true},
  stopScope: {run: true, $: true, stream: true, start: true},
  signal: {run: true, $: true, stream: true, start: true},
  maxOutputSize: {run: true, $: true, stream: true, start: false},
  check: {run: true, $: true, stream: true, start: false},
  foreground: {run: true, $: true, stream: true, start: true},
  linger: {run: true, $: true, stream: true, start: true},
  owner: {run: true, $: true, stream: true, start: true},
} as const satisfies Readonly<Record<keyof Options, Readonly<Record<FunctionName, Cell>>>>;

type Table = typeof applies;

/** The options of one function: what is refused there has the type `undefined`, so nothing can be given. */
export type OptionsOf<F extends FunctionName> = {
  [K in keyof Options]: Table[K & keyof Table][F] extends infer C
    ? C extends true
      ? Options[K]
      : C extends readonly (infer V)[]
        ? V | undefined
        : undefined
    : never;
};

/** What to do instead, for every cell that refuses something. */
export const instead: Readonly<Record<FunctionName, Partial<Readonly<Record<keyof Options, string>>>>> = {
  run: {},
  $: {},
  stream: {
    lines: 'stream() hands out chunks; iterate over stream(...).lines(), or use run()',
    stripFinalNewline: 'stream() hands out bytes as they come; use run() to collect them',
  },
  start: {
    encoding: "start() hands out bytes; write p.stdout.setEncoding('utf8'), or use run()",
    lines: 'start() hands out bytes; read p.stdout through node:readline, or use run()',
    stripFinalNewline: 'start() hands out bytes as they come; use run() to collect them',
    maxOutputSize: 'start() keeps no output: what you do not read makes the child wait; count what you read, or use run()',
    check: 'an exit status of start() is a value; look at (await p.exited).exitCode, or use run()',
  },
};
