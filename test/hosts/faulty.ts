// Owns: a host in which one thing goes wrong at a time (native/fault.h): a job is started, fed, read and stopped, then another one runs.
// Never: judges; it says what it saw as one line of JSON per fault. Its binaries are built with faults.
//   MARKER FAULT...   each FAULT is point:action
import {existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {RunError, restartServer, run, start} from '../../src/index.js';
import {child} from '../support/places.js';
import {childrenOf, findMarked, forkServersOf} from '../support/proc.js';
import {until} from '../support/wait.js';

const [marker = 'nr-marker-none', ...faults] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-faulty-'));

function said(error: unknown): string {
  if (!(error instanceof RunError)) return `not a RunError: ${String(error)}`;
  return `${error.reason} ${error.code}${error.reason === 'lost' ? ` ${error.proven}` : ''}`;
}

async function wholeLife(): Promise<string> {
  const p = await start([child('leave_survivors'), marker], {stdio: ['pipe', 'pipe', 3], killTimeout: 20});
  await p.write('some words');
  let text = '';
  for (let chunk = await p.read(); chunk && !text.includes('up\n'); chunk = text.includes('up\n') ? null : await p.read())
    text += String(chunk);
  // Neither it nor anybody else has to wait, whatever went wrong: the longest patience with anybody of ours is six seconds.
  const began = performance.now();
  await run(['true']);
  const flooded = await flood();
  const end = await p.stop();
  const slow = performance.now() - began > 3_000 ? ' slow' : '';
  while ((await p.read()) !== null);
  return `${end.reason} ${end.signal} ${end.proven}${slow}${flooded === 'whole' ? '' : `, flood: ${flooded}`}`;
}

/** What comes through the relay is whole, or an error. Two at once share it. */
async function flood(): Promise<string> {
  const one = () => run(['head', '-c', '2000000', '/dev/zero'], {encoding: 'buffer'}).then(({stdout}) => stdout.length, said);
  const got = await Promise.all([one(), one()]);
  return got.every((length) => length === 2_000_000) ? 'whole' : got.sort().join(' ');
}

const descriptors = () => readdirSync('/proc/self/fd').length;
const strangers = () => {
  const servers = new Set(forkServersOf().map(({pid}) => pid));
  return childrenOf().filter(({pid}) => !servers.has(pid)).length;
};

await run(['true']);
const before = descriptors();
for (const fault of faults) {
  const once = path.join(folder, 'once');
  writeFileSync(once, '');
  process.env.NET_RUNNER_FAULT = `${fault}:${once}`;
  restartServer();
  const life = await wholeLife().catch(said);
  const failing = await run(['/no/such/program']).catch(said);
  const happened = !existsSync(once);
  delete process.env.NET_RUNNER_FAULT;
  const next = (await flood()) === 'whole' ? await run(['echo', 'on']).then(({stdout}) => stdout, said) : 'not whole';
  rmSync(once, {force: true});
  const clean = await until(() => findMarked(marker).length === 0 && strangers() === 0, 'nobody to be left', 5_000).catch(() => false);
  const fds = await until(() => descriptors() <= before, 'no descriptor to be left', 5_000).catch(() => descriptors() - before);
  console.log(JSON.stringify({fault, happened, life, failing, next, clean, fds}));
}
rmSync(folder, {recursive: true});
