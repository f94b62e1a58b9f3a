// Owns: many jobs at once: as many sleeps as the first argument says, with the host's fd 3 as their lifeline.
// Never: ends by itself.
import {start} from '../../src/index.js';

const count = Number(process.argv[2] ?? 1000);
const started = await Promise.all(
  Array.from({length: count}, () => start(['sleep', '120'], {stdio: ['ignore', 'ignore', 3], killTimeout: 500})),
);
console.log(`up ${started.filter((p) => p.alive).length}`);
