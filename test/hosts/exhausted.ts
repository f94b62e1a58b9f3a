// Owns: a host that has no descriptor left at any step of a birth, told apart by how many it keeps free. [pty: a birth in a terminal]
// Never: ends a job itself but at its end.
//   Says "CODES ..." with the codes it met, then "then N" with what run() gave once descriptors were free again, and "fds EQUAL".
import {closeSync, openSync, readdirSync} from 'node:fs';
import process from 'node:process';
import {RunError, run} from '../../src/index.js';

await run(['true']);
const before = readdirSync('/proc/self/fd').length;
const codes = new Set<string>();
const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  // that was the last one
}
for (let free = 0; free < 14; free++) {
  const outcome = await run(['true'], {input: '', pty: process.argv[2] === 'pty'}).catch((error: unknown) => error);
  codes.add(outcome instanceof RunError ? `${outcome.reason}:${outcome.code}` : outcome instanceof Error ? String(outcome) : 'ran');
  closeSync(held.pop() as number);
}
for (const fd of held) closeSync(fd);
console.log(`CODES ${[...codes].join(' ')}`);
console.log(`then ${(await run(['true'])).exitCode}`);
const now = readdirSync('/proc/self/fd').length;
console.log(`fds ${now <= before ? 'equal' : `${now - before} more`}`);
