// Owns: the sentences for a job that started, or was to start, and did not end as wanted.
// Never: an error object, or the output (errors.ts adds its last lines).
import {OwnerEnded} from './owner.js';
import type {CommandLine} from './quote.js';
import {quoteShort} from './quote.js';
import type {FailedResult, Leftover} from './result.js';

interface Row<R> {
  readonly reason: R;
  readonly command: CommandLine;
}

/** How a job ended that rejects, with what the sentence and the error need. `result` is left out when nothing had started. */
export type Ended =
  | (Row<'exit'> & {readonly result: FailedResult; readonly check: boolean | readonly number[]})
  | (Row<'signal'> & {readonly result: FailedResult})
  | (Row<'timeout'> & {readonly result?: FailedResult | undefined; readonly timeout: number})
  | (Row<'idle'> & {readonly result: FailedResult; readonly idleTimeout: number})
  | (Row<'abort'> & {readonly result?: FailedResult | undefined; readonly cause: unknown})
  | (Row<'max-output'> & {
      readonly result: FailedResult;
      readonly maxOutputSize: number;
      /** Which stream was too long, where that is known. */
      readonly stream?: 'stdout' | 'stderr' | undefined;
      /** In characters: of one line, or of a whole text. */
      readonly of?: 'line' | 'text' | undefined;
    })
  | (Row<'input'> & {readonly result: FailedResult; readonly cause: unknown})
  | (Row<'oom'> & {readonly result: FailedResult})
  | (Row<'output'> & {readonly result: FailedResult; readonly cause: unknown})
  | (Row<'lost'> & {
      readonly result?: FailedResult | undefined;
      /** Whether the program ran: 'unknown' when the shepherd ended before it said so. */
      readonly started: boolean | 'unknown';
      /** Whether the tree is proven gone all the same (the fork server swept it). */
      readonly proven: boolean;
    })
  | (Row<'not-ready'> & {
      readonly result?: FailedResult | undefined;
      /** What happened, as the rest of a sentence that begins with the command. */
      readonly why: string;
      /** The last of its output. */
      readonly lines: readonly string[];
    })
  | (Row<'unkillable'> & {readonly result: FailedResult; readonly leftovers: readonly Leftover[]});

/** One sentence: what happened to which command, and what to do. */
export function endingSentence(ended: Ended): string {
  return `${quoteShort(ended.command)} ${happened(ended)}`;
}

function happened(ended: Ended): string {
  switch (ended.reason) {
    case 'exit':
      return `failed with exit code ${ended.result.exitCode}${accepted(ended.check)}`;
    case 'signal':
      return `was ended by ${ended.result.signal} (exit status ${ended.result.exitStatus})`;
    case 'timeout':
      return ended.result === undefined
        ? `did not start within its timeout of ${ended.timeout} ms`
        : `did not end within its timeout of ${ended.timeout} ms and was stopped; raise \`timeout\` if it needs longer`;
    case 'idle':
      return `wrote nothing for ${ended.idleTimeout} ms and was stopped; raise \`idleTimeout\` if it may be silent for longer`;
    case 'abort': {
      const why = ended.cause instanceof OwnerEnded ? ended.cause.message : 'its AbortSignal was aborted';
      return `was ${ended.result === undefined ? 'not started' : 'stopped'}, because ${why}`;
    }
    case 'max-output':
      if (ended.of === 'text') {
        return `wrote more text than the ${ended.maxOutputSize} characters that a string can hold; write encoding: 'buffer', or use stream() and read it in pieces`;
      }
      if (ended.of === 'line') {
        return `wrote a line of more than ${ended.maxOutputSize} characters and was stopped; raise \`maxLineLength\`, or read chunks`;
      }
      return `wrote more than ${ended.maxOutputSize} bytes to ${ended.stream ?? 'stdout or stderr'} and was stopped; raise \`maxOutputSize\`, or use stream() and read as it comes`;
    case 'input':
      return `was stopped, because its input failed: ${says(ended.cause)}`;
    case 'oom':
      return 'ran out of memory: the kernel has killed in its cgroup; raise `cgroup.memoryMax`, or look for the leak';
    case 'output':
      return `was stopped, because of its output: ${says(ended.cause)}`;
    case 'lost':
      return `${lost(ended)}; look for what kills processes on this machine (NODE_DEBUG=net-runner tells more)`;
    case 'not-ready':
      return ended.why;
    case 'unkillable':
      return `was stopped, but ${list(ended.leftovers)} still there 5 s after SIGKILL; a process in state D ends when the kernel lets go of it`;
  }
}

function accepted(check: boolean | readonly number[]): string {
  return typeof check === 'boolean' ? '' : ` (accepted: ${check.join(', ')})`;
}

function lost({started, proven}: {readonly started: boolean | 'unknown'; readonly proven: boolean}): string {
  if (started !== true) return 'was lost: its shepherd ended before it said whether the program had started';
  return `was lost: its shepherd ended, so nobody saw the exit; its processes ${proven ? 'are all gone' : 'may still run'}`;
}

function list(leftovers: readonly Leftover[]): string {
  if (leftovers.length === 0) return 'a process is';
  const shown = leftovers.slice(0, 5).map(({pid, name, state}) => `${pid} (${name}${state === undefined ? '' : `, state ${state}`})`);
  const more = leftovers.length > 5 ? ` and ${leftovers.length - 5} more` : '';
  return `${shown.join(', ')}${more} ${leftovers.length === 1 ? 'is' : 'are'}`;
}

function says(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
