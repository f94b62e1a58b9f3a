// Owns: the demo's hosts: a Node program that starts the three, by child_process or by net-runner, and is killed.
// Never: cleans up by itself: that is the question.
import {spawn} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {start} from '../index.js';

const command = [process.execPath, fileURLToPath(new URL('./demo_family.js', import.meta.url))] as const;

if (process.argv[2] === 'child_process') spawn(command[0], [command[1]], {stdio: ['ignore', 'inherit', 'ignore']});
else await start(command, {stdio: ['ignore', 'inherit', 'ignore'], killTimeout: 500});
