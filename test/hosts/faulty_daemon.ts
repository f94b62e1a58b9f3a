// Owns: a host whose daemon's output fails to be read once (native/fault.h): it says what it is told, and what becomes of the daemon.
// Never: judges. Its binaries are built with faults.
//   MARKER
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {Daemon} from '../../src/index.js';
import {until} from '../support/wait.js';

const [marker = 'nr-marker-none'] = process.argv.slice(2);
const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-faulty-'));
const file = path.join(folder, 'once');
writeFileSync(file, '');
process.env.NET_RUNNER_FAULT = `host-give:ENOMEM:${file}`;

const warned = once(process, 'warning');
const daemon = await Daemon.start(['sh', '-c', 'head -c 2000000 /dev/zero; exec sleep 60'], {
  env: {MARKER: marker},
  onOutput: 'discard',
});
const [{code, message}] = (await warned) as [NodeJS.ErrnoException];
console.log(`${code} ${message}`);
const before = daemon.stats().bytesOut;
await daemon.restart();
await until(() => daemon.stats().bytesOut - before >= 2_000_000, 'the next one to be read');
console.log(`the next one wrote ${daemon.stats().bytesOut - before}`);
const {reason, last} = await daemon.stop();
console.log(`stopped ${reason} ${last?.proven}`);
rmSync(folder, {recursive: true});
