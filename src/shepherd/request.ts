// Owns: the bytes of a request: what the shepherd is to start, and how it is to end it.
// Never: an option's default, or sending.
import {type Bounds, NO_BOUNDS} from '../words/bounds.js';
import type {IsolationSettings} from '../words/cgroup.js';
import {Fields} from './fields.js';
import {CgroupFile, Detachment, Field, Grouping, Isolation, Limit, Linger, REQUEST_MAX, Reach} from './protocol.gen.js';

/** One descriptor of the child. */
export interface FdRow {
  /** Its number in the child. */
  readonly target: number;
  /** Its place among the descriptors sent along, from 0; -1 is /dev/null. */
  readonly source: number;
  /** The host's own open file description: O_NONBLOCK is taken off it. */
  readonly inherited: boolean;
}

/** Everything a shepherd needs to know. Times are in milliseconds. */
export interface Request {
  readonly file: string;
  /** argv[0] and the arguments. */
  readonly argv: readonly string[];
  /** KEY=VALUE, each followed by NUL. */
  readonly env: Uint8Array;
  readonly cwd: string;
  readonly fds: readonly FdRow[];
  readonly timeout: number | undefined;
  readonly killTimeout: number;
  readonly leftoverTimeout: number;
  readonly killSignal: number;
  readonly stopScope: Lowercase<keyof typeof Reach>;
  readonly linger: Lowercase<keyof typeof Linger>;
  readonly grouping: Lowercase<keyof typeof Grouping>;
  readonly hostGroup: number | undefined;
  readonly bounds: Bounds;
  readonly isolation: IsolationSettings;
  readonly detachment: Lowercase<keyof typeof Detachment>;
}

const FD_WORDS = 3;
const UNLIMITED = 0xffff_ffff;
const HIGH = 2 ** 32;
/** Every number that a request can have: the fields that are always there, and those of bounds and isolation. */
const MOST_NUMBERS = 20;

/** The request's bytes, or undefined when it is larger than any shepherd accepts (and than any kernel would execute). */
export function encodeRequest(request: Request): Buffer | undefined {
  const argv = request.argv.join('\0');
  if (argv.length + request.file.length + request.cwd.length + request.env.length > REQUEST_MAX) return undefined;
  const limits = limitWords(request.bounds.limits);
  const cgroup = request.isolation.level === 'tree' ? undefined : request.isolation.cgroup;
  const pairs = cgroup && cgroupPairs(cgroup.limits);
  const {path = ''} = cgroup ?? {};
  const out = new Fields(
    Fields.roomOfText(request.file) +
      Fields.roomOfText(argv) +
      Fields.room(request.env.length) +
      Fields.roomOfText(request.cwd) +
      Fields.room(request.fds.length * FD_WORDS * 4) +
      Fields.room(limits.length * 4) +
      Fields.room((request.bounds.groups?.length ?? 0) * 4) +
      Fields.roomOfText(path) +
      Fields.roomOfText(pairs ?? '') +
      Fields.roomOfNumber * MOST_NUMBERS,
  );
  out.text(Field.FILE, request.file);
  out.text(Field.ARGV, argv);
  out.bytes(Field.ENV, request.env);
  out.text(Field.CWD, request.cwd);
  out.words(Field.FDS, fdWords(request.fds));
  addEnding(out, request);
  if (request.bounds !== NO_BOUNDS) addBounds(out, request.bounds, limits);
  if (request.isolation.level !== 'tree') addIsolation(out, request.isolation, pairs);
  const bytes = out.finish();
  return bytes.length - 4 > REQUEST_MAX ? undefined : bytes;
}

