// Owns: times and sizes as the command line reads and shows them: always with a unit.
// Never: a bare number; a default.

const MS: Readonly<Record<string, number>> = {ms: 1, s: 1_000, m: 60_000, h: 3_600_000};
const BYTES: Readonly<Record<string, number>> = {B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3};

/** '500ms', '30s', '1.5m', '2h' in milliseconds; undefined for anything else. */
export function parseTime(text: string): number | undefined {
  return parse(text, MS);
}

/** '512B', '64K', '10M', '1G' (also '10MB', '10MiB') in bytes, powers of 1024; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return parse(text.replace(/(?<=[KMG])i?B$/, ''), BYTES);
}

function parse(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit] = text.match(/^(\d+(?:\.\d+)?)([A-Za-z]+)$/) ?? [];
  if (digits === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  return Math.round(Number(digits) * units[unit]!);
}

/** 2.9 ms, 504 ms, 1.25 s. */
export function showTime(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1000).toFixed(2)} s`;
}

/** 79 B, 2.0 MiB. */
export function showSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let name = 0;
  while (value >= 1024 && name < names.length - 1) {
    value /= 1024;
    name++;
  }
  return name === 0 ? `${value} B` : `${value.toFixed(1)} ${names[name]}`;
}
