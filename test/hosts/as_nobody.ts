// Owns: a host that has given up being root before its first job, in one of several cases.
// Never: gets it back.
//   'helper' FILE MARKER: a job that becomes root by a setuid program is stopped. 'pipes' COUNT: so many pipes are open, then one more job.
import {createHash} from 'node:crypto';
import process from 'node:process';
import {run, start} from '../../src/index.js';

const [play = '', one = '', marker = ''] = process.argv.slice(2);
// What the pipes of a user hold is counted for all processes of that user, so each run is somebody else.
const NOBODY = 20_000 + (process.pid % 40_000);
process.setgroups!([]);
process.setgid!(65_534);
process.setuid!(NOBODY);

async function helper(): Promise<void> {
  const p = await start([one, marker], {stdio: ['ignore', 'pipe', 3], killTimeout: 100});
  await p.read();
  console.log(`runs ${p.pid}`);
  const began = performance.now();
  const end = await p.stop();
  console.log(
    `stopped ${end.reason} ${end.proven} ${end.leftovers.map(({pid}) => pid).join(' ')} ${(performance.now() - began).toFixed(0)}`,
  );
}

async function pipes(): Promise<void> {
  const holders = await Promise.all(Array.from({length: Math.ceil(Number(one) / 3)}, () => start(['cat'], {stderr: 'pipe'})));
  const p = await start(['head', '-c', '100000', '/dev/zero'], {stdin: 'ignore'});
  await new Promise((resolve) => setTimeout(resolve, 100));
  const first = await p.read(100_000);
  console.log(`first ${first?.length}`);
  let all = first?.length ?? 0;
  for (let chunk = await p.read(); chunk; chunk = await p.read()) all += chunk.length;
  console.log(`all ${all}`);
  const bytes = Buffer.alloc(4 << 20, 'some words, again and again; ');
  const {stdout} = await run(['cat'], {input: bytes, encoding: 'buffer'});
  const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
  console.log(`same ${hash(stdout) === hash(bytes)}`);
  await Promise.all(holders.map((holder) => holder.stop()));
  console.log(`held ${holders.length}`);
}

await (play === 'helper' ? helper() : pipes());
