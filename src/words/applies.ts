// Owns: the one table of which option applies to which function, for the types and for run time alike.
// Never: what an option's values are (options.ts, settings.ts).
import type {Options} from './options.js';

/** A function that takes options; 'Daemon' is Daemon.start(). */
export type FunctionName = 'run' | '$' | 'stream' | 'start' | 'Daemon';

/**
 * true: applies. false: refused. A list: only these values. `but`: all values but these. 'piped', 'unpiped': only targets with or without a
 * pipe to us.
 */
export type Cell = true | false | readonly string[] | {readonly but: readonly string[]} | 'piped' | 'unpiped';

/** Row = option, in the order of the documentation. A test holds the types and settle() to it. */
export const applies = {
  args: {run: true, $: true, stream: true, start: true, Daemon: true},
  cwd: {run: true, $: true, stream: true, start: true, Daemon: true},
  env: {run: true, $: true, stream: true, start: true, Daemon: true},
  extendEnv: {run: true, $: true, stream: true, start: true, Daemon: true},
  argv0: {run: true, $: true, stream: true, start: true, Daemon: true},
  stdio: {run: true, $: true, stream: true, start: true, Daemon: false},
  stdin: {run: true, $: true, stream: true, start: true, Daemon: true},
  stdout: {run: true, $: true, stream: 'piped', start: true, Daemon: false},
  stderr: {run: true, $: true, stream: 'unpiped', start: true, Daemon: ['stdout']},
  extraFds: {run: true, $: true, stream: true, start: true, Daemon: true},
  input: {run: true, $: true, stream: true, start: true, Daemon: false},
  pty: {run: true, $: true, stream: true, start: true, Daemon: true},
  encoding: {run: true, $: true, stream: true, start: ['buffer'], Daemon: ['utf8', 'utf-8', 'latin1', 'ascii']},
  lines: {run: true, $: true, stream: false, start: false, Daemon: false},
  stripFinalNewline: {run: true, $: true, stream: false, start: false, Daemon: false},
  timeout: {run: true, $: true, stream: true, start: true, Daemon: false},
  idleTimeout: {run: true, $: true, stream: true, start: true, Daemon: false},
  killSignal: {run: true, $: true, stream: true, start: true, Daemon: true},
  killTimeout: {run: true, $: true, stream: true, start: true, Daemon: true},
  leftoverTimeout: {run: true, $: true, stream: true, start: true, Daemon: true},
  stopScope: {run: true, $: true, stream: true, start: true, Daemon: true},
  signal: {run: true, $: true, stream: true, start: true, Daemon: true},
  maxOutputSize: {run: true, $: true, stream: true, start: false, Daemon: false},
  output: {run: true, $: true, stream: false, start: false, Daemon: false},
  check: {run: true, $: true, stream: true, start: false, Daemon: false},
  foreground: {run: true, $: true, stream: true, start: true, Daemon: false},
  linger: {run: true, $: true, stream: true, start: true, Daemon: ['stop', 'wait']},
  owner: {run: {but: ['gc']}, $: {but: ['gc']}, stream: {but: ['gc']}, start: true, Daemon: {but: ['gc']}},
  detached: {run: false, $: false, stream: false, start: true, Daemon: false},
  cgroup: {run: true, $: true, stream: true, start: true, Daemon: true},
  cgroupSetup: {run: true, $: true, stream: true, start: true, Daemon: true},
  isolation: {run: true, $: true, stream: true, start: true, Daemon: true},
  limits: {run: true, $: true, stream: true, start: true, Daemon: true},
  nice: {run: true, $: true, stream: true, start: true, Daemon: true},
  umask: {run: true, $: true, stream: true, start: true, Daemon: true},
  uid: {run: true, $: true, stream: true, start: true, Daemon: true},
  gid: {run: true, $: true, stream: true, start: true, Daemon: true},
  groups: {run: true, $: true, stream: true, start: true, Daemon: true},
  noNewPrivileges: {run: true, $: true, stream: true, start: true, Daemon: true},
  oomScoreAdj: {run: true, $: true, stream: true, start: true, Daemon: true},
} as const satisfies Readonly<Record<keyof Options, Readonly<Record<FunctionName, Cell>>>>;

