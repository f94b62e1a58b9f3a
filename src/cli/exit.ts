// Owns: how the command line ends: its exit status, or the same signal its command died of.
// Never: anything of the library's results but how a job ended.
import {constants} from 'node:os';
import type {RunError} from '../words/errors.js';
import type {End} from '../words/subprocess.js';

/** The exit status of this process, or the signal it is to die of. */
export type Way = {readonly code: number} | {readonly signal: number};

export const TIMED_OUT = 124;
export const FAILED = 125;
export const NOT_EXECUTABLE = 126;
export const NOT_FOUND = 127;

/** For a command that started. */
export function wayOf(end: End): Way {
  if (end.reason === 'timeout') return {code: TIMED_OUT};
  if (end.reason === 'lost' || end.reason === 'unkillable' || end.exitStatus === null) return {code: FAILED};
  return end.exitCode === null ? {signal: end.exitStatus - 128} : {code: end.exitCode};
}

/** For a command that did not start. */
export function wayOfFailure(error: RunError): Way {
  if (error.reason !== 'spawn') return {code: FAILED};
  if (error.stage === 'interpreter') return {code: NOT_EXECUTABLE};
  if (error.stage !== 'exec') return {code: FAILED};
  return {code: error.code === 'ENOENT' || error.code === 'ENOTDIR' ? NOT_FOUND : NOT_EXECUTABLE};
}

/** Ends this process. Everything is written by now: its standard streams are synchronous for pipes, files and terminals. */
export function leave(way: Way): void {
  if ('code' in way) process.exit(way.code);
  if (process.pid === 1) process.exit(128 + way.signal); // a default action does not kill the first process of a namespace
  const name = signalName(way.signal);
  if (name !== undefined && name !== 'SIGKILL') {
    // Node ignores or handles some signals itself. Listening and ceasing to leaves the default action behind.
    const nobody = () => {};
    process.removeAllListeners(name);
    process.on(name, nobody);
    process.off(name, nobody);
  }
  // Should the signal be blocked in us, this is what a shell would have shown.
  setTimeout(() => process.exit(128 + way.signal), 1_000);
  process.kill(process.pid, way.signal);
}

function signalName(number: number): NodeJS.Signals | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] as NodeJS.Signals | undefined;
}
