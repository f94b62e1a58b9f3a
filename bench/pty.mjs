// Owns: the figures of terminals, beside node-pty: output, spawns, and what a program that does not read costs.
// Never: a subject of its own: bench/subjects/pty.mjs.
import {existsSync} from 'node:fs';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {alternate, bound, compare, figureOf, limit, report, root, skipped, subject} from './measure.mjs';

const {values} = parseArgs({
  options: {
    rounds: {type: 'string', default: '5'},
    bytes: {type: 'string', default: String(64 << 20)},
    count: {type: 'string', default: '1000'},
  },
});
const rounds = Number(values.rounds);
const peer = existsSync(path.join(root, 'bench/node_modules/node-pty/build/Release/pty.node'));
const pair = (...what) => ({
  ours: subject('pty', 'ours', ...what),
  ...(peer && {other: subject('pty', 'node-pty', ...what)}),
});

const bytes = await alternate(rounds, {
  ...pair('bytes', values.bytes),
  limit: () => figureOf(limit('terminal_loop'), ['head', '-c', values.bytes, '/dev/zero']),
});
const spawns = await alternate(rounds, pair('spawns', values.count, 4));
const many = await alternate(rounds, pair('spawns', values.count, 16));
const blocked = await alternate(Math.min(rounds, 3), pair('blocked', 1_000));
const rows = [bound('CPU with a MiB to write to a pty that nobody reads', 'ms/s', blocked.ours, '<= 20')];
if (peer) {
  rows.push(
    compare(`${Number(values.bytes) >> 20} MiB of a pty / node-pty`, 'MB/s', bytes.ours, bytes.other, '>= 2'),
    compare('C read loop / node-pty', 'MB/s', bytes.limit, bytes.other),
    compare(`${values.count} ptys, 4 at once / node-pty`, '/s', spawns.ours, spawns.other, '>= 2'),
    compare(`${values.count} ptys, 16 at once / node-pty`, '/s', many.ours, many.other),
    compare('the same CPU / node-pty', 'ms/s', blocked.ours, blocked.other),
  );
} else rows.push(skipped('node-pty', 'it is not installed: npm ci --prefix bench'));
report(rows);
