// Owns: what to say about an option that does not exist here: the nearest name, or ours for another library's.
// Never: a decision whether something is accepted.

/** Other libraries' names, and what is written here instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  maxBuffer: 'write `maxOutputSize` (bytes)',
  shell: "no shell runs here; start one: ['sh', '-c', '...']",
  reject: 'write `check: true` to have an exit status reject, `check: false` (the default) to have it as a value',
  throwOnError: 'write `check: true`',
  nothrow: 'write `check: false`, which is the default',
  killTree: 'every stop ends the whole tree; leave it out',
  treeKill: 'every stop ends the whole tree; leave it out',
  cleanup: 'what was started always ends with the host; leave it out',
  forceKillAfterDelay: 'write `killTimeout` (milliseconds)',
  forceKillAfterTimeout: 'write `killTimeout` (milliseconds)',
  gracePeriod: 'write `killTimeout` (milliseconds)',
  graceMs: 'write `killTimeout` (milliseconds)',
  timeoutSignal: 'write `killSignal`',
  stopSignal: 'write `killSignal`',
  environment: 'write `env`',
  cancelSignal: 'write `signal`',
  abortSignal: 'write `signal`',
  workingDirectory: 'write `cwd`',
  workdir: 'write `cwd`',
  directory: 'write `cwd`',
  dir: 'write `cwd`',
  arguments: 'write `args`',
  arg0: 'write `argv0`',
  exitCodes: 'write `check: [0, 1]`',
  validExitCodes: 'write `check: [0, 1]`',
  all: "write `stderr: 'stdout'` to have both in one stream, in exact order",
  mergeStderr: "write `stderr: 'stdout'`",
  inputFile: "write `stdin: {file: '...'}`",
  buffer: "write `stdout: 'ignore'`, or use start()",
  preferLocal: 'put node_modules/.bin into `env.PATH`',
  localDir: 'put node_modules/.bin into `env.PATH`',
  quiet: "write `stdio: 'ignore'`",
  noOutputTimeout: 'write `idleTimeout` (milliseconds)',
  inactivityTimeout: 'write `idleTimeout` (milliseconds)',
  verbose: 'set NODE_DEBUG=net-runner in the environment of the host',
  ipc: 'there is no message channel to the child; use its streams',
  serialization: 'there is no message channel to the child; use its streams',
  windowsHide: 'Windows is not supported; leave it out',
  windowsVerbatimArguments: 'Windows is not supported; leave it out',
};

/** One clause that says what to do about an unknown option. */
export function optionHint(name: string, known: readonly string[]): string {
  if (Object.hasOwn(ELSEWHERE, name)) return ELSEWHERE[name]!;
  const close = nearest(name, known);
  return close === undefined ? `the options are ${known.join(', ')}` : `did you mean \`${close}\`?`;
}

/** The candidate that takes the fewest edits to reach, if that is few for a word of this length. Capitals do not count. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A word this long is no typing mistake, and must not cost its square in time.
  if (word.length > 40) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
