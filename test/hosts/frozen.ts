// Owns: a host that is stopped while one of its jobs exits and another goes on.
// Never: ends the second job before it is told to, by a line on stdin.
import process from 'node:process';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';

const [marker = 'nr-marker-none'] = process.argv.slice(2);
const exits = await start(['sh', '-c', 'sleep 0.3; exit 7'], {stdio: 'ignore', timeout: 60_000});
const stays = await start([child('ignore_sigterm'), marker], {stdio: ['ignore', 'pipe', 3], killTimeout: 100});
await stays.read();
console.log(`exits ${exits.pid}`);
const {exitCode, reason} = await exits.closed;
console.log(`exited ${exitCode} ${reason} ${stays.alive}`);
process.stdin.once('data', async () => {
  const {forced, proven} = await stays.stop();
  console.log(`stopped ${forced} ${proven}`);
  process.stdin.destroy();
});
