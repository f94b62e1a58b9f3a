// Owns: the host's hold on a job's own cgroup: the lock that says the job lives, and ending it when nobody else is left who could.
// Never: a cgroup that a shepherd or fork server still looks after.
import {closeSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';

/** How long the kernel may take to let go of an empty cgroup. */
const PATIENCE_MS = 1_000;

export class Leaf {
  #fd: number;
  #depth: number;

  /** Takes over `fd`, its directory. `depth`: how many directories above it go when they are empty. */
  constructor(fd: number, depth: number) {
    this.#fd = fd;
    this.#depth = depth;
  }

  /** The job is over: whoever removes the cgroup has done so. */
  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Ends everybody in it and removes it. Resolves to whether it is gone. */
  async end(): Promise<boolean> {
    if (this.#fd < 0) return true;
    try {
      return await this.#remove();
    } catch {
      return false; // no cgroup.kill, no /proc, or no right any more: the outcome says that nothing is proven
    } finally {
      this.close();
    }
  }

  async #remove(): Promise<boolean> {
    const here = `/proc/self/fd/${this.#fd}`;
    const where = readlinkSync(here);
    if (isGone(where)) return true;
    writeFileSync(`${here}/cgroup.kill`, '1');
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
      if (/^populated 0$/m.test(readFileSync(`${here}/cgroup.events`, 'latin1')) && removed(where)) {
        for (let above = path.dirname(where), n = this.#depth; n > 0 && removed(above); n--) above = path.dirname(above);
        return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return false;
  }
}

/** The kernel marks the name of what is removed. */
function isGone(where: string): boolean {
  return where.endsWith(' (deleted)');
}

/** With what the job has made within it. */
function removed(directory: string): boolean {
  try {
    for (const entry of readdirSync(directory, {withFileTypes: true})) if (entry.isDirectory()) removed(path.join(directory, entry.name));
    rmdirSync(directory);
    return true;
  } catch {
    return false; // somebody is still in it, or it is not ours
  }
}
