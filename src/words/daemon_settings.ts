// Owns: from a daemon's options to its settings: what only daemons have, checked and filled in; the others by settle().
// Never: asking whether a port or a file is there.
import {fileURLToPath} from 'node:url';
import {applies} from './applies.js';
import type {Check, DaemonOnly, Logger, OnLine, RestartWhen} from './daemon.js';
import {shown} from './excerpt.js';
import {code, duration, finite, oneOf, refuse, text} from './given.js';
import {nearest, optionHint} from './hint.js';
import {at, below} from './place.js';
import {type Settings, settle} from './settings.js';

/** What can be asked again and again. */
export type ProbeSetting =
  | {readonly kind: 'port'; readonly port: number; readonly host: string}
  /** `status` undefined: any from 200 to 399. */
  | {readonly kind: 'http'; readonly url: URL; readonly status: readonly number[] | undefined}
  | {readonly kind: 'exec'; readonly command: string | readonly string[]}
  | {readonly kind: 'check'; readonly check: Check};

/** Infinity: no limit. */
export interface ReadySetting {
  readonly probe: ProbeSetting | {readonly kind: 'line'; readonly line: RegExp} | {readonly kind: 'fd'};
  readonly timeout: number;
  readonly interval: number;
}

export interface HealthSetting {
  readonly probe: ProbeSetting;
  readonly timeout: number;
  readonly interval: number;
  readonly failures: number;
}

export interface RestartSetting {
  readonly policy: RestartWhen;
  readonly max: number;
  readonly within: number;
  readonly backoff: {readonly min: number; readonly max: number};
  readonly resetAfter: number;
}

/** Everything a daemon needs to know. `common`: how its processes run. */
export interface DaemonSettings {
  readonly common: Settings;
  readonly ready: ReadySetting | undefined;
  readonly health: HealthSetting | undefined;
  readonly restart: RestartSetting;
  readonly onOutput: 'discard' | 'log' | OnLine;
  readonly logger: Logger | undefined;
  readonly logFile: string | undefined;
  readonly envFile: string | undefined;
}

const READY = {timeout: 30_000, interval: 100};
const HEALTH = {timeout: 5_000, interval: 10_000, failures: 3};
const RESTART: RestartSetting = {policy: 'on-failure', max: 5, within: 60_000, backoff: {min: 100, max: 30_000}, resetAfter: 10_000};

/** Of each kind of probe, the keys beside its own. */
const KINDS = {port: ['host'], http: ['status'], exec: [], check: [], line: [], fd: []} as const;
type Kind = keyof typeof KINDS;

const rows = {
  ready,
  health,
  restart,
  onOutput(value) {
    if (value === 'discard' || value === 'log' || typeof value === 'function') return value as 'discard' | 'log' | OnLine;
    throw refuse(`\`onOutput\` must be 'discard', 'log' or a function, but is ${shown(value)}`);
  },
  logger(value) {
    const like = value as Partial<Record<string, unknown>> | null;
    const whole = like !== null && typeof like === 'object' && ['info', 'warn', 'error'].every((name) => typeof like[name] === 'function');
    if (whole) return value as Logger;
    throw refuse(`\`logger\` must have the methods info, warn and error, as console, pino and winston do, but is ${shown(value)}`);
  },
  log(value) {
    const {file} = keys('log', value, ['file']);
    if (file === undefined) throw refuse("`log` must name a file: {file: 'server.log'}");
    return below('file', () => filePath('log.file', file));
  },
  envFile: (value) => filePath('envFile', value),
} as const satisfies {readonly [K in keyof DaemonOnly]-?: (value: unknown) => unknown};

/** Names of a daemon's options, in the order of the documentation. */
export const daemonOptionNames: readonly string[] = [
  ...Object.entries(applies).flatMap(([name, {Daemon}]) => ((Daemon as unknown) === false ? [] : [name])),
  ...Object.keys(rows),
];

/**
 * Validates a daemon's options. Throws RunError 'invalid' as settle() does; where it lies is known to placeOf(). `hint` answers names that
 * are no option, before the ordinary hint does.
 */
