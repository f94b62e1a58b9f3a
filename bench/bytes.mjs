// Owns: the figures of bytes: a child's stdout in chunks, collected, and through `cat`. Usage: node bench/bytes.mjs [--rounds 5] [--bytes 4294967296]
// Never: a subject.
import {parseArgs} from 'node:util';
import * as library from '../dist/index.js';
import {alternate, bound, compare, figureOf, limit, report, skipped, subject} from './measure.mjs';
import {bun, deno} from './peers.mjs';
import {producer} from './subjects/rate.mjs';

const {values} = parseArgs({
  options: {rounds: {type: 'string', default: '5'}, bytes: {type: 'string', default: String(2 ** 32)}, mib: {type: 'string'}},
});
const rounds = Number(values.rounds);
const bytes = Number(values.bytes);
const collected = Math.min(256, bytes >> 20 || 256);
const through = Math.min(1024, bytes >> 20 || 1024);
const way = library.stream ? 'stream' : 'read';

/** All readers of one producer: `head`, or write_blocks. */
function readers(blocks = []) {
  return alternate(rounds, {
    limit: () => figureOf(limit('read_loop'), [String(256 << 10), ...producer(bytes, ...blocks)]),
    unread: () => figureOf(limit('read_loop'), ['0', ...producer(bytes, ...blocks)]),
    ...(library.stream && {readInto: subject('stdout', 'readInto', bytes, ...blocks)}),
    forAwait: subject('stdout', way, bytes, ...blocks),
    stdout: subject('stdout', 'stdout', bytes, ...blocks),
    childProcess: subject('stdout', 'childProcess', bytes, ...blocks),
    ...(bun.file && {bun: () => figureOf(bun.file, ['bench/subjects/stdout.bun.mjs', String(bytes), ...blocks])}),
    ...(deno.file && {deno: () => figureOf(deno.file, ['run', '-A', 'bench/subjects/stdout.deno.mjs', String(bytes), ...blocks])}),
  });
}

const byFour = await readers();
const bySixtyFour = await readers([limit('write_blocks')]);
const collect = await alternate(rounds, {
  run: subject('collect', 'run', collected),
  childProcess: subject('collect', 'childProcess', collected),
  memory: subject('collect', 'run', collected, 'memory'),
});
const cat = await alternate(rounds, {
  ...(library.stream && {readInto: subject('cat', 'readInto', through)}),
  read: subject('cat', 'read', through),
  childProcess: subject('cat', 'childProcess', through),
  limit: () => figureOf(limit('through_loop'), [String(through)]),
});

function rows(stdout, pieces) {
  const what = `${(bytes / 2 ** 30).toFixed(1)} GiB of stdout by ${pieces} KiB`;
  const {readInto, forAwait, childProcess} = stdout;
  return [
    readInto
      ? compare(`${what}, readInto / C read loop`, 'GB/s', readInto, stdout.limit, '>= 0.9')
      : skipped('readInto', 'there is none yet'),
    compare(`${what}, for await / child_process`, 'GB/s', forAwait, childProcess, '>= 2'),
    bun.file ? compare(`${what}, for await / Bun`, 'GB/s', forAwait, stdout.bun, '>= 1') : skipped(`${what}, for await / Bun`, bun.why),
    deno.file
      ? compare(`${what}, for await / Deno`, 'GB/s', forAwait, stdout.deno, '>= 1')
      : skipped(`${what}, for await / Deno`, deno.why),
    compare(`${what}, for await over p.stdout / child_process`, 'GB/s', stdout.stdout, childProcess),
    compare(`${what}, for await / C read loop`, 'GB/s', forAwait, stdout.limit),
    compare(`${what}, unread / child_process`, 'GB/s', stdout.unread, childProcess),
  ];
}

report([
  ...rows(byFour, 4),
  ...rows(bySixtyFour, 64),
  compare(`run() of ${collected} MiB / child_process + concat`, 'GB/s', collect.run, collect.childProcess, '>= 2'),
  bound(`run() of ${collected} MiB, peak memory`, 'bytes per byte', collect.memory, `<= ${(1.1 + 8 / collected).toFixed(2)}`),
  ...(cat.readInto
    ? [compare(`${through} MiB through cat, readInto / child_process`, 'GB/s', cat.readInto, cat.childProcess, '>= 1.5')]
    : []),
  compare(`${through} MiB through cat, read / child_process`, 'GB/s', cat.read, cat.childProcess, cat.readInto ? undefined : '>= 1.5'),
  compare(`${through} MiB through cat, C loop / child_process`, 'GB/s', cat.limit, cat.childProcess),
]);
