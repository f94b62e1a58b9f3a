// Owns: what a birth that failed throws, before it becomes the error users meet.
// Never: a sentence for users (words/birth.ts).

/** Nothing was started; the first three say what failed, as spawn errors of Node do. */
export class BirthError extends Error {
  readonly errno: number;
  readonly syscall: string;
  /** The step in lower case, as in native/protocol.h; 'pipe', 'hire' and 'server' are steps on the host's side. */
  readonly stage: string;
  /** A shepherd took the job and was gone before it said what became of it; whether all of it is proven gone since. */
  readonly lost: {readonly proven: boolean} | undefined;
  /** The file that could not be opened (stage 'open'). */
  readonly path: string | undefined;

  constructor(stage: string, syscall: string, errno: number, lost?: {readonly proven: boolean}, path?: string) {
    super(`${syscall} failed at stage '${stage}' (errno ${errno})`);
    this.stage = stage;
    this.syscall = syscall;
    this.errno = errno;
    this.lost = lost;
    this.path = path;
  }
}

/** The job was ended before the program ran: by its AbortSignal or its owner, whose reason is `cause`, or by its timeout. */
export class EndedBeforeStart extends Error {
  readonly reason: 'abort' | 'timeout';

  constructor(reason: 'abort' | 'timeout', cause?: unknown) {
    super(`ended before it started: ${reason}`, {cause});
    this.reason = reason;
  }
}

/** Throws when one of them has ended the job already. */
export function refuseEnded(signals: readonly AbortSignal[]): void {
  const ended = signals.find(({aborted}) => aborted);
  if (ended) throw new EndedBeforeStart('abort', ended.reason);
}
