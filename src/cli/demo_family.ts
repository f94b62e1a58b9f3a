// Owns: the three programs that the demo's hosts start: the server, its worker, and a runaway.
// Never: uses the library; outlives its minute.
import {spawn} from 'node:child_process';

// A signal ignored by a shell is ignored by what it executes. The shell's own number is the sleep's, by exec.
const DEAF = "trap '' TERM HUP INT";
const stdio = ['ignore', 'inherit', 'ignore'] as const;

process.stdout.write(`server ${process.pid}\n`);
spawn('sh', ['-c', `${DEAF}; echo "worker $$"; exec sleep 60`], {stdio: [...stdio]});
// detached is setsid(); the shell that leads the new session leaves at once, so the runaway has neither our session nor our family.
spawn('sh', ['-c', `${DEAF}; sh -c 'echo "runaway $$"; exec sleep 60' &`], {stdio: [...stdio], detached: true});
setTimeout(() => process.exit(), 60_000);
