// Owns: `npm run bench`: every group in a process of its own, one after the other, and one table of all figures. `-- bytes lines` runs those groups only;
//   `-- --quick` does everything once and small, to see that it works.
// Never: a figure.
import {fork} from 'node:child_process';
import {once} from 'node:events';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {parseArgs} from 'node:util';
import {printTable, root, skipped} from './measure.mjs';

const GROUPS = {
  spawn: ['spawn.mjs'],
  'spawn-1gb': ['spawn.mjs', '--host', '1024'],
  crowd: ['spawn.mjs', '--running', '1000'],
  bytes: ['bytes.mjs'],
  lines: ['lines.mjs'],
  pty: ['pty.mjs'],
};
const QUICK = {
  spawn: ['--rounds', '1', '--count', '20'],
  'spawn-1gb': ['--rounds', '1', '--count', '20', '--host', '100'],
  crowd: ['--rounds', '1', '--count', '20', '--running', '20'],
  bytes: ['--rounds', '1', '--bytes', String(8 << 20)],
  lines: ['--rounds', '1', '--count', '20000'],
  pty: ['--rounds', '1', '--bytes', String(1 << 20), '--count', '20'],
};

const {values, positionals} = parseArgs({allowPositionals: true, options: {quick: {type: 'boolean', default: false}}});
const unknown = positionals.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  console.error(`bench: there is no group ${unknown.join(', ')}; there are ${Object.keys(GROUPS).join(', ')}`);
  process.exit(2);
}

const began = performance.now();
const rows = [];
let failed = 0;
for (const [name, [file, ...args]] of Object.entries(GROUPS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const from = performance.now();
  const child = fork(path.join(root, 'bench', file), [...args, ...(values.quick ? QUICK[name] : [])], {cwd: root});
  const exited = once(child, 'exit');
  let told = false;
  child.on('message', (some) => {
    told = true;
    rows.push(...some);
    child.disconnect();
  });
  const [code] = await exited;
  if (code !== 0 || !told) {
    failed++;
    rows.push(skipped(name, `bench/${file} ended with ${code}`));
  }
  console.error(`bench: ${name} took ${((performance.now() - from) / 1000).toFixed(0)} s`);
}

const [cpu] = os.cpus();
console.log(
  `${os.cpus().length} x ${cpu?.model}, Linux ${os.release()}, Node ${process.version}; median (lowest..highest), ratios within one round`,
);
printTable(rows);
console.log(
  `${((performance.now() - began) / 1000).toFixed(0)} s; ${rows.filter(({met}) => met === 'yes').length} met, ${rows.filter(({met}) => met === 'no').length} not met`,
);
process.exitCode = failed > 0 ? 1 : 0;
