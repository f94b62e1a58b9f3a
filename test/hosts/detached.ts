// Owns: a host whose last act is to start a detached job: the family, holding the host's fd 3.
// Never: waits for it: without a line on stdin it stays only when told to.
//   MARKER MODE ('all'; 'leftovers': the command exits at a line on stdin; 'running': it does not) STAY ('stay': until stdin ends)
import process from 'node:process';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';

const [marker = 'nr-marker-none', mode = 'all', stay] = process.argv.slice(2);
const command =
  mode === 'all'
    ? [child('leave_survivors'), marker]
    : ['sh', '-c', `"$0" "$@" & ${mode === 'running' ? 'sleep 60' : 'read x'}`, child('leave_survivors'), marker];
const p = await start(command, {
  detached: mode === 'all' ? true : 'leftovers',
  stdio: [mode === 'all' ? 'ignore' : 'inherit', 'ignore', 3],
  killTimeout: 200,
});
console.log(`leader ${p.pid}`);
if (mode !== 'all') void p.closed.then(({exitCode, leftovers}) => console.log(`closed ${exitCode} ${leftovers.length}`));
if (stay) setInterval(() => {}, 1_000);
