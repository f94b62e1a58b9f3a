// Owns: the figures of lines: stream().lines() and lineBatches() against readline. Usage: node bench/lines.mjs [--rounds 5] [--count 2000000]
// Never: a subject.
import {parseArgs} from 'node:util';
import * as library from '../dist/index.js';
import {alternate, compare, limit, report, skipped, subject} from './measure.mjs';

const {values} = parseArgs({options: {rounds: {type: 'string', default: '5'}, count: {type: 'string', default: '2000000'}}});

if (library.stream) {
  const from = [values.count, limit('write_lines')];
  const lines = await alternate(Number(values.rounds), {
    lines: subject('lines', 'lines', ...from),
    readlineLoop: subject('lines', 'readlineLoop', ...from),
    batches: subject('lines', 'batches', ...from),
    readlineEvents: subject('lines', 'readlineEvents', ...from),
  });
  report([
    compare("lines, for await / readline's for await", 'million/s', lines.lines, lines.readlineLoop, '>= 1.2'),
    compare("lineBatches() / readline's 'line' events", 'million/s', lines.batches, lines.readlineEvents, '>= 1.5'),
  ]);
} else {
  report([skipped('lines', 'there is no stream() yet')]);
}
