// Owns: a host that uses pseudo-terminals wherever it was started itself: in the background of another one, or without any.
// Never: touches the terminal it was started from.
import {run, start} from '../../src/index.js';

const p = await start(['sh', '-c', 'stty size; read x; echo got $x'], {pty: {cols: 61, rows: 17}});
await p.waitFor('17 61', {timeout: 20_000});
p.resize(62, 18);
await p.write('it\n');
await p.waitFor('got it', {timeout: 20_000});
await p.closed;
const {exitStatus} = await run(['sh', '-c', 'stty size >/dev/tty; exit 3'], {pty: true});
console.log(`started and ended ${exitStatus}`);
