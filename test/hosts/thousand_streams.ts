// Owns: many streams open at once, of a user without privileges: all of them blocked in write before the first is read.
// Never: reads one of them before all are open.
import process from 'node:process';
import {stream} from '../../src/index.js';

const [, , count = '1000', bytes = '100000', program = ''] = process.argv;
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}
const open = await Promise.all(Array.from({length: Number(count)}, () => stream([program, bytes], {cwd: '/'}).start()));
console.log(`open ${open.filter(({pid}) => pid !== undefined).length} as ${process.getuid?.()}`);
const lengths = await Promise.all(open.map(async (each) => (await each.bytes()).length));
console.log(`read ${lengths.reduce((sum, length) => sum + length, 0)}`);
