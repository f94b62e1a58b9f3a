// Owns: talking to programs that ask: waitFor() reads up to a prompt, write() types the answer.
// Never: a terminal of the user's; a program that is not on every machine, but says so.
import {existsSync} from 'node:fs';
import {RunError, start} from 'net-runner';

// A shell in a terminal of its own. What it writes is `before` and `match`; what comes behind stays for the next call.
const shell = await start(['bash', '--norc'], {pty: {cols: 100, rows: 30}, env: {PS1: 'ready> '}});
await shell.waitFor('ready> ', {timeout: 5_000});

await shell.write('read -s -p "Password: " word; echo "${#word} letters"\r');
await shell.waitFor(/Password: $/, {timeout: 5_000}); // the echo of the line has it, too, but does not end with it
await shell.write('secret\r');
const {match} = await shell.waitFor(/(\d+) letters/, {timeout: 5_000});
console.log(`the password has ${match[1]} letters`);

await shell.waitFor('ready> ', {timeout: 5_000});
await shell.write('sleep 60\r');
while (shell.foreground?.name !== 'sleep') await new Promise((resolve) => setTimeout(resolve, 5));
console.log(`in the foreground: ${shell.foreground.name}`);
await shell.write('\x03'); // ^C
await shell.waitFor('ready> ', {timeout: 5_000});
console.log(`and after ^C: ${shell.foreground.name}`);

try {
  await shell.waitFor('nobody says this', {timeout: 100});
} catch (error) {
  if (!(error instanceof RunError)) throw error;
  console.log(`${error.reason}: ${error.shortMessage.split(';')[0]}`);
}
await shell.stop();

// The same with Python's own prompt.
const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find((file) => existsSync(file));
if (python === undefined) console.log('python3 is not here: skipped');
else {
  const repl = await start([python, '-i', '-q'], {pty: true, env: {PYTHON_BASIC_REPL: '1'}});
  await repl.waitFor('>>> ', {timeout: 10_000});
  await repl.write('sum(range(101))\n');
  const {before} = await repl.waitFor('>>> ', {timeout: 10_000});
  console.log(`python says ${before.split('\r\n')[1]}`);
  await repl.write('\x04'); // ^D
  console.log(`and exits with ${(await repl.closed).exitCode}`);
}
