// Owns: the environment of a child, as the bytes that are sent: the host's own with the changes that options and a terminal ask for.
// Never: checks a name or a value.
import type {Addon} from '../native.js';
import type {TerminalSettings} from '../words/given.js';
import {DEFAULT_TERM, type Settings} from '../words/settings.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** On the main thread environ is copied in C, bytes that are not UTF-8 included; in a worker process.env is a copy of its own. */
export function environment(addon: Addon, {env, extendEnv, pty}: Settings): Uint8Array {
  const changes = pty ? inTerminal(env, pty) : env;
  if (changes !== undefined && !extendEnv) return variables(changes, false);
  const isPlain = env === undefined && pty?.term === undefined;
  const rows = changes === undefined ? NOTHING : isPlain ? OF_PLAIN_TERMINAL : variables(changes, true);
  return addon.environment(rows) ?? variables({...process.env, ...changes}, false);
}

const NOTHING = new Uint8Array();
const OF_PLAIN_TERMINAL = variables(inTerminal(undefined, {term: undefined}), true);

/** The child's terminal is not the host's: neither its kind nor its size is that of whatever the host may have been started in. */
function inTerminal(env: Variables | undefined, {term}: Pick<TerminalSettings, 'term'>): Variables {
  return {COLUMNS: undefined, LINES: undefined, TERM: DEFAULT_TERM, ...env, ...(term !== undefined && {TERM: term})};
}

/** KEY=VALUE\0 for each; with `removals`, KEY\0 for one that is undefined. */
function variables(env: Variables, removals: boolean): Uint8Array {
  let text = '';
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) text += `${name}=${value}\0`;
    else if (removals) text += `${name}\0`;
  }
  return Buffer.from(text);
}
