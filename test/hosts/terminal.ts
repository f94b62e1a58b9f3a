// Owns: a host in a terminal, with one job that has that terminal too, in one of several plays.
// Never: a terminal of its own making.
//   'join' | 'foreground' | 'background' | 'deaf'   MARKER
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {RunError, run, start} from '../../src/index.js';
import {child} from '../support/places.js';

const [play = '', marker = ''] = process.argv.slice(2);
/** The terminal's foreground group, and this process's own. */
function groups(): {readonly terminal: number; readonly own: number} {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)!.split(' ');
  return {terminal: Number(fields[5]), own: Number(fields[2])};
}

function who(child: number): string {
  const {terminal, own} = groups();
  return terminal === own ? 'host' : terminal === child ? 'child' : 'somebody else';
}

async function whose(child: number, wanted: string): Promise<void> {
  while (who(child) !== wanted) await new Promise((resolve) => setTimeout(resolve, 5));
  console.log(`terminal ${wanted}`);
}

// It starts nobody once it is up: a shell waits for its vforked child, and one that is stopped in there keeps it from stopping.
const SCRIPT = `trap 'echo child INT' INT; trap 'echo child CONT' CONT; trap 'exit 5' TERM; sleep 120 & echo child up ${marker}; while :; do wait; done`;

async function join(): Promise<void> {
  process.on('SIGINT', () => console.log('host INT'));
  const p = await start(['sh', '-c', SCRIPT], {stdio: 'inherit'});
  process.on('SIGUSR1', async () => {
    const {exitCode, proven} = await p.stop();
    console.log(`stopped ${exitCode} ${proven} then ${(await run(['true'])).exitCode}`);
  });
  // Only now: whoever reads it may send the signal, which Node would take for a call for its debugger.
  console.log(`host ${process.pid} child ${p.pid}`);
  await p.closed;
}

async function foreground(): Promise<void> {
  process.on('SIGINT', () => console.log('host INT'));
  const p = await start(['sh', '-c', SCRIPT], {stdio: 'inherit', foreground: true});
  console.log(`host ${process.pid} child ${p.pid}`);
  await whose(p.pid, 'child');
  await whose(p.pid, 'host'); // it was stopped from the keyboard
  await p.kill('SIGCONT');
  await whose(p.pid, 'child');
  const {exitCode} = await p.stop();
  console.log(`stopped ${exitCode}`);
  await whose(p.pid, 'host');
}

async function background(): Promise<void> {
  const {terminal, own} = groups();
  console.log(`in the background ${terminal !== own}`);
  const error = await run(['true'], {stdio: 'inherit', foreground: true}).catch((reason: unknown) => reason);
  console.log(`refused ${error instanceof RunError ? error.code : error}`);
  console.log(`ran ${(await run(['true'], {stdio: 'inherit'})).exitCode}`);
  console.log(`same ${groups().terminal === terminal}`);
}

async function deaf(): Promise<void> {
  const p = await start([child('leave_survivors'), marker], {stdio: ['inherit', 'pipe', 3], killTimeout: 200});
  let said = '';
  while (!said.includes('up\n')) said += String(await p.read());
  console.log(`child up ${marker}`);
  await p.closed;
}

const plays: Readonly<Record<string, () => Promise<void>>> = {join, foreground, background, deaf};
await plays[play]?.();
