// Owns: who listens to a TCP port of this machine, as /proc says it, and whether that is somebody of a tree.
// Never: a connection; a guess where /proc says nothing.
import {existsSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {readFile} from 'node:fs/promises';

/** A socket that listens. */
export interface Listening {
  readonly inode: string;
  /** '0.0.0.0' and '::' are any. */
  readonly address: string;
}

export interface Holder {
  readonly pid: number;
  readonly name: string;
}

const LISTEN = '0A';

/** Everybody who listens to a port, in this network namespace; undefined where that cannot be told. */
export async function listeningTo(port: number): Promise<readonly Listening[] | undefined> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'latin1').catch(() => undefined)));
  if (tables[0] === undefined) return undefined;
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const found: Listening[] = [];
  for (const table of tables) {
    // Connections are thousands of lines: only those of the port are looked at.
    for (const line of (table ?? '').split('\n')) {
      if (!line.includes(`:${wanted} `)) continue;
      const fields = line.trim().split(/\s+/);
      const [address = '', own] = (fields[1] ?? '').split(':');
      if (fields[3] === LISTEN && own === wanted && fields[9]) found.push({inode: fields[9], address: addressOf(address)});
    }
  }
  return found;
}

/** The kernel prints words of 32 bits in its own byte order; ours is little-endian on every platform we run on. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.subarray(0, 12).equals(Buffer.from('00000000000000000000ffff', 'hex'))) return bytes.subarray(12).join('.');
  const groups = Array.from({length: 8}, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return groups.every((group) => group === '0')
    ? '::'
    : groups.slice(0, 7).every((group) => group === '0')
      ? `::${groups[7]}`
      : groups.join(':');
}

/** Whether one of `addresses` is answered by somebody who listens to `address`. */
export function covers(address: string, addresses: readonly string[]): boolean {
  const any = ['0.0.0.0', '::'];
  return any.includes(address) || addresses.some((wanted) => wanted === address || any.includes(wanted));
}

/** A process and everything below it. */
export function treeBelow(root: number): number[] {
  const tree = [root];
  for (const pid of tree) tree.push(...childrenOf(pid));
  return tree;
}

/** By the lists that the kernel keeps for each thread; where it keeps none, by looking at everybody. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || listsOfChildren()) return [];
    return everybody().filter((other) => parentOf(other) === pid);
  }
}

function listsOfChildren(): boolean {
  return existsSync('/proc/thread-self/children');
}

/** Whether somebody of `pids` holds one of these sockets. undefined: somebody of them may not be looked at, and nobody else does. */
export function holds(pids: readonly number[], inodes: readonly string[]): boolean | undefined {
  let hidden = false;
  for (const pid of pids) {
    const held = socketsOf(pid);
    if (held === undefined) hidden = true;
    else if (inodes.some((inode) => held.has(inode))) return true;
  }
  return hidden ? undefined : false;
}

/** Somebody who holds one of these sockets, as far as this user may look. */
export function holderOf(inodes: readonly string[]): Holder | undefined {
  for (const pid of everybody()) {
    const held = socketsOf(pid);
    if (held && inodes.some((inode) => held.has(inode))) return {pid, name: nameOf(pid)};
  }
  return undefined;
}

/** undefined: it may not be looked at. One that has ended holds nothing. */
function socketsOf(pid: number): ReadonlySet<string> | undefined {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : new Set();
  }
  const inodes = new Set<string>();
  for (const name of names) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // closed meanwhile
    }
  }
  return inodes;
}

function everybody(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '?';
  }
}
