// Owns: what went wrong in a read or write as an Error: its errno with the fields Node gives them, and which output it was.
// Never: an EAGAIN, EINTR or EPIPE: those are answers, and do not get here.
import {getSystemErrorName} from 'node:util';

/** An output could not be read to its end; `cause` is the error of the read. */
export class ReadFailed extends Error {
  override readonly name = 'ReadFailed';

  constructor(output: string, cause: unknown) {
    super(`${output} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {cause});
  }
}

/** `negative` is -errno, as the addon answers. */
export function systemError(negative: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(negative);
  return Object.assign(new Error(`${syscall} failed with ${code}`), {errno: negative, code, syscall});
}
