// Owns: start(): a command started, as a Subprocess.
// Never: how it is started, ended or read.
import {spawn} from '../subprocess/spawn.js';
import {Subprocess} from '../subprocess/subprocess.js';
import {commandLine} from '../words/quote.js';
import type {Runnable, StartOptions} from '../words/runnable.js';
import {settle} from '../words/settings.js';
import type {Start} from '../words/subprocess.js';
import {toInvocation} from './command.js';
import {reported} from './events.js';
import {birthFailure} from './failure.js';

/**
 * Starts a command and resolves once exec has succeeded. The Subprocess keeps the event loop alive until its tree is gone; when the host
 * ends, in any way, the tree is ended too.
 *
 * Rejects with RunError, reason 'invalid', 'unsupported', 'spawn', 'abort' (its signal was aborted before) or 'lost'. Never throws
 * synchronously.
 * @example
 * const p = await start(['node', 'server.js'], {killTimeout: 2_000});
 * p.stdout.pipe(process.stdout);
 * await p.stop();
 */
export const start = async function start(command: Runnable, options?: StartOptions): Promise<unknown> {
  const {file, args, options: merged} = toInvocation(command, options);
  const settings = settle('start', merged);
  const line = commandLine(file, args);
  const spawned = await spawn({file, args, settings}).catch((error) => {
    throw reported(birthFailure(error, line, settings), line);
  });
  return new Subprocess(line, settings, spawned);
} as Start;
