// Owns: a script that has run 100 jobs and has nothing more to do.
// Never: calls process.exit().
import {run} from '../../src/index.js';

await Promise.all(Array.from({length: 100}, () => run(['true'])));
console.log('done');
process.on('exit', () => console.log('exit'));
