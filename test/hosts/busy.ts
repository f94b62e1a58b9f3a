// Owns: a host that is always in the middle of something: starting jobs without end, or taking output without end.
// Never: ends by itself. All jobs hold its fd 3.
//   'spawning' | 'reading' MARKER
import process from 'node:process';
import {start} from '../../src/index.js';
import {child} from '../support/places.js';

const [play = 'spawning', marker = 'nr-marker-none'] = process.argv.slice(2);
if (play === 'spawning') {
  const one = async () => {
    for (;;) {
      const p = await start([child('escape_the_session'), marker], {stdio: ['ignore', 'pipe', 3], killTimeout: 100});
      console.log(`started ${String(await p.read()).trim()}`);
      await p.closed;
    }
  };
  for (let i = 0; i < 4; i++) void one();
} else {
  const p = await start([child('flood_stdout'), '0', marker], {stdio: ['ignore', 'pipe', 3], killTimeout: 100});
  let all = 0;
  for (let chunk = await p.read(); chunk; chunk = await p.read()) {
    if (all < 64 << 20 && all + chunk.length >= 64 << 20) console.log('started reading');
    all += chunk.length;
  }
}
