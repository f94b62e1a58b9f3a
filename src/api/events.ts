// Owns: the channel of node:diagnostics_channel on which failures are told.
// Never: changes one.
import {channel} from 'node:diagnostics_channel';
import type {CommandLine} from '../words/quote.js';

const failures = channel('net-runner:error');

/** The error itself, once `net-runner:error` has been told: {command, error}. */
export function reported<E>(error: E, command: CommandLine): E {
  if (failures.hasSubscribers) failures.publish({command, error});
  return error;
}
