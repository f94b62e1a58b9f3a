// Owns: what a child gets of a variable that is no text.
// Never: reads it itself.
import process from 'node:process';
import {run} from '../../src/index.js';
import {child} from '../support/places.js';

const {stdout} = await run([child('print_env')], {encoding: 'buffer'});
const text = stdout
  .toString('latin1')
  .split('\0')
  .find((entry) => entry.startsWith('NR_ODD='));
process.stdout.write(Buffer.from(`${text}\n`, 'latin1'));
