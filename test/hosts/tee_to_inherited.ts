// Owns: a list of targets that holds the host's own streams: in order with what the host itself says.
// Never: outlives its job.
import {run} from '../../src/index.js';

process.stdout.write('first\n');
const {stdout} = await run(['sh', '-c', 'echo out; echo err >&2'], {
  stdout: ['pipe', 'inherit'],
  stderr: ['inherit', process.stderr],
});
process.stdout.write(`kept: ${stdout}`);
