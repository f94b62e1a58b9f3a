// Owns: a host that reports what its children are born with and how they end, whatever it was born with itself.
// Never: changes its own signals.
import {run} from '../../src/index.js';
import {child} from '../support/places.js';

const signals = await run([child('print_signals')], {lines: true});
for (const line of signals.stdout) console.log(line.replace(/\s+/, ' '));
console.log(`exit ${(await run(['sh', '-c', 'exit 3'])).exitCode}`);
console.log(`signal ${(await run(['sh', '-c', 'kill -PIPE $$'])).signal}`);
