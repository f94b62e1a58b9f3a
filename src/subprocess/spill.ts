// Owns: the file that gets the whole of an output which is too long to be kept, mode 0600.
// Never: overwrites or follows what is there already; keeps a file that was not needed.
import {close, constants as flagsOfOpen, open, unlink} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {CopyFailed, writeAll} from '../io/copy.js';
import {BirthError} from './birth_error.js';
import type {Keeper} from './keeper.js';
import {keptBytes} from './kept.js';

const openFile = promisify(open);
const closeFile = promisify(close);
const removeFile = promisify(unlink);
const {O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY} = flagsOfOpen;

export class Spill {
  readonly path: string;
  #fd = -1;
  #used = false;
  #failed: ((error: CopyFailed) => void) | undefined;

  private constructor(file: string) {
    this.path = file;
  }

  /** A path of the user's is opened before anything starts; one of ours is made when it is needed. Rejects with BirthError, stage 'open'. */
  static async prepare(where: string | true, stream: 'stdout' | 'stderr'): Promise<Spill> {
    if (where === true) {
      const {randomBytes} = await import('node:crypto');
      return new Spill(path.join(tmpdir(), `net-runner-${randomBytes(8).toString('hex')}.${stream}`));
    }
    const spill = new Spill(path.resolve(stream === 'stdout' ? where : `${where}.stderr`));
    try {
      await spill.#open();
    } catch (error) {
      throw new BirthError('open', 'open', Math.abs((error as NodeJS.ErrnoException).errno ?? constants.errno.EIO), undefined, spill.path);
    }
    return spill;
  }

  /** Called once with the first write that fails; after that nothing is written. */
  whenFailed(call: (error: CopyFailed) => void): void {
    this.#failed = call;
  }

  /** A chunk that `keeper` gets next. From the first that it cannot keep, all of them, and what it has kept before. Never rejects. */
  async add(chunk: Uint8Array, keeper: Keeper): Promise<void> {
    if (!this.#used && !keeper.overflowsWith(chunk.length)) return;
    if (this.#failed === undefined) return;
    try {
      if (!this.#used) {
        this.#used = true;
        if (this.#fd < 0) await this.#open();
        await writeAll(this.#fd, keptBytes(keeper.take()));
      }
      await writeAll(this.#fd, chunk);
    } catch (error) {
      const call = this.#failed;
      this.#failed = undefined;
      call(new CopyFailed(`'${this.path}'`, error));
    }
  }

  /** Closes it; the path if there is something in it. Never rejects. */
  async finish(): Promise<string | undefined> {
    if (this.#fd < 0) return undefined;
    const fd = this.#fd;
    this.#fd = -1;
    await closeFile(fd).catch(() => {});
    if (this.#used) return this.path;
    await removeFile(this.path).catch(() => {}); // somebody else may have removed it
    return undefined;
  }

  async #open(): Promise<void> {
    this.#fd = await openFile(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  }
}
