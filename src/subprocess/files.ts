// Owns: the files of one job's targets: opened by the host before anything starts, closed once the child has them.
// Never: what is written into them.
import {closeSync, constants as flagsOfOpen, open, openSync, statSync} from 'node:fs';
import {constants} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import type {CopyTo} from '../io/copy.js';
import {StreamCopy} from '../io/stream_copy.js';
import type {Settings} from '../words/settings.js';
import type {Connection, Copy, OpenFile} from '../words/target.js';
import {BirthError} from './birth_error.js';

const openFile = promisify(open);
const {O_APPEND, O_CREAT, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY} = flagsOfOpen;

/** ms until somebody who waits for the other end of a FIFO is looked for again. */
const WAKE_MS = 5;

/** The files of one job's targets: opened before anything starts, closed once the child has them. Copies stay with the host. */
export class Files {
  #opened = new Map<string, number>();
  #copies: {stdout: CopyTo[]; stderr: CopyTo[]} = {stdout: [], stderr: []};
  /** What is written, by its path: whoever shares a file appends, so that neither writes over the other. */
  #written = new Map<string, {readonly append: boolean; readonly shared: boolean}>();
  #taken = false;
  /** What is being opened now. */
  #opening: {readonly file: string; readonly mode: number} | undefined;

  /** Nothing to wait for in the ordinary case. */
  open(settings: Settings): Promise<void> | undefined {
    const {stdin, stdout, stderr, extraFds, copies} = settings;
    const isPlain = extraFds.length === 0 && copies.stdout.length === 0 && copies.stderr.length === 0;
    return isPlain && !isFile(stdin) && !isFile(stdout) && !isFile(stderr) ? undefined : this.#openAll(settings);
  }

  /**
   * Nobody waits for open() any more. A FIFO that waits for its other end gets one for a moment: nothing else wakes the thread of the pool
   * that opens it (fifo(7)).
   */
  giveUp(): void {
    const {file, mode} = this.#opening ?? {};
    if (file === undefined) return;
    try {
      if (!statSync(file).isFIFO()) return;
      closeSync(openSync(file, (mode === O_RDONLY ? O_WRONLY : O_RDONLY) | O_NONBLOCK));
    } catch {
      // ENXIO: the thread is not there yet.
    }
    setTimeout(() => this.giveUp(), WAKE_MS).unref();
  }

  async #openAll({stdin, stdout, stderr, extraFds, copies}: Settings): Promise<void> {
    const written = [stdout, stderr, ...extraFds.map((extra) => extra.to)].filter(isFile);
    for (const {path: file, append} of [...written, ...copies.stdout.filter(isFile), ...copies.stderr.filter(isFile)]) {
      const other = this.#written.get(path.resolve(file));
      this.#written.set(path.resolve(file), {append: append && (other?.append ?? true), shared: other !== undefined});
    }
    if (isFile(stdin)) await this.#forChild(stdin, O_RDONLY);
    for (const to of written) await this.#forChild(to, O_WRONLY);
    for (const name of ['stdout', 'stderr'] as const)
      for (const copy of copies[name]) this.#copies[name].push(await this.#copyTo(copy, name));
  }

  forReading(file: OpenFile): number {
    return this.#opened.get(key(file, O_RDONLY)) as number;
  }

  /** A file that is named twice is opened once. */
  forWriting(file: OpenFile): number {
    return this.#opened.get(key(file, O_WRONLY)) as number;
  }

  takeCopies(): {readonly stdout: readonly CopyTo[]; readonly stderr: readonly CopyTo[]} {
    this.#taken = true;
    return this.#copies;
  }

  close(): void {
    for (const fd of this.#opened.values()) closeSync(fd);
    if (this.#taken) return;
    for (const copy of [...this.#copies.stdout, ...this.#copies.stderr]) {
      if ('stream' in copy) copy.stream.close();
      else if (copy.owned) closeSync(copy.fd);
    }
  }

  async #forChild(file: OpenFile, mode: number): Promise<void> {
    if (this.#opened.has(key(file, mode))) return;
    this.#opened.set(key(file, mode), await (mode === O_RDONLY ? this.#open(file.path, mode) : this.#openForWriting(file)));
  }

  #openForWriting({path: file}: OpenFile, more = 0): Promise<number> {
    const {append, shared} = this.#written.get(path.resolve(file)) as {append: boolean; shared: boolean};
    return this.#open(file, O_WRONLY | O_CREAT | more | (append || shared ? O_APPEND : 0) | (append ? 0 : O_TRUNC));
  }

  /** In the thread pool: a FIFO opens when its other end does. Close-on-exec, as everything that Node opens. */
  async #open(file: string, flags: number): Promise<number> {
    this.#opening = {file, mode: flags & O_WRONLY ? O_WRONLY : O_RDONLY};
    try {
      return await openFile(file, flags, 0o666);
    } catch (error) {
      throw new BirthError('open', 'open', Math.abs((error as NodeJS.ErrnoException).errno ?? constants.errno.EBADF), undefined, file);
    } finally {
      this.#opening = undefined;
    }
  }

  /** Copies are always appended: two streams may have the same file. */
  async #copyTo(copy: Copy, name: 'stdout' | 'stderr'): Promise<CopyTo> {
    if (copy === 'inherit') return {name: `the host's own ${name}`, stream: new StreamCopy(process[name])};
    if (typeof copy === 'number') return {name: `descriptor ${copy}`, fd: copy, owned: false};
    if (isFile(copy)) return {name: `'${copy.path}'`, fd: await this.#openForWriting(copy, O_APPEND), owned: true};
    if ('write' in copy && 'end' in copy) return {name: 'a stream', stream: new StreamCopy(copy)};
    return {name: `descriptor ${(copy as {fd: number}).fd}`, fd: (copy as {fd: number}).fd, owned: false};
  }
}

export function isFile(to: Connection | Copy): to is OpenFile {
  return typeof to === 'object' && 'path' in to && 'append' in to;
}

function key({path: file}: OpenFile, mode: number): string {
  return `${mode} ${path.resolve(file)}`;
}