type Table = typeof applies;

/** The options of one function: what is refused there has the type `undefined`, so nothing can be given. */
export type OptionsOf<F extends FunctionName> = {
  [K in keyof Options]: Table[K & keyof Table][F] extends infer C
    ? C extends true
      ? Options[K]
      : C extends readonly (infer V)[]
        ? V | undefined
        : C extends {readonly but: readonly (infer V)[]}
          ? Exclude<Options[K], V>
          : C extends 'piped'
            ? Extract<Options[K], 'pipe' | readonly unknown[]> | undefined
            : C extends 'unpiped'
              ? Exclude<Options[K], 'pipe'>
              : undefined
    : never;
};

/** The same, but a key that may be undefined in O is left to run time: wide options fit every function. */
export type Lenient<F extends FunctionName, O> = {
  [K in keyof Options]: K extends keyof O ? (undefined extends O[K] ? Options[K] : OptionsOf<F>[K]) : Options[K];
};

const UNCOLLECTED = {
  owner: 'nobody holds a Subprocess of it; give [target, event], or use start()',
  detached: 'it waits for the end of its command; use start()',
};

/** What to do instead, for every cell that refuses something. */
export const instead: Readonly<Record<FunctionName, Partial<Readonly<Record<keyof Options, string>>>>> = {
  run: UNCOLLECTED,
  $: UNCOLLECTED,
  stream: {
    ...UNCOLLECTED,
    lines: 'stream() hands out chunks; iterate over stream(...).lines(), or use run()',
    stdout: "stream() hands out stdout; write 'pipe' (alone or in a list), or use run()",
    stderr: "stream() has one output; write 'consume' (the default), or 'stdout' to have both in it, or use start()",
    output: 'stream() hands out all of it and keeps nothing; stop reading when you have enough, or use run()',
    stripFinalNewline: 'stream() hands out bytes as they come; use run() to collect them',
  },
  start: {
    encoding: "start() hands out bytes; write p.stdout.setEncoding('utf8'), or use run()",
    lines: 'start() hands out bytes; read p.stdout through node:readline, or use run()',
    stripFinalNewline: 'start() hands out bytes as they come; use run() to collect them',
    maxOutputSize: 'start() keeps no output: what you do not read makes the child wait; count what you read, or use run()',
    output: 'start() keeps no output: what you do not read makes the child wait; use run()',
    check: 'an exit status of start() is a value; look at (await p.exited).exitCode, or use run()',
  },
  Daemon: {
    stdio: "a daemon's output is drained always; use `onOutput`, `log` or `stdin`",
    stdout: 'the output of a daemon is drained always; use `onOutput` or `log`',
    stderr: "the output of a daemon is drained always; use `onOutput` or `log`, or write stderr: 'stdout'",
    input: "it may be started more than once, and an input can be read once; write stdin: 'pipe', and use write()",
    encoding: 'its output is lines of text',
    lines: 'its output is always lines; see `onOutput` and tail()',
    stripFinalNewline: 'its output is lines, without their ends',
    timeout: 'it is to keep running; use stop(), or `ready: {timeout}` for its start',
    idleTimeout: 'it may be silent for as long as it likes; see `ready: {timeout}` for its start',
    output: 'the last 64 KiB of each stream are kept, and all of it goes to `onOutput` or `log`',
    maxOutputSize: 'the last 64 KiB of each stream are kept, and nothing stops it for writing more',
    check: 'its `restart` policy says which exit is a failure',
    foreground: 'it has no terminal of the host',
    linger: 'what it leaves running would be in the way of its restart',
    owner: 'it runs until it is stopped; give [target, event]',
    detached: 'it is looked after from here; use start()',
  },
};
