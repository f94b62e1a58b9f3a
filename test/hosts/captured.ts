// Owns: a host whose stdout a shell captures, with a job that inherits nothing of it.
// Never: ends by itself.
//   MARKER FILE   the file is made when it is up
import {writeFileSync, writeSync} from 'node:fs';
import process from 'node:process';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';

await start([child('ignore_sigterm'), process.argv[2] ?? 'nr-marker-none'], {stdio: ['ignore', 'ignore', 'ignore'], killTimeout: 200});
writeSync(1, 'started\n');
if (process.argv[3]) writeFileSync(process.argv[3], ''); // whoever waits for it sees that the line is out
