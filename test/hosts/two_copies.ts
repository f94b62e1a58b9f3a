// Owns: a host with two copies of the library, the second one loaded from another folder, each with a job.
// Never: shares anything between them.
import {pathToFileURL} from 'node:url';
import {RunError, run, start} from '../../src/index.js';
import {root} from '../support/places.js';

const other = (await import(pathToFileURL(`${root}dist/index.js`).href)) as typeof import('../../src/index.js');
const [one, two] = await Promise.all([start(['cat'], {stderr: 3}), other.start(['cat'], {stderr: 3})]);
await one.stop();
await two.write('untouched');
console.log(String(await two.read()));
await two.stop();
const error = await other.run(['false'], {check: true}).catch((thrown: unknown) => thrown);
console.log(`brand ${error instanceof RunError}`);
console.log(`own ${(await run(['true'])).exitCode}`);
