// Owns: what a child sees of the descriptors of a host that was born with many.
// Never: opens one itself.
import {readdirSync, readFileSync} from 'node:fs';
import {run} from '../../src/index.js';
import {child} from '../support/places.js';

const CLOEXEC = 0o2000000;
const inheritable = readdirSync('/proc/self/fdinfo').filter((fd) => {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
    return (Number.parseInt(flags?.[1] ?? '0', 8) & CLOEXEC) === 0;
  } catch {
    return false; // the one of this listing
  }
});
console.log(`own ${inheritable.length}`);
console.log((await run([child('print_fds')])).stdout.trim().split('\n').join(' '));
