// Owns: run(): a command to its end, its output as a value.
// Never: anything a first reader does not need.
import {RunError, run} from 'net-runner';

// The arguments are an array: nothing is split, quoted or parsed on the way.
const {stdout, exitCode} = await run(['printf', '%s\n', 'one word', '$HOME', '; echo not a shell']);
console.log(`exit ${exitCode}:`);
console.log(stdout);

// Input is written while output is read, so it may be as large as you like.
const text = 'a line of input\n'.repeat(100_000);
const counted = await run(['wc', '-l'], {input: text, stripFinalNewline: true});
console.log(`wc counted ${counted.stdout.trim()} lines`);

// An exit status is a value ...
const no = await run(['grep', 'needle', '/dev/null']);
console.log(`grep found ${no.exitCode === 1 ? 'nothing' : 'something'}`);

// ... unless you say which ones are good.
try {
  await run(['sh', '-c', 'echo "no such table" >&2; exit 3'], {check: true});
} catch (error) {
  if (!(error instanceof RunError) || error.reason !== 'exit') throw error;
  console.log(`refused: exit ${error.result.exitCode}, ${error.result.stderr.trim()}`);
}

// What could not be done at all rejects, and says what exactly.
for (const [command, options] of [[['no-such-program']], [['pwd'], {cwd: '/no/such/directory'}]]) {
  const error = await run(command, options).catch((reason) => reason);
  console.log(`${error.code} at ${error.stage}: ${error.shortMessage}`);
}
