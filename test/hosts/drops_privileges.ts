// Owns: a host that is root, runs something, and gives its privileges up.
// Never: keeps any.
import process from 'node:process';
import {run} from '../../src/index.js';

const who = async () => (await run(['sh', '-c', 'id -u; id -g; id -G; umask'], {cwd: '/'})).stdout.trim().split('\n').join(' ');
console.log(`before ${await who()}`);
process.umask(0o077);
process.setgroups?.([]);
process.setgid?.(65_534);
console.log(`group ${await who()}`);
process.setuid?.(65_534);
console.log(`after ${await who()}`);