export function settleDaemon(options: unknown = {}, hint: (name: string) => string | undefined = () => undefined): DaemonSettings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refuse(`options must be an object, but are ${shown(options)}`);
  }
  const own: {-readonly [K in keyof typeof rows]?: ReturnType<(typeof rows)[K]>} = {};
  const common: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    below(name, () => {
      if (Object.hasOwn(rows, name)) (own as Record<string, unknown>)[name] = rows[name as keyof typeof rows](value);
      else if (Object.hasOwn(applies, name)) {
        settle('Daemon', {[name]: value});
        common[name] = value;
      } else throw refuse(`there is no option ${code(name)}: ${hint(name) ?? optionHint(name, daemonOptionNames)}`);
    });
  }
  const settled = settle('Daemon', common);
  if (own.ready?.probe.kind === 'fd' && settled.extraFds.some(({target}) => target === 3)) {
    throw at('ready', refuse('`ready: {fd: 3}` and `extraFds` both want descriptor 3; give that one another number'));
  }
  return Object.freeze({
    common: settled,
    ready: own.ready,
    health: own.health,
    restart: own.restart ?? RESTART,
    onOutput: own.onOutput ?? 'discard',
    logger: own.logger ?? (own.onOutput === 'log' ? console : undefined),
    logFile: own.log,
    envFile: own.envFile,
  });
}

function ready(value: unknown): ReadySetting {
  if (typeof value === 'function') return {probe: {kind: 'check', check: value as Check}, ...READY};
  const {kind, given} = probeKind('ready', value, Object.keys(KINDS) as Kind[], ['timeout', 'interval']);
  if ((kind === 'line' || kind === 'fd') && given.interval !== undefined) {
    throw at('interval', refuse(`\`ready.interval\` means nothing with ${code(kind)}, which is waited for; leave it out`));
  }
  const times = {timeout: limit('ready', given.timeout, READY.timeout), interval: interval('ready', given.interval, READY.interval)};
  if (kind === 'line') return {probe: {kind, line: below('line', () => pattern('ready.line', given.line))}, ...times};
  if (kind === 'fd') {
    if (given.fd !== 3) throw at('fd', refuse(`\`ready.fd\` can only be 3, but is ${shown(given.fd)}`));
    return {probe: {kind}, ...times};
  }
  return {probe: probe('ready', kind, given), ...times};
}

function health(value: unknown): HealthSetting {
  if (typeof value === 'function') return {probe: {kind: 'check', check: value as Check}, ...HEALTH};
  const kinds = ['port', 'http', 'exec', 'check'] as const;
  const {kind, given} = probeKind('health', value, kinds, ['timeout', 'interval', 'failures']);
  return {
    probe: probe('health', kind, given),
    timeout: limit('health', given.timeout, HEALTH.timeout),
    interval: interval('health', given.interval, HEALTH.interval),
    failures: below('failures', () => count('health.failures', given.failures, HEALTH.failures, 1)),
  };
}

