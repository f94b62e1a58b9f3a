// Owns: the checks of the options that bound a child: limits, priority, mask, ids.
// Never: their meaning (bounds.ts), or looking whether this host may set them.
import {type Bounds, LIMITS, type Limits, type SettledLimit} from './bounds.js';
import {invalid} from './errors.js';
import {shown} from './excerpt.js';
import {bytesOf} from './size.js';

const SIZES: ReadonlySet<string> = new Set(['core', 'fsize', 'as']);
const HIGHEST_ID = 0xfffffffe;
const MOST_GROUPS = 65_536;

function refuse(sentence: string): Error {
  return invalid('ERR_INVALID_OPTION', sentence, refuse);
}

export function readLimits(value: unknown): Bounds['limits'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(`\`limits\` must be an object such as {nofile: 256}, but is ${shown(value)}`);
  const settled: Partial<Record<keyof Limits, SettledLimit>> = {};
  for (const [name, limit] of Object.entries(value)) {
    if (limit === undefined) continue;
    if (!(LIMITS as readonly string[]).includes(name))
      throw refuse(`there is no limit ${shown(name)}; the limits are ${LIMITS.join(', ')}`);
    settled[name as keyof Limits] = readLimit(name, limit);
  }
  return Object.freeze(settled);
}

function readLimit(name: string, value: unknown): SettledLimit {
  if (typeof value !== 'object' || value === null) {
    const both = amount(name, `limits.${name}`, value);
    return {soft: both, hard: both};
  }
  const {soft, hard, ...others} = value as {soft?: unknown; hard?: unknown};
  const [other] = Object.keys(others);
  if (other !== undefined) throw refuse(`\`limits.${name}\` has soft and hard, and no ${shown(other)}`);
  const settled = {
    soft: soft === undefined ? soft : amount(name, `limits.${name}.soft`, soft),
    hard: hard === undefined ? hard : amount(name, `limits.${name}.hard`, hard),
  };
  if (settled.soft === undefined && settled.hard === undefined) throw refuse(`\`limits.${name}\` is empty; give soft, hard or both`);
  if ((settled.soft ?? 0) > (settled.hard ?? Number.POSITIVE_INFINITY))
    throw refuse(`\`limits.${name}.soft\` is above \`limits.${name}.hard\`, which no soft limit can be`);
  return settled;
}

function amount(name: string, where: string, value: unknown): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  const given = SIZES.has(name) || typeof value === 'number' ? bytesOf(value) : undefined;
  if (given !== undefined) return given;
  const what = SIZES.has(name) ? "bytes, a whole number or text such as '512M'" : name === 'cpu' ? 'whole seconds' : 'a whole number';
  throw refuse(`\`${where}\` must be ${what}, or Infinity for no limit, but is ${shown(value)}`);
}

export function whole(name: string, value: unknown, low: number, high: number, what: string): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high) return value as number;
  throw refuse(`\`${name}\` must be ${what}, but is ${shown(value)}`);
}

export function readId(name: 'uid' | 'gid', value: unknown): number {
  return whole(name, value, 0, HIGHEST_ID, 'a number, as id(1) shows it, from 0 on (names are not looked up)');
}

export function readGroups(value: unknown): readonly number[] {
  if (!Array.isArray(value) || value.length > MOST_GROUPS)
    throw refuse(`\`groups\` must be an array of group numbers ([]: none), but is ${shown(value)}`);
  return Object.freeze(value.map((group, i) => whole(`groups[${i}]`, group, 0, HIGHEST_ID, 'the number of a group')));
}

/** A child that gave up its user and kept the host's group would keep its rights. */
export function checkIdentity(uid: number | undefined, gid: number | undefined): void {
  if (uid !== undefined && gid === undefined)
    throw refuse("`uid` without `gid` would leave the host's group, and its rights, to the child; give both (id -g shows a user's group)");
}
