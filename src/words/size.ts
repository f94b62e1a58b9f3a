// Owns: sizes as options take them: a number of bytes, or text with a unit of 1024 ('512M').
// Never: a limit, or the command line's own rules.

const UNITS: Readonly<Record<string, number>> = {'': 1, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4};

/** Bytes, or undefined when it is neither a whole number from 0 on nor text such as '512M'. */
export function bytesOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  const [, digits, unit] = typeof value === 'string' ? (/^(\d+(?:\.\d+)?)([BKMGT]?)$/.exec(value) ?? []) : [];
  if (digits === undefined) return undefined;
  const bytes = Math.round(Number(digits) * UNITS[unit ?? '']!);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
