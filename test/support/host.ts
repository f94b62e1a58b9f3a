// Owns: starting a program of test/hosts as a Node process of its own, made to be killed, and hearing what it says.
// Never: uses the library under test for that: a host must be able to die without anybody of ours cleaning up around it.
import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {hostFile} from './places.js';
import {within} from './wait.js';

export interface Host {
  readonly pid: number;
  /** Resolves to the first line that matches, said already or still to come; rejects when the host ends without one. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Every line it has said so far. */
  readonly lines: readonly string[];
  /** Writes one line to its stdin. */
  tell(line: string): void;
  /** Ends its stdin. */
  hangUp(): void;
  /** Sends it one signal: 'SIGKILL' unless told otherwise. */
  kill(signal?: NodeJS.Signals): void;
  /** The host itself has ended. Says nothing about what it had started. */
  readonly exited: Promise<{readonly code: number | null; readonly signal: NodeJS.Signals | null}>;
  /** Kills it if it still runs, and waits. For `after()`. */
  end(): Promise<void>;
}

export interface HostOptions {
  /** Arguments of the program. A marker belongs into a child's arguments, not here: the shepherds' titles quote the host's. */
  readonly args?: readonly string[];
  /** A descriptor that becomes the host's fd 3: a lifeline to hand on. */
  readonly fd3?: number;
  /** Flags of node itself: ['--unhandled-rejections=strict']. */
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A program that becomes the host, given node and its arguments as its own last ones. */
  readonly through?: readonly string[];
}

export function startHost(name: string, options: HostOptions = {}): Host {
  const node = [process.execPath, ...(options.nodeFlags ?? []), hostFile(name), ...(options.args ?? [])];
  const [file = '', ...args] = [...(options.through ?? []), ...node];
  const child = spawn(file, args, {
    env: {...process.env, ...options.env},
    stdio: ['pipe', 'pipe', 'inherit', options.fd3 ?? 'ignore'],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  const pid = child.pid;
  if (pid === undefined) throw new Error(`the host ${name} did not start`);
  child.stdin.on('error', () => {}); // EPIPE: it was killed while we were talking, which is what it is for

  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const look = () => {
    for (const ask of [...waiting]) ask();
  };
  let isOver = false;
  const reader = createInterface({input: child.stdout});
  reader.on('line', (line) => {
    lines.push(line);
    look();
  });
  reader.on('close', () => {
    isOver = true;
    look();
  });
  const exited = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));

  const says = (pattern: RegExp) =>
    new Promise<RegExpMatchArray>((resolve, reject) => {
      const ask = () => {
        const match = lines.map((line) => line.match(pattern)).find((found) => found !== null);
        if (match) resolve(match);
        else if (isOver) reject(new Error(`the host ${name} ended without saying ${pattern}; it said: ${lines.join(' | ')}`));
        else return;
        waiting.delete(ask);
      };
      waiting.add(ask);
      ask();
    });

  return {
    pid,
    lines,
    says: (pattern) => within(says(pattern), `the host ${name} to say ${pattern}`),
    tell: (line) => void child.stdin.write(`${line}\n`),
    hangUp: () => void child.stdin.end(),
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    exited,
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
