// Owns: a host with one job, isolated as it was told (support/standing): a leader, a worker that takes no hint and a runaway in another session, all holding the host's fd 3.
// Never: ends by itself: it is killed, or told how to die by a line on stdin.
import process from 'node:process';
import {createInterface} from 'node:readline';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';
import {takeStanding} from '../support/standing.js';

const [marker = 'nr-marker-none', killTimeout = '300'] = process.argv.slice(2);
const standing = takeStanding();
const p = await start([child('leave_survivors'), marker], {stdio: ['ignore', 'pipe', 3], ...standing, killTimeout: Number(killTimeout)});
let said = '';
while (!said.includes('up')) said += String(await p.read());
for (const line of said.trim().split('\n')) console.log(line);

const deaths: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(7),
  throw: () => {
    setImmediate(() => {
      throw new Error('as told');
    });
  },
  abort: () => process.abort(),
  segfault: () => process.kill(process.pid, 'SIGSEGV'),
  block: () => {
    for (;;);
  },
};

console.log(`pid ${p.pid}`);
console.log(`isolation ${p.isolation}`);
void p.closed.then(({reason, proven}) => console.log(`closed ${reason} ${proven}`));

createInterface({input: process.stdin}).on('line', (line) => deaths[line]?.());
