// Owns: a host whose event loop is held while a timeout is due: the shepherd must keep time.
// Never: longer than the job's own `sleep`.
import {closeSync} from 'node:fs';
import {RunError, run} from '../../src/index.js';

const running = run(['sh', '-c', 'sleep 60'], {timeout: 200, killTimeout: 300, stderr: 3}).catch((error) => error);
await new Promise((resolve) => setTimeout(resolve, 100));
closeSync(3);
console.log('blocking');
const until = performance.now() + 3_000;
while (performance.now() < until);
console.log('free');
const error = await running;
console.log(error instanceof RunError ? error.reason : String(error));
