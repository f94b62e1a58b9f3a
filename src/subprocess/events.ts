// Owns: the channels of node:diagnostics_channel on which the life of every job is told. Documented in docs/observing.md.
// Never: costs anything while nobody listens; shows an environment.
import {channel} from 'node:diagnostics_channel';
import {commandLine} from '../words/quote.js';
import type {Job} from './job.js';

const spawned = channel('net-runner:spawn');
const exited = channel('net-runner:exit');
const gone = channel('net-runner:gone');

/** Called once the program runs. Who subscribes later hears of jobs that start after that. */
export function tell(job: Job, file: string, args: readonly string[]): void {
  if (!spawned.hasSubscribers && !exited.hasSubscribers && !gone.hasSubscribers) return;
  const {pid} = job;
  const command = commandLine(file, args);
  spawned.publish({command, pid});
  void job.exitedPromise.then((end) => exited.publish({command, pid, ...end}));
  void job.overPromise.then((end) => gone.publish({command, pid, ...end}));
}
