// Owns: a folder of the tests' own in the tree of cgroups, handed over to a user where one is asked for, and what is left in it.
// Never: touches a cgroup outside of that folder.
import {chownSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const MOUNTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'];

/** Where cgroup v2 is mounted. */
export const mount: string | undefined = MOUNTS.find((place) => isCgroup(place));

function isCgroup(directory: string): boolean {
  try {
    return (
      statSync(path.join(directory, 'cgroup.procs')).isFile() &&
      readFileSync(path.join(directory, 'cgroup.controllers'), 'latin1') !== undefined
    );
  } catch {
    return false;
  }
}

/** A folder's name for this process: a relative path as the option takes it. */
export const folder = `net-runner-test-${process.pid}`;

function canMake(): boolean {
  if (mount === undefined) return false;
  try {
    mkdirSync(path.join(mount, folder));
    rmdirSync(path.join(mount, folder));
    return true;
  } catch {
    return false;
  }
}

/** Why there is none to be had here; false when there is. */
export const noCgroups: string | false = !canMake() && 'this user may not make a cgroup (v2) here';

/** The leaves of jobs anywhere below a folder of the mount, by their paths. */
export function leavesBelow(name: string): string[] {
  const list = (directory: string): string[] => {
    try {
      return readdirSync(directory, {withFileTypes: true})
        .filter((entry) => entry.isDirectory())
        .flatMap((entry) => [path.join(directory, entry.name), ...list(path.join(directory, entry.name))]);
    } catch {
      return []; // it was removed between the listing and this
    }
  };
  return list(path.join(mount as string, name)).filter((directory) => /\/nr-[0-9a-f]{16}$/.test(directory));
}

/** Whether a folder of the mount is there. */
export function isThere(name: string): boolean {
  return isCgroup(path.join(mount as string, name));
}

export interface Delegated {
  /** The folder's name below the mount. */
  readonly name: string;
  /** Where the host is to go before it gives up its rights: its directory. */
  readonly host: string;
  /** Once everybody is gone. */
  remove(): void;
}

/** A folder handed over to a user as an administrator would: the folder itself and the files by which it is divided. */
export function delegate(uid: number): Delegated {
  const name = `${folder}-of-${uid}-${delegated++}`;
  const directory = path.join(mount as string, name);
  const host = path.join(directory, 'host');
  mkdirSync(directory);
  mkdirSync(host);
  for (const each of [directory, host]) {
    chownSync(each, uid, uid);
    for (const file of ['cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads']) chownSync(path.join(each, file), uid, uid);
  }
  return {
    name,
    host,
    remove() {
      rmdirSync(host);
      rmdirSync(directory);
    },
  };
}
let delegated = 0;

/** Moves this process. */
export function enter(directory: string): void {
  writeFileSync(path.join(directory, 'cgroup.procs'), '0');
}
