// Owns: a script whose last line starts a job.
// Never: does anything to stay alive by itself.
import {start} from '../../src/index.js';

const p = await start(['sleep', process.argv[2] ?? '0.5'], {stdio: 'ignore'});
void p.exited.then(() => console.log('ended'));
if (process.argv[3] === 'unref') p.unref();
console.log(`started ${p.pid}`);
