// Owns: turning what the lower floors throw at a birth into the error users meet.
// Never: a job that started.
import {NativeError} from '../native.js';
import {ServerError} from '../shepherd/server.js';
import {BirthError, EndedBeforeStart} from '../subprocess/spawn.js';
import {ended, misuse, spawnFailed, unsupported} from '../words/errors.js';
import type {CommandLine} from '../words/quote.js';
import type {Settings} from '../words/settings.js';

/** The error for `command`; anything that is not a known failure of a birth is given back as it is. */
export function birthFailure(error: unknown, command: CommandLine, {cwd, timeout}: Settings): unknown {
  if (error instanceof NativeError) return unsupported(error.code, error.message, error);
  if (error instanceof EndedBeforeStart && error.reason === 'timeout')
    return ended({reason: 'timeout', command, timeout: timeout as number});
  if (error instanceof EndedBeforeStart) return ended({reason: 'abort', command, cause: error.cause});
  if (error instanceof ServerError) return spawnFailed({command, errno: error.errno, stage: 'server', syscall: 'execve', cwd});
  if (!(error instanceof BirthError)) return error;
  const {errno, stage, syscall, path} = error;
  if (error.lost) return ended({reason: 'lost', command, started: 'unknown', proven: error.lost.proven});
  const failed = spawnFailed({command, errno, stage, syscall, cwd, path});
  if (stage !== 'foreground') return failed;
  return misuse('ERR_NOT_A_TERMINAL', failed.shortMessage, command);
}
