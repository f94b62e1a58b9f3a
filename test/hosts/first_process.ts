// Owns: a host that is PID 1 of its namespace and loses its fork server while jobs run: it must reap what comes to it.
// Never: reaps anything itself.
import {readdirSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {start} from '../../src/index.js';
import {until} from '../support/wait.js';

function children(state: RegExp): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const [its, parent] = readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return parent === '1' && state.test(its ?? '');
    } catch {
      return false;
    }
  });
}

console.log(`pid ${process.pid}`);
const jobs = await Promise.all([1, 2, 3].map(() => start(['cat'], {killTimeout: 200})));
const [server] = children(/[^Z]/);
process.kill(Number(server), 'SIGKILL');
await until(() => children(/[^Z]/).length >= 3 && !children(/./).includes(server as string), 'the shepherds to come to us');
await Promise.all(jobs.map((p) => p.stop()));
await until(() => children(/./).length === 0, 'all of them to be reaped');
console.log(`left ${children(/./).length}`);
