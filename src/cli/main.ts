#!/usr/bin/env node
// Owns: the command `net-runner`: which of its commands is meant.
// Never: what they do.
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {demo} from './demo.js';
import {doctor} from './doctor.js';
import {FAILED, leave} from './exit.js';
import {helpText, parseRun, type RunFlags, UsageError} from './flags.js';
import {runCommand} from './run.js';

function refuse(sentence: string): void {
  process.stderr.write(`net-runner: ${sentence}\n`);
  process.exitCode = FAILED;
}

function flagsOf(words: readonly string[]): RunFlags | undefined {
  try {
    return parseRun(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    refuse(error.message);
    return undefined;
  }
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {version: string}).version;
}

const [name, ...words] = process.argv.slice(2);
switch (name) {
  case 'run': {
    const flags = flagsOf(words);
    if (flags?.help) process.stdout.write(helpText());
    else if (flags) leave(await runCommand(flags));
    break;
  }
  case 'doctor':
    if (words.every((word) => word === '--json')) process.exitCode = await doctor(words.length > 0);
    else refuse('doctor takes no option but --json');
    break;
  case 'demo':
    process.exitCode = await demo();
    break;
  case 'help':
  case '--help':
  case '-h':
    process.stdout.write(helpText());
    break;
  case 'version':
  case '--version':
  case '-V':
    process.stdout.write(`net-runner ${version()}\n`);
    break;
  case undefined:
    process.stderr.write(helpText());
    process.exitCode = FAILED;
    break;
  default:
    refuse(`there is no command '${name}' of net-runner; write: net-runner run ${name} ...`);
}