const REACHES: Readonly<Record<Request['stopScope'], number>> = {leader: Reach.LEADER, group: Reach.GROUP, tree: Reach.TREE};
const LINGERS: Readonly<Record<Request['linger'], number>> = {stop: Linger.STOP, wait: Linger.WAIT, leave: Linger.LEAVE};
const GROUPINGS: Readonly<Record<Request['grouping'], number>> = {
  session: Grouping.SESSION,
  join: Grouping.JOIN,
  foreground: Grouping.FOREGROUND,
  terminal: Grouping.TERMINAL,
};
const DETACHMENTS: Readonly<Record<Request['detachment'], number>> = {
  none: Detachment.NONE,
  leftovers: Detachment.LEFTOVERS,
  all: Detachment.ALL,
};

/** How it begins to end, and who is its own in that. */
function addEnding(out: Fields, request: Request): void {
  out.number(Field.KILL_TIMEOUT, request.killTimeout);
  out.number(Field.LEFTOVER_TIMEOUT, request.leftoverTimeout);
  out.number(Field.KILL_SIGNAL, request.killSignal);
  out.number(Field.STOP_SCOPE, REACHES[request.stopScope]);
  out.number(Field.LINGER, LINGERS[request.linger]);
  out.number(Field.GROUPING, GROUPINGS[request.grouping]);
  if (request.timeout !== undefined) out.number(Field.TIMEOUT, request.timeout);
  if (request.hostGroup !== undefined) out.number(Field.HOST_GROUP, request.hostGroup);
  if (request.detachment !== 'none') out.number(Field.DETACHMENT, DETACHMENTS[request.detachment]);
}

/** What is not given is not sent: most jobs have none of it. */
function addBounds(out: Fields, bounds: Bounds, limits: readonly number[]): void {
  const {nice, umask, uid, gid, groups, noNewPrivileges, oomScoreAdj} = bounds;
  if (limits.length > 0) out.words(Field.LIMITS, limits);
  if (groups !== undefined) out.words(Field.GROUPS, groups);
  const numbers: [tag: number, value: number | undefined][] = [
    [Field.NICE, nice],
    [Field.UMASK, umask],
    [Field.UID, uid],
    [Field.GID, gid],
    [Field.NO_NEW_PRIVS, noNewPrivileges ? 1 : undefined],
    [Field.OOM_SCORE_ADJ, oomScoreAdj],
  ];
  for (const [tag, value] of numbers) if (value !== undefined) out.number(tag, value);
}

function addIsolation(out: Fields, {level, cgroup, moveHost}: IsolationSettings, pairs = ''): void {
  out.number(Field.ISOLATION, Isolation[level.toUpperCase() as keyof typeof Isolation]);
  if (moveHost) out.number(Field.CGROUP_MOVE_HOST, 1);
  if (cgroup === undefined) return;
  if (cgroup.path !== undefined) out.text(Field.CGROUP_PATH, cgroup.path);
  if (pairs !== '') out.bytes(Field.CGROUP_LIMITS, Buffer.from(pairs));
  if (cgroup.optional) out.number(Field.CGROUP_OPTIONAL, 1);
}

function cgroupPairs(limits: Readonly<Record<string, string>>): string {
  return Object.entries(limits)
    .map(([file, text]) => `${CgroupFile[file.toUpperCase() as keyof typeof CgroupFile]}\0${text}\0`)
    .join('');
}

/** Which one, which of its two values are given, and both as u64. */
function limitWords(limits: Bounds['limits']): number[] {
  const words: number[] = [];
  for (const [name, {soft, hard}] of Object.entries(limits)) {
    const given = (soft === undefined ? 0 : 1) + (hard === undefined ? 0 : 2);
    words.push(Limit[name.toUpperCase() as keyof typeof Limit], given, ...long(soft), ...long(hard));
  }
  return words;
}

/** The two halves of a u64. */
function long(value = 0): [low: number, high: number] {
  if (value === Number.POSITIVE_INFINITY) return [UNLIMITED, UNLIMITED];
  return [value % HIGH, Math.floor(value / HIGH)];
}

function fdWords(rows: readonly FdRow[]): number[] {
  const words: number[] = [];
  for (const {target, source, inherited} of rows) words.push(target, source, inherited ? 1 : 0);
  return words;
}
