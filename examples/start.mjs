// Owns: start(): a conversation with a running program.
// Never: leaves it running: the last line stops it.
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {start} from 'net-runner';

// Pull style: ask for bytes when you want them. What you do not read waits in the pipe, and so does the program.
const cat = await start(['cat']);
await cat.write('hello');
console.log(`cat ${cat.pid > 0 ? 'runs' : 'does not run'} and says: ${await cat.read()}`);
cat.closeStdin();
console.log(`then comes the end: ${await cat.read()}`);
console.log(`it exited with ${(await cat.exited).exitCode}`);

// Or as Node streams.
const bc = await start(['sh', '-c', 'while read a b; do echo $((a + b)); done']);
const answers = createInterface({input: bc.stdout});
bc.stdin.write('2 40\n');
console.log(`2 + 40 = ${(await once(answers, 'line'))[0]}`);

// stop(): SIGTERM to the whole tree, SIGKILL after killTimeout, and proof that nothing is left.
const end = await bc.stop();
console.log(`stopped by ${end.signal}, proven gone: ${end.proven}`);
