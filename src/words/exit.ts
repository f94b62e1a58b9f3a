// Owns: what an exit means: names of signals, the shell's status, and whether it counts as success.
// Never: an error or a process.
import {constants} from 'node:os';

/** Two names for one number (SIGIOT, SIGPOLL, ...): these are the ones users know. */
const PREFERRED: readonly string[] = ['SIGABRT', 'SIGIO', 'SIGCHLD', 'SIGSYS'];

const names = new Map<number, NodeJS.Signals>();
for (const [name, number] of Object.entries(constants.signals) as [NodeJS.Signals, number][]) {
  if (!names.has(number) || PREFERRED.includes(name)) names.set(number, name);
}

/** The name of a signal by its number. A number without a name (real-time signals) comes out as 'SIG34'. */
export function signalName(signal: number): NodeJS.Signals {
  return names.get(signal) ?? (`SIG${signal}` as NodeJS.Signals);
}

/** What a shell shows as `$?`: the exit code, or 128 + n after signal n; null when neither is known. */
export function exitStatus(exitCode: number | null, signal: number | null): number | null {
  return signal === null ? exitCode : 128 + signal;
}

/** Whether an exit counts as success: code 0, or a code of the list that `check` gives. Death by a signal never does. */
export function verdict(exitCode: number | null, check: boolean | readonly number[]): boolean {
  if (exitCode === null) return false;
  return typeof check === 'boolean' ? exitCode === 0 : check.includes(exitCode);
}
