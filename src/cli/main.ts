#!/usr/bin/env node
// Owns: the command `net-runner`: which of its commands is meant.
// Never: what they do.
import {readFileSync} from 'node:fs';
import {NativeError} from '../native.js';
import {FAILED, leave} from './exit.js';
import {parseRun, type RunFlags} from './flags.js';
import {help} from './help.js';
import {UsageError} from './option_table.js';
import {runCommand} from './run.js';
import {note, print, say} from './say.js';

function refuse(sentence: string): void {
  say(sentence);
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

async function runUp(given: readonly string[]): Promise<void> {
  try {
    const [{up}, {parseUp}] = await Promise.all([import('./up.js'), import('./up_flags.js')]);
    const flags = parseUp(given);
    if (flags.help) print(help());
    else leave(await up(flags));
  } catch (error) {
    if (error instanceof UsageError || error instanceof NativeError) refuse(error.message);
    else throw error;
  }
}

const [name, ...words] = process.argv.slice(2);
switch (name) {
  case 'run': {
    const flags = flagsOf(words);
    if (flags?.help) print(help());
    else if (flags) leave(await runCommand(flags));
    break;
  }
  case 'up':
    await runUp(words);
    break;
  case 'doctor':
    if (words.every((word) => word === '--json')) {
      const {doctor} = await import('./doctor.js');
      process.exitCode = await doctor(words.length > 0);
    } else refuse('doctor takes no option but --json');
    break;
  case 'demo': {
    const {demo} = await import('./demo.js');
    process.exitCode = await demo();
    break;
  }
  case 'help':
  case '--help':
  case '-h':
    print(help());
    break;
  case 'version':
  case '--version':
  case '-V':
    print(`net-runner ${version()}\n`);
    break;
  case undefined:
    note(help());
    process.exitCode = FAILED;
    break;
  default:
    refuse(`there is no command '${name}' of net-runner; write: net-runner run ${name} ...`);
}
