// Owns: the bytes of a request: what the shepherd is to start, and how it is to end it.
// Never: an option's default, or sending.
import type {Bounds} from '../words/bounds.js';
import type {IsolationSettings} from '../words/cgroup.js';
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

type FieldBytes = [tag: number, bytes: Uint8Array];

const HEADER = 8;
const HIGH = 2 ** 32;
const FD_ROW = 12;

/** The request's bytes, or undefined when it is larger than any shepherd accepts (and than any kernel would execute). */
export function encodeRequest(request: Request): Buffer | undefined {
  const fields: FieldBytes[] = [
    [Field.FILE, Buffer.from(`${request.file}\0`)],
    [Field.ARGV, Buffer.from(`${request.argv.join('\0')}\0`)],
    [Field.ENV, request.env],
    [Field.CWD, Buffer.from(`${request.cwd}\0`)],
    [Field.FDS, fdRows(request.fds)],
    [Field.KILL_TIMEOUT, number(request.killTimeout)],
    [Field.LEFTOVER_TIMEOUT, number(request.leftoverTimeout)],
    [Field.KILL_SIGNAL, number(request.killSignal)],
    [Field.STOP_SCOPE, number(numberOf(Reach, request.stopScope))],
    [Field.LINGER, number(numberOf(Linger, request.linger))],
    [Field.GROUPING, number(numberOf(Grouping, request.grouping))],
  ];
  if (request.timeout !== undefined) fields.push([Field.TIMEOUT, number(request.timeout)]);
  if (request.hostGroup !== undefined) fields.push([Field.HOST_GROUP, number(request.hostGroup)]);
  fields.push(...boundFields(request.bounds), ...isolationFields(request.isolation));
  if (request.detachment !== 'none') fields.push([Field.DETACHMENT, number(numberOf(Detachment, request.detachment))]);
  const length = fields.reduce((sum, [, bytes]) => sum + HEADER + bytes.length, 0);
  if (length > REQUEST_MAX) return undefined;
  const out = Buffer.allocUnsafe(4 + length);
  let at = out.writeUInt32LE(length, 0);
  for (const [tag, bytes] of fields) {
    at = out.writeUInt16LE(tag, at);
    at = out.writeUInt16LE(0, at);
    at = out.writeUInt32LE(bytes.length, at);
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

function numberOf<T extends Readonly<Record<string, number>>>(table: T, name: Lowercase<keyof T & string>): number {
  return table[name.toUpperCase()] as number;
}

/** An i64, without the detour by way of a BigInt. */
function number(value: number): Uint8Array {
  const whole = Math.ceil(value);
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32LE(whole >>> 0, 0);
  bytes.writeInt32LE(Math.floor(whole / HIGH), 4);
  return bytes;
}

function word(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const LIMIT_ROW = 24;
const UNLIMITED = 0xffff_ffff_ffff_ffffn;

/** What is not given is not sent: most jobs have none of it. */
function boundFields({limits, nice, umask, uid, gid, groups, noNewPrivileges, oomScoreAdj}: Bounds): FieldBytes[] {
  const fields: FieldBytes[] = [];
  const rows = Object.entries(limits) as [Lowercase<keyof typeof Limit>, {soft: number | undefined; hard: number | undefined}][];
  if (rows.length > 0) fields.push([Field.LIMITS, Buffer.concat(rows.map(([name, limit]) => limitRow(numberOf(Limit, name), limit)))]);
  if (groups !== undefined) fields.push([Field.GROUPS, Buffer.concat(groups.map(word))]);
  const numbers: [tag: number, value: number | undefined][] = [
    [Field.NICE, nice],
    [Field.UMASK, umask],
    [Field.UID, uid],
    [Field.GID, gid],
    [Field.NO_NEW_PRIVS, noNewPrivileges ? 1 : undefined],
    [Field.OOM_SCORE_ADJ, oomScoreAdj],
  ];
  for (const [tag, value] of numbers) if (value !== undefined) fields.push([tag, number(value)]);
  return fields;
}

function isolationFields({level, cgroup, moveHost}: IsolationSettings): FieldBytes[] {
  if (level === 'tree') return [];
  const fields: FieldBytes[] = [[Field.ISOLATION, number(numberOf(Isolation, level))]];
  if (moveHost) fields.push([Field.CGROUP_MOVE_HOST, number(1)]);
  if (cgroup === undefined) return fields;
  const limits = Object.entries(cgroup.limits) as [Lowercase<keyof typeof CgroupFile>, string][];
  if (cgroup.path !== undefined) fields.push([Field.CGROUP_PATH, Buffer.from(`${cgroup.path}\0`)]);
  const pairs = limits.map(([file, text]) => `${numberOf(CgroupFile, file)}\0${text}\0`).join('');
  if (limits.length > 0) fields.push([Field.CGROUP_LIMITS, Buffer.from(pairs)]);
  if (cgroup.optional) fields.push([Field.CGROUP_OPTIONAL, number(1)]);
  return fields;
}

function limitRow(which: number, {soft, hard}: {readonly soft: number | undefined; readonly hard: number | undefined}): Uint8Array {
  const bytes = Buffer.alloc(LIMIT_ROW);
  bytes.writeUInt32LE(which, 0);
  bytes.writeUInt32LE((soft === undefined ? 0 : 1) + (hard === undefined ? 0 : 2), 4);
  bytes.writeBigUInt64LE(amount(soft), 8);
  bytes.writeBigUInt64LE(amount(hard), 16);
  return bytes;
}

function amount(value = 0): bigint {
  return value === Number.POSITIVE_INFINITY ? UNLIMITED : BigInt(value);
}

function fdRows(rows: readonly FdRow[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(rows.length * FD_ROW);
  rows.forEach((row, i) => {
    bytes.writeInt32LE(row.target, i * FD_ROW);
    bytes.writeInt32LE(row.source, i * FD_ROW + 4);
    bytes.writeInt32LE(row.inherited ? 1 : 0, i * FD_ROW + 8);
  });
  return bytes;
}
