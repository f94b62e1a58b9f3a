// Owns: reading net-runner.yaml into the options of a supervisor, and where in it an error lies.
// Never: a meaning of its own: keys and values are those of Supervisor.start(), but that a command may be one string.
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import type {Document} from 'yaml';
import {keys} from '../words/daemon_settings.js';
import {invalid, RunError} from '../words/errors.js';
import {shown} from '../words/excerpt.js';
import {at, below, placeOf} from '../words/place.js';
import {parseCommandLine} from '../words/split.js';
import {UsageError} from './option_table.js';
import {parseTime} from './units.js';

/** What a file says, as far as it can be told without knowing what the options mean. */
export interface UpFile {
  readonly services: Readonly<Record<string, Record<string, unknown>>>;
  readonly strategy?: unknown;
  readonly intensity?: unknown;
  readonly exitOn?: unknown;
  /** An error that lies in it, as one sentence with file, line and column. */
  explain(error: unknown): string;
}

const NAMES = ['net-runner.yaml', 'net-runner.yml'];
const KEYS = ['services', 'strategy', 'intensity', 'exitOn'];
const COMPOSE: Readonly<Record<string, string>> = {
  version: 'the file has no version; leave it out',
  name: 'leave it out',
  volumes: 'services see the files of this machine; leave it out',
  networks: 'services use the network of this machine; leave it out',
  configs: 'services see the files of this machine; leave it out',
  secrets: 'services see the files of this machine; leave it out',
};

/** The file that is meant when none is named. Throws UsageError. */
export function findUpFile(folder: string): string {
  const found = NAMES.map((name) => path.join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new UsageError(`there is no ${NAMES[0]} here; write one, name a file, or write the services: net-runner up web='npm run web'`);
}

/** Throws UsageError. */
export async function readUpFile(file: string): Promise<UpFile> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const {parseDocument, LineCounter} = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines, prettyErrors: false, merge: true, stringKeys: true});
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) {
    const {line, col} = lines.linePos(fault.pos[0]);
    throw new UsageError(`${file}:${line}:${col}: ${fault.message}`);
  }
  const explain = (error: unknown) => {
    if (!(error instanceof RunError)) return `${file}: ${(error as Error).message}`;
    const place = placeOf(error);
    const {line, col} = lines.linePos(offsetOf(document, place));
    return `${file}:${line}:${col}: ${error.shortMessage}${timeHint(document, place)}`;
  };
  try {
    return {...contentOf(document), explain};
  } catch (error) {
    throw new UsageError(explain(error));
  }
}

function contentOf(document: Document.Parsed): Omit<UpFile, 'explain'> {
  const root: unknown = document.toJS();
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    throw refuse('the file must be a map with `services:`, each with a `command:`');
  }
  for (const key of Object.keys(root)) {
    if (Object.hasOwn(COMPOSE, key)) throw at(key, refuse(`there is no \`${key}\` here: ${COMPOSE[key]}`));
    if (key === 'handleSignals' || key === 'signal') throw at(key, refuse(`\`${key}\` is the command line's own matter; leave it out`));
  }
  // As in Compose, keys that begin with x- are for anchors.
  const given = keys('the file', Object.fromEntries(Object.entries(root).filter(([key]) => !key.startsWith('x-'))), KEYS);
  const {services} = given;
  if (typeof services !== 'object' || services === null || Array.isArray(services)) {
    const error = refuse(`\`services\` must be a map of services by name, but is ${shown(services)}`);
    throw services === undefined ? error : at('services', error);
  }
  const read = Object.entries(services).map(
    ([name, service]) => [name, below('services', () => below(name, () => serviceOf(document, name, service)))] as const,
  );
  return {...given, services: Object.fromEntries(read)};
}

function serviceOf(document: Document.Parsed, name: string, service: unknown): Record<string, unknown> {
  if (typeof service !== 'object' || service === null || Array.isArray(service)) {
    throw refuse(`service '${name}' must be a map with a \`command:\`, but is ${shown(service)}`);
  }
  const read: Record<string, unknown> = {...service};
  read.command = below('command', () => words(read.command));
  for (const key of ['ready', 'health'] as const) {
    const probe = read[key];
    if (typeof probe !== 'object' || probe === null || !('exec' in probe)) continue;
    read[key] = below(key, () => ({...probe, exec: below('exec', () => words(probe.exec))}));
  }
  if (typeof read.env === 'object' && read.env !== null) {
    read.env = below('env', () => variables(document, ['services', name, 'env'], read.env as object));
  }
  return read;
}

/** A command as one string is split as `$` splits it: no shell runs. */
function words(command: unknown): unknown {
  return typeof command === 'string' ? parseCommandLine(command) : command;
}

/** Numbers and truth values are taken as they are written: PORT: 08080 is '08080'. */
function variables(document: Document.Parsed, place: readonly string[], env: object): Record<string, unknown> {
  const entries = Object.entries(env).map(([name, value]) => {
    if (value === null) throw at(name, refuse(`\`env.${name}\` has no value; write '' for an empty one`));
    if (typeof value !== 'number' && typeof value !== 'boolean') return [name, value];
    const source = (document.getIn([...place, name], true) as {source?: string} | undefined)?.source;
    return [name, source ?? String(value)];
  });
  return Object.fromEntries(entries);
}

/** Where the key lies that a place names, or the nearest one above it that is there. */
function offsetOf(document: Document.Parsed, place: readonly (string | number)[]): number {
  let offset = document.contents?.range?.[0] ?? 0;
  let node: unknown = document.contents;
  for (const key of place) {
    const next = childOf(document, node, key);
    if (next === undefined) break;
    offset = next.offset;
    node = next.node;
  }
  return offset;
}

interface Ranged {
  readonly range?: readonly number[] | null;
}

function childOf(
  document: Document.Parsed,
  above: unknown,
  key: string | number,
): {readonly offset: number; readonly node: unknown} | undefined {
  let node = above as {items?: unknown[]; resolve?: (doc: unknown) => unknown} | null;
  if (typeof node?.resolve === 'function') node = node.resolve(document) as typeof node;
  for (const [index, item] of (node?.items ?? []).entries()) {
    const pair = item as {key?: (Ranged & {value?: unknown}) | null; value?: unknown} & Ranged;
    if (pair.key !== undefined && pair.key !== null && String(pair.key.value) === String(key))
      return {offset: pair.key.range?.[0] ?? 0, node: pair.value};
    if (pair.key === undefined && index === key) return {offset: pair.range?.[0] ?? 0, node: item};
  }
  return undefined;
}

/** A time with a unit, where the file wants milliseconds. */
function timeHint(document: Document.Parsed, place: readonly (string | number)[]): string {
  const value: unknown = place.length === 0 ? undefined : document.getIn(place);
  const ms = typeof value === 'string' ? parseTime(value) : undefined;
  return ms === undefined ? '' : `; write ${ms}`;
}

function refuse(sentence: string): RunError {
  return invalid('ERR_INVALID_OPTION', sentence, refuse);
}
