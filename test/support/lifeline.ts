// Owns: the exact oracle of death: a pipe whose write end a whole tree inherits. Its end means that every holder is dead.
// Never: uses the library under test; polls.
import {execFileSync} from 'node:child_process';
import {closeSync, constants, mkdtempSync, openSync, rmSync} from 'node:fs';
import {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';

export interface Lifeline {
  /** The write end. Hand it to the tree as one of its descriptors (`stderr: line.fd`, or a host's `stdio`), then call `letGo()`. */
  readonly fd: number;
  /** Closes this process's own copy of the write end. Until then the line cannot end. Idempotent. */
  letGo(): void;
  /** Resolves when nobody holds the write end any more, with everything that was written into it. */
  readonly ended: Promise<string>;
  /** Whether that has happened, as far as this process has heard. */
  readonly isOver: boolean;
  /** Closes both ends. For `after()`. Idempotent. */
  close(): void;
}

export function newLifeline(): Lifeline {
  // A FIFO without a name is a pipe that Node can make by itself: a real pipe, unlike the sockets of its stdio.
  const directory = mkdtempSync(path.join(tmpdir(), 'net-runner-lifeline-'));
  const name = path.join(directory, 'fifo');
  execFileSync('mkfifo', [name]);
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(name, constants.O_WRONLY);
  rmSync(directory, {recursive: true});

  let held = true;
  let isOver = false;
  let said = '';
  const socket = new Socket({fd: readEnd, readable: true, writable: false});
  const ended = new Promise<string>((resolve, reject) => {
    socket.on('end', () => {
      isOver = true;
      resolve(said);
    });
    socket.on('error', reject);
  });
  socket.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const letGo = () => {
    if (held) closeSync(fd);
    held = false;
  };
  return {
    fd,
    letGo,
    ended,
    get isOver() {
      return isOver;
    },
    close() {
      letGo();
      socket.destroy();
    },
  };
}
