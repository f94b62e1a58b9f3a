// Owns: what each node of a sanitized run does first: the runtimes are for node alone, and for every node that it starts.
// Never: loaded by an ordinary run.
import process from 'node:process';

delete process.env.LD_PRELOAD; // a shell's own leaks are no findings of ours
process.execPath = process.env.NET_RUNNER_ASAN_NODE;