/** Which probe an object means, by its one key that names a kind. */
function probeKind<K extends Kind>(
  option: string,
  value: unknown,
  kinds: readonly K[],
  common: readonly string[],
): {readonly kind: K; readonly given: Readonly<Record<string, unknown>>} {
  const forms = kinds.map((kind) => `{${kind}}`).join(', ');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`${code(option)} must be a function or one of ${forms}, but is ${shown(value)}`);
  }
  const [kind, other] = kinds.filter((each) => (value as Record<string, unknown>)[each] !== undefined);
  if (kind === undefined) {
    const [first = ''] = Object.keys(value);
    const close = nearest(first, kinds);
    throw refuse(`${code(option)} must be a function or one of ${forms}${close === undefined ? '' : `; did you mean \`${close}\`?`}`);
  }
  if (other !== undefined) throw refuse(`${code(option)} asks for ${code(kind)} and ${code(other)}; leave one of them out`);
  return {kind, given: keys(option, value, [kind, ...KINDS[kind], ...common])};
}

function probe(option: string, kind: 'port' | 'http' | 'exec' | 'check', given: Readonly<Record<string, unknown>>): ProbeSetting {
  return below(kind, () => {
    switch (kind) {
      case 'port': {
        const port = given.port as number;
        if (!Number.isInteger(port) || port < 1 || port > 65_535) {
          throw refuse(`${code(`${option}.port`)} must be a whole number from 1 to 65535, but is ${shown(port)}`);
        }
        const host = given.host === undefined ? 'localhost' : text(`${option}.host`, given.host, 'the name or address of a host');
        return {kind, port, host};
      }
      case 'http':
        return {kind, url: httpUrl(option, given.http), status: statuses(option, given.status)};
      case 'exec':
        return {kind, command: execCommand(option, given.exec)};
      case 'check':
        if (typeof given.check !== 'function') throw refuse(`${code(`${option}.check`)} must be a function, but is ${shown(given.check)}`);
        return {kind, check: given.check as Check};
    }
  });
}

function httpUrl(option: string, value: unknown): URL {
  const url = value instanceof URL ? value : typeof value === 'string' ? parsed(value) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return new URL(url);
  throw refuse(`${code(`${option}.http`)} must be an http: or https: URL, but is ${shown(value instanceof URL ? value.href : value)}`);
}

function parsed(value: string): URL | undefined {
  return URL.canParse(value) ? new URL(value) : undefined;
}

function statuses(option: string, value: unknown): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? value : [value];
  const right = list.length > 0 && list.every((each) => Number.isInteger(each) && each >= 100 && each <= 599);
  if (right) return Object.freeze([...list]) as readonly number[];
  throw refuse(`${code(`${option}.status`)} must be an HTTP status or a list of them, but is ${shown(value)}`);
}

function execCommand(option: string, value: unknown): string | readonly string[] {
  if (typeof value === 'string' && value !== '') return value;
  if (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')) return Object.freeze([...value]);
  throw refuse(`${code(`${option}.exec`)} must be [file, ...args], but is ${shown(value)}`);
}

/** A copy that has no memory: `g` and `y` would make the second look begin where the first ended. */
export function pattern(option: string, value: unknown): RegExp {
  if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, ''));
  if (typeof value !== 'string' || value === '') {
    throw refuse(`${code(option)} must be a regular expression or its source, but is ${shown(value)}`);
  }
  try {
    return new RegExp(value);
  } catch (error) {
    throw refuse(`${code(option)} is no regular expression: ${(error as Error).message}`);
  }
}

function restart(value: unknown): RestartSetting {
  if (typeof value === 'string') return {...RESTART, policy: when('restart', value)};
  const given = keys(
    'restart',
    value,
    ['policy', 'max', 'within', 'backoff', 'resetAfter'],
    "'never', 'on-failure', 'always' or an object",
  );
  const backoff = given.backoff === undefined ? {} : below('backoff', () => keys('restart.backoff', given.backoff, ['min', 'max']));
  const ms = (name: string, from: unknown, otherwise: number) =>
    from === undefined ? otherwise : finite(`restart.${name}`, from, 'leave it out for the default');
  const delays = below('backoff', () => ({
    min: ms('backoff.min', backoff.min, RESTART.backoff.min),
    max: ms('backoff.max', backoff.max, Math.max(RESTART.backoff.max, (backoff.min as number | undefined) ?? 0)),
  }));
  if (delays.max < delays.min) throw at('backoff', refuse('`restart.backoff.max` is less than `min`; give a larger one'));
  return {
    policy: given.policy === undefined ? RESTART.policy : below('policy', () => when('restart.policy', given.policy)),
    max: below('max', () => count('restart.max', given.max, RESTART.max, 0, true)),
    within: below('within', () => ms('within', given.within, RESTART.within)),
    backoff: delays,
    resetAfter: below('resetAfter', () => ms('resetAfter', given.resetAfter, RESTART.resetAfter)),
  };
}

function when(option: string, value: unknown): RestartWhen {
  return oneOf(option, value, ['never', 'on-failure', 'always']);
}

/** The entries of an object that has no others than `names`; `undefined` is "not given". */
export function keys(option: string, value: unknown, names: readonly string[], what = 'an object'): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(`${code(option)} must be ${what}, but is ${shown(value)}`);
  }
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined || names.includes(name)) continue;
    const close = nearest(name, names);
    const hint = close === undefined ? `there are ${names.map(code).join(', ')}` : `did you mean \`${close}\`?`;
    throw at(name, refuse(`${code(option)} has no ${code(name)} here: ${hint}`));
  }
  return value as Readonly<Record<string, unknown>>;
}

/** A whole number of things. */
export function count(option: string, value: unknown, otherwise: number, least: number, infinite = false): number {
  if (value === undefined) return otherwise;
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  if (infinite && value === Number.POSITIVE_INFINITY) return value;
  throw refuse(
    `${code(option)} must be a whole number from ${least} on${infinite ? ', or Infinity for no limit' : ''}, but is ${shown(value)}`,
  );
}

function limit(option: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  return below('timeout', () => duration(`${option}.timeout`, value, '0 or Infinity mean no limit')) || Number.POSITIVE_INFINITY;
}

function interval(option: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  return below('interval', () => Math.max(1, finite(`${option}.interval`, value, 'leave it out for the default')));
}

function filePath(option: string, value: unknown): string {
  if (value instanceof URL) {
    if (value.protocol !== 'file:') throw refuse(`${code(option)} must be a path or a file: URL, but is a ${value.protocol} URL`);
    return fileURLToPath(value);
  }
  const file = text(option, value, 'a path or a file: URL');
  if (file === '') throw refuse(`${code(option)} is empty; name a file`);
  return file;
}
