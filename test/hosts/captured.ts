// Owns: a host whose stdout a shell captures, with a job that inherits nothing of it.
// Never: ends by itself.
import process from 'node:process';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';

await start([child('ignore_sigterm'), process.argv[2] ?? 'nr-marker-none'], {stdio: ['ignore', 'ignore', 'ignore'], killTimeout: 200});
console.log('started');
