// Owns: what the command line itself writes to its stdout and stderr: whoever closed them does not want the rest.
// Never: a byte of a command's or a service's output.
import process from 'node:process';

const heard = new WeakSet<NodeJS.WriteStream>();

function write(stream: NodeJS.WriteStream, text: string): void {
  // Without a listener a reader that has gone would end us by an uncaught exception, in the middle of our work.
  if (!heard.has(stream)) stream.on('error', () => {});
  heard.add(stream);
  stream.write(text);
}

/** An answer, on stdout. */
export function print(text: string): void {
  write(process.stdout, text);
}

/** Lines beside it, on stderr. */
export function note(text: string): void {
  write(process.stderr, text);
}

/** One sentence, on stderr, with our name before it. */
export function say(sentence: string): void {
  note(`net-runner: ${sentence}\n`);
}
