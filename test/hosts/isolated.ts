// Owns: a host whose jobs are isolated as it was told, and in which leftovers, runaways, bombs and odd relatives have to end (FAULTS 18 to 22).
// Never: ends by a death of its own (isolation.test.ts kills the family host for that).
import process from 'node:process';
import {run, start} from '../../src/index.js';
import {child} from '../support/places.js';
import {isAlive} from '../support/proc.js';
import {takeStanding} from '../support/standing.js';
import {within} from '../support/wait.js';

const [marker = 'nr-marker-none'] = process.argv.slice(2);
const standing = takeStanding();
const say = (fault: string, ...facts: unknown[]) => console.log([fault, ...facts].join(' '));

const held = await within(run([child('hold_stdout_open'), '60000', marker], standing), 'run()');
say('18', held.stdout.trim(), held.exitCode, held.leftovers.length, held.isolation);

const left = await run([child('escape_the_session'), marker], {...standing, killTimeout: 300});
say('19', left.exitCode, left.leftovers.length, isAlive(Number(left.leftovers[0]?.pid)));

const hidden = await run([child('vanish')], {...standing, killTimeout: 300});
say('20', hidden.leftovers.map(({name}) => name).join(), isAlive(Number(hidden.leftovers[0]?.pid)));

const bombs = [[], ['setsid'], ['hop'], ['hop', 'setsid']];
for (const words of bombs) {
  const p = await start([child('fork_bomb'), '200', ...words, marker], {...standing, stdio: ['ignore', 'pipe', 'ignore'], linger: 'wait'});
  await within(p.read(), 'the bomb');
  const began = performance.now();
  const before = process.cpuUsage();
  const end = await within(p.stop({killTimeout: 0}), 'stop()');
  const ms = performance.now() - began;
  const {user, system} = process.cpuUsage(before);
  // The loop cannot be held for longer than the host computes; a lag would also count what the machine is late by.
  say('21', words.join('+') || 'plain', end.proven, ms.toFixed(1), ((user + system) / 1000).toFixed(1));
}

const relatives = ['exit_signal_0', 'clone_parent', 'subreaper', ...(process.getuid?.() === 0 ? ['pid_namespace'] : [])];
for (const kind of relatives) {
  const p = await start([child('odd_family'), kind, marker], {...standing, stdio: ['ignore', 'pipe', 'ignore'], killTimeout: 200});
  await within(p.read(), 'the relative');
  const end = await within(p.stop(), 'stop()');
  say('22', kind, end.proven, end.forced);
}
say('over');
