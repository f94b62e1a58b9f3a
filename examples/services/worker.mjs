// Owns: the example's worker: takes one job after the other.
// Never: stops in the middle of one.
import {ask} from './redis.mjs';

let stopping = false;
process.on('SIGTERM', () => {
  stopping = true;
});
console.log('waiting for jobs');
while (!stopping) {
  const job = await ask('BLPOP', 'jobs', '1');
  if (job !== null) console.log(`done: ${job}`);
}
console.log('no job is left half done');
