// Owns: the negative control: the same family started by child_process.
// Never: ends by itself; its survivors are ended by the test, by pid.
import {spawn} from 'node:child_process';
import process from 'node:process';
import {child} from '../support/places.js';

const family = spawn(child('leave_survivors'), [process.argv[2] ?? 'nr-marker-none'], {stdio: ['ignore', 'pipe', 'ignore']});
let said = '';
family.stdout.on('data', (text) => {
  said += text;
  if (!said.includes('up')) return;
  const pids = [...said.matchAll(/ (\d+)$/gm)].map((match) => match[1]);
  console.log(`pids ${pids.join(' ')}`);
});
