// Owns: running the unit tests that NET_RUNNER_UNITS lists in one process: they start no job, and a node for each would cost more than they do.
// Never: which ones.
import process from 'node:process';
import {pathToFileURL} from 'node:url';

for (const file of JSON.parse(process.env.NET_RUNNER_UNITS ?? '[]')) await import(pathToFileURL(file).href);
