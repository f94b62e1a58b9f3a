// Owns: every method of a Subprocess called without await in every state, under --unhandled-rejections=strict.
// Never: looks at what they answer: it must only not crash.
import {$, type Stream, type Subprocess, start, stream} from '../../src/index.js';

function everything(p: Subprocess): void {
  void p.read();
  void p.read(1);
  void p.readStderr();
  void p.readInto(Buffer.alloc(5));
  void p.readInto(Buffer.alloc(0));
  void p.write('x');
  p.closeStdin();
  p.closeStdin();
  void p.write('after the end');
  void p.waitFor('never');
  void p.waitFor(/never/, {timeout: 1});
  void p.foreground;
  void p.kill('SIGCONT');
  void p.kill('SIGCONT', {reach: 'tree'});
  void p.exited;
  void p.closed;
  void p.stats();
  void p.alive;
  void p.stderrTail;
  p.unref();
  p.ref();
}

const options = [
  {},
  {stdio: 'pipe'},
  {stdio: 'ignore'},
  {stdin: 'pipe', stdout: 'pipe', stderr: 'stdout'},
  {input: 'given'},
  {pty: true},
] as const;
for (const each of options) {
  const running: Subprocess = await start(['cat'], each);
  everything(running);
  void running.stop();
  everything(running);
  await running.exited;
  everything(running);
  await running.closed;
  everything(running);
  void running.stop({killTimeout: 0});
  void running[Symbol.asyncDispose]();
  everything(running);

  const streamed: Subprocess = await start(['sh', '-c', 'echo x; sleep 30'], each);
  streamed.stdout?.on('data', () => {});
  streamed.stdin?.write('to nobody');
  everything(streamed);
  void streamed.kill('SIGKILL', {reach: 'tree'});
  void streamed[Symbol.asyncDispose]();
  await streamed.closed;
  streamed.stdin?.write('to nobody');
  streamed.stdin?.end();
  everything(streamed);
}

/** `void` on an iterator's answer would be a rejection of the caller's own; everything that a stream does by itself is quiet. */
function anything(s: Stream): void {
  void s.result;
  void s.start();
  void s.result;
  void s[Symbol.asyncDispose]();
  void s.pid;
}

for (const command of [['cat'], ['sh', '-c', 'echo x; exit 3'], ['no-such-program-of-ours'], []]) {
  const fresh = stream(command);
  anything(fresh);
  anything(fresh);
  const begun = stream(command);
  await begun.start().catch(() => {});
  anything(begun);
  await begun[Symbol.asyncDispose]();
  anything(begun);
  const read = stream(command, {input: 'given'});
  await read.text().catch(() => {});
  anything(read);
  const readable = stream(command).toReadable();
  readable.on('error', () => {});
  readable.resume();
  readable.destroy();
  const left = stream(['yes']);
  for await (const _ of left) break;
  anything(left);
  const piped = stream(['yes']).pipe(command);
  anything(piped);
  await piped[Symbol.asyncDispose]();
  const part = $`yes`;
  await part.pipe(command).catch(() => {});
}
console.log('survived');
