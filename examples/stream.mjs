// Owns: stream() and $: output as it comes, and a command as it is typed.
// Never: leaves a program running: leaving the loop stops it.
import {createWriteStream} from 'node:fs';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {pipeline} from 'node:stream/promises';
import {$, RunError, run, stream} from 'net-runner';

// Lines as they come. Nothing runs before the first pull; the break stops the program and whatever it has started.
const counter = stream(['sh', '-c', 'i=0; while :; do echo "line $((i += 1))"; sleep 0.01; done']);
for await (const line of counter.lines()) {
  if (line === 'line 3') break;
}
console.log(`stopped by the break: ${(await counter.result).signal}`);

// Commands joined by a pipe of the kernel: not a byte of it comes through Node.
const words = await stream(['printf', '%s\n', 'to', 'be', 'or', 'not', 'to', 'be']).pipe(['sort']).pipe(['uniq', '-c']).text();
console.log(words.trim().split('\n').length, 'different words');

// An end that was not wanted comes behind everything that was written.
try {
  for await (const line of stream(['sh', '-c', 'echo half; echo "disk full" >&2; exit 3']).lines()) console.log(`got ${line}`);
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.log(`then: ${error.reason}, ${error.result?.stderr.trim()}`);
}

// As a Node stream, with everything that Node has for those.
const folder = await mkdtemp(path.join(tmpdir(), 'net-runner-example-'));
await pipeline(stream(['seq', '1000']).toReadable(), createWriteStream(path.join(folder, 'numbers')));

// $: values are one argument each, an array is several, and nothing is ever split or expanded.
const files = ['numbers', 'no such file; echo oops'];
const {stdout, exitCode} = await $({cwd: folder})`wc -l -- ${files}`.nothrow();
console.log(`wc: exit ${exitCode}, ${stdout.split('\n')[0]?.trim()}`);
try {
  await $`cat numbers | wc -l`;
} catch (error) {
  console.log(error.message);
}

// Several targets at once, and both ends of an output that is too long.
const log = path.join(folder, 'log');
const {stdout: ends, truncated} = await run(['seq', '1000'], {stdout: ['pipe', {file: log}], output: {max: 20, overflow: 'head+tail'}});
console.log(JSON.stringify(ends), `${truncated.stdout?.dropped} bytes not kept, ${(await readFile(log)).length} in the log`);
await rm(folder, {recursive: true});
