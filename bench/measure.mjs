// Owns: how a figure is made: subjects in turn, round after round, ratios within a round, medians with their spread; and the table.
// Never: what is measured.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The path of one of bench/limit, built if need be. */
export function limit(name) {
  execFileSync('make', ['-s', '-C', root, `build/bench/${name}`], {stdio: ['ignore', 'inherit', 'inherit']});
  return path.join(root, 'build', 'bench', name);
}

/** Runs a program to its end; the last line of what it prints is a number. */
export function figureOf(file, args = [], options = {}) {
  const text = execFileSync(file, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: root,
    maxBuffer: 1 << 20,
    ...options,
  });
  const figure = Number(text.trimEnd().split('\n').at(-1));
  if (!(figure > 0)) throw new Error(`${file} ${args.join(' ')} printed no figure: ${text}`);
  return figure;
}

/** One of bench/subjects in a process of its own, so that no subject inherits another's garbage. */
export function subject(name, ...args) {
  return () => figureOf(process.execPath, [path.join(root, 'bench', 'subjects', `${name}.mjs`), ...args.map(String)]);
}

/** Every subject once per round; the order turns, so that no one always follows the same one. Resolves to figures by name, one per round. */
export async function alternate(rounds, subjects) {
  const names = Object.keys(subjects);
  const table = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length];
      table[name][round] = await subjects[name]();
    }
  return table;
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const round = (number) =>
  number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number >= 0.1 ? number.toFixed(2) : number.toFixed(4);

/** A median with its spread: `2.61 (2.30..2.72)`. */
export function spread(numbers) {
  return `${round(median(numbers))} (${round(Math.min(...numbers))}..${round(Math.max(...numbers))})`;
}

/**
 * One line of the table: `ours` against `other`, as a ratio of each round. `wanted` is what the ratio shall be, '>= 2' or '<= 0.1'; without
 * it the line is for information.
 */
export function compare(figure, unit, ours, other, wanted) {
  const ratios = ours.map((one, i) => one / other[i]);
  return {
    figure,
    unit,
    ours: spread(ours),
    other: spread(other),
    ratio: spread(ratios),
    wanted: wanted ?? '',
    met: wanted ? meets(median(ratios), wanted) : '',
  };
}

/** A line about one number that has a bound of its own. */
export function bound(figure, unit, ours, wanted) {
  return {figure, unit, ours: spread(ours), other: '', ratio: '', wanted, met: meets(median(ours), wanted)};
}

export function skipped(figure, why) {
  return {figure, unit: '', ours: `skipped: ${why}`, other: '', ratio: '', wanted: '', met: ''};
}

function meets(number, wanted) {
  const [sign, limit] = wanted.split(' ');
  return (sign === '>=' ? number >= Number(limit) : number <= Number(limit)) ? 'yes' : 'no';
}

const COLUMNS = ['figure', 'unit', 'ours', 'other', 'ratio', 'wanted', 'met'];

export function printTable(rows) {
  const all = [Object.fromEntries(COLUMNS.map((column) => [column, column])), ...rows];
  const width = (column) => Math.max(...all.filter((row) => !row.ours.startsWith('skipped')).map((row) => row[column].length));
  const widths = Object.fromEntries(COLUMNS.map((column) => [column, width(column)]));
  for (const row of all)
    console.log(
      COLUMNS.map((column) => row[column].padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
}

/** What a group's script does with its lines: prints them, or hands them to bench/main.mjs. */
export function report(rows) {
  if (process.send) process.send(rows);
  else printTable(rows);
}

if (!existsSync(path.join(root, 'dist', 'index.js'))) throw new Error('there is no dist: `npm ci` builds it');
