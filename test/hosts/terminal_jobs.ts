// Owns: two terminals with jobs that take no hint: a shell with a stopped and a background job, and somebody who has left the session. [MARKER]
// Never: ends by itself.
import process from 'node:process';
import {start} from '../../src/index.js';

const marker = process.argv[2] as string;
// The lifeline is our 3, which children do not inherit: they open it by name.
const line = `/proc/${process.pid}/fd/3`;
const script = `exec 3>${line}
trap '' HUP TERM
sh -c 'trap "" HUP TERM; echo one; sleep 120; :' ${marker} &
setsid sh -c 'trap "" HUP TERM; echo two; sleep 120; :' ${marker} &
sh -c 'echo three; kill -STOP $$; sleep 120; :' ${marker} &
while :; do sleep 1; done`;

const p = await start(['sh', '-c', script, marker], {pty: true, killTimeout: 300});
let said = '';
while (!['one', 'two', 'three'].every((word) => said.includes(word))) said += await p.read();
console.log('up');
setInterval(() => {}, 1_000);
