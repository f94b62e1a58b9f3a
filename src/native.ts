// Owns: finding and loading the addon and the shepherd binary, and the addon's interface as TypeScript sees it.
// Never: a protocol number, a policy, anything at import time.
import {accessSync, closeSync, constants, existsSync, openSync, readSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

/** What a call answers that can fail: 0 or more is a success, below 0 is `-errno`. */
export type OrErrno = number;

/** The read side of one pipe or terminal. Nothing is read unless somebody asks. Closed by close(), by collection, or at the environment's end. */
export interface Reader {
  /**
   * Asks for at most `max` bytes. Buffer: data, read now. null: the end, again and again. undefined: parked; `onReady` is called once
   * when it is worth asking again. A number is `-errno`.
   */
  read(max: number): Buffer | null | undefined | OrErrno;
  /** The same into the caller's memory: bytes read, 0 at the end, undefined when parked, or `-errno`. Keeps no reference to `target`. */
  readInto(target: Uint8Array): OrErrno | undefined;
  /** Forgets a parked question: `onReady` will not be called for it. */
  unpark(): void;
  /** The tree is gone: from now on, nothing there is the end. Wakes a parked question. */
  finish(): void;
  /** true when finish() was needed to end it: somebody outside the tree still holds the other end. */
  readonly heldOutside: boolean;
  /** Bytes read so far. */
  readonly bytes: number;
  /** Reads so far that moved bytes. */
  readonly count: number;
  ref(): void;
  unref(): void;
  /** Idempotent. */
  close(): void;
}

/** The write side of one pipe or terminal. */
export interface Writer {
  /**
   * Writes from `source` at `offset`: how many bytes the kernel took (fewer than asked: parked, `onReady` is called once when there is
   * room again), or `-errno` (EPIPE: nobody reads any more). Keeps no reference to `source`. Never raises SIGPIPE.
   */
  write(source: Uint8Array, offset: number): OrErrno;
  unpark(): void;
  readonly bytes: number;
  readonly count: number;
  ref(): void;
  unref(): void;
  /** Idempotent. */
  close(): void;
}

/** Drains one pipe by itself, in C, and keeps its first `head` and last `tail` bytes. */
export interface Collector {
  /** Bytes kept now: at most head + tail. */
  readonly kept: number;
  /** Bytes that came in all. */
  readonly bytes: number;
  readonly count: number;
  readonly heldOutside: boolean;
  /** Copies what is kept now: the head, and the tail. */
  peek(): {head: Buffer; tail: Buffer};
  /** Hands what is kept to JavaScript, without a copy where that is allowed; after this the collector is empty. */
  take(): {head: Buffer; tail: Buffer};
  /** The tree is gone: reads what is there, then ends. */
  finish(): void;
  ref(): void;
  unref(): void;
  close(): void;
}

/** One end of a control or server socket: a stream of bytes that may bring descriptors. */
export interface Socket {
  /** Sends now, and keeps what does not fit until it does. 0, or `-errno` when the other end is gone. */
  write(bytes: Uint8Array): OrErrno;
  /** Reads at once whatever is there (calling `onData`), without waiting for the event loop. */
  drain(): void;
  ref(): void;
  unref(): void;
  close(): void;
}

export interface Addon {
  /** Two ends of a new pipe, [read, write], both close-on-exec, or `-errno`. */
  pipe(): [number, number] | OrErrno;
  /** Two ends of a new SOCK_STREAM socketpair, both close-on-exec, or `-errno`. */
  socketPair(): [number, number] | OrErrno;
  /** Closes a bare descriptor that no object of ours owns yet. */
  close(fd: number): void;
  /** 0 when `fd` is open, else `-errno`. */
  probe(fd: number): OrErrno;
  isTerminal(fd: number): boolean;
  /** The terminal's foreground process group, or `-errno`. */
  terminalGroup(fd: number): OrErrno;
  /** getpgrp(2). */
  processGroup(): number;
  /**
   * A new pseudo-terminal of that size: three descriptors of our side (to read, to write, to ask and resize) and the child's, all
   * close-on-exec, or `-errno`. Throws for a size outside 1 to 65535.
   */
  pty(cols: number, rows: number, echo: boolean): [reading: number, writing: number, asking: number, far: number] | OrErrno;
  /** Changes the size; the foreground group gets SIGWINCH. 0 or `-errno`. Throws for a size outside 1 to 65535. */
  resize(fd: number, cols: number, rows: number): OrErrno;
  /**
   * The character that ends a terminal's input; plus 256 while its program reads character by character, plus 512 where a line begins behind
   * the last two bytes that were typed (-1: none); or `-errno`.
   */
  endOfInput(fd: number, before: number, last: number): OrErrno;
  /** Makes a terminal pass every byte as it is, in both directions. What restoreMode() needs to undo it, or `-errno`. */
  makeRaw(fd: number): Buffer | OrErrno;
  restoreMode(fd: number, saved: Uint8Array): OrErrno;
  /**
   * A copy of environ with changes, as KEY=VALUE\0... `changes` is the same form; an entry without '=' removes that variable.
   * undefined in a worker, where process.env is not environ.
   */
  environment(changes: Uint8Array): Buffer | undefined;
  /** A number that changes when this thread's ids, groups, capabilities, no_new_privs or seccomp mode do: what its children inherit. */
  identity(): number;
  /** Starts a fork server: its pid, its pidfd (-1 where the kernel has none), our ends of its hire and server sockets; or `-errno`. */
  startServer(file: string, title: string): {pid: number; pidfd: number; hire: number; server: number} | OrErrno;
  /** Sends one message with descriptors on a hire socket, without waiting: 0 or `-errno`. */
  hire(hire: number, message: Uint8Array, fds: readonly number[]): OrErrno;
  /** Sends a signal through a pidfd (flags as pidfd_send_signal(2); 4 = PIDFD_SIGNAL_PROCESS_GROUP): 0 or `-errno`. */
  signal(pidfd: number, signal: number, flags: number): OrErrno;
  /** Orphans of this process's tree come to it from now on: 0 or `-errno`. It has to reap them. */
  becomeSubreaper(): OrErrno;
  /** Reaps one child of ours by pid, without waiting. true when it is reaped or not ours. */
  reap(pid: number): boolean;
  /** Takes over `fd`. `onReady` is called on the event loop, never from inside read(). */
  Reader: new (
    fd: number,
    onReady: () => void,
  ) => Reader;
  Writer: new (fd: number, onReady: () => void) => Writer;
  /**
   * Takes over `fd` and reads until the end. `onEnd(0)`: the end; `onEnd(1)`: more than head + tail came and `stopWhenFull` is set, the
   * descriptor is closed; `onEnd(-errno)`.
   */
  Collector: new (
    fd: number,
    head: number,
    tail: number,
    stopWhenFull: boolean,
    onEnd: (status: OrErrno) => void,
  ) => Collector;
  /**
   * Takes over `fd`. `onData(n, received)`: n > 0 bytes lie in `inbox`, to be read before returning, and `received` is a descriptor that
   * came along or -1 (the callee owns it); n = 0 is the end, once; n < 0 is `-errno`, once.
   */
  Socket: new (
    fd: number,
    inbox: Uint8Array,
    onData: (n: number, received: number) => void,
  ) => Socket;
}

/** What is loaded, once per environment. */
export interface Native {
  readonly addon: Addon;
  /** The path of the shepherd's executable. */
  readonly shepherd: string;
}

/** Why nothing can be run here; the message is a sentence that says what to do. */
export class NativeError extends Error {
  readonly code: 'ERR_UNSUPPORTED_PLATFORM' | 'ERR_BINARY_MISSING' | 'ERR_ACCESS_DENIED';

  constructor(code: NativeError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : {cause});
    this.name = 'NativeError';
    this.code = code;
  }
}

const ADDON = 'net_runner.node';
const SHEPHERD = 'net-runner-shepherd';

let loaded: Native | undefined;

/** The addon and the shepherd, found and loaded at the first call. Throws NativeError; the next call tries again. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

function load(): Native {
  refuse();
  const folders = candidates();
  const shepherd = find(process.env.NET_RUNNER_SHEPHERD, SHEPHERD, folders);
  const file = find(process.env.NET_RUNNER_ADDON, ADDON, folders);
  checkExecutable(shepherd);
  return {addon: open(file), shepherd};
}

/** Refuses what cannot work, before anything is loaded: a wrong guess there is a crash, not an error. */
function refuse(): void {
  const {platform, versions} = process;
  if (platform === 'win32') throw new NativeError('ERR_UNSUPPORTED_PLATFORM', 'net-runner does not run on Windows; use it inside WSL 2');
  if (platform !== 'linux')
    throw new NativeError(
      'ERR_UNSUPPORTED_PLATFORM',
      `net-runner does not run on ${platform} yet; use it on Linux, in a container for example`,
    );
  const other = ['bun', 'deno'].find((name) => name in versions);
  if (other) throw new NativeError('ERR_UNSUPPORTED_PLATFORM', `net-runner needs Node.js: ${other} lacks the event loop it is built on`);
  // Types of Node 20 do not know it; there only under --permission.
  const permission = (process as {permission?: {has(scope: string): boolean}}).permission;
  if (permission && !permission.has('child'))
    throw new NativeError(
      'ERR_ACCESS_DENIED',
      'the permission model forbids child processes; start node with --allow-child-process and --allow-addons',
    );
}

/** Where the binaries may lie, best first. */
function candidates(): string[] {
  const root = unpacked(packageRoot());
  const {platform, arch} = process;
  return [path.join(root, 'prebuilds', `${platform}-${arch}${usesMusl() ? '-musl' : ''}`), path.join(root, 'build')];
}

/** The nearest folder above this file that holds a package.json; an application's own when a bundler put us there. */
function packageRoot(): string {
  const own = path.dirname(fileURLToPath(import.meta.url));
  for (let folder = own; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (folder === path.dirname(folder)) return path.dirname(own);
  }
}

/** Electron packs files into an archive from which nothing can be executed, and puts those that must be beside it. */
function unpacked(folder: string): string {
  return folder.replace(/([\\/])app\.asar(?=[\\/]|$)/, '$1app.asar.unpacked');
}

function find(override: string | undefined, name: string, folders: readonly string[]): string {
  const files = override ? [path.resolve(override)] : folders.map((folder) => path.join(folder, name));
  const found = files.find((file) => existsSync(file));
  if (found) return found;
  const variable = name === ADDON ? 'NET_RUNNER_ADDON' : 'NET_RUNNER_SHEPHERD';
  const advice = override
    ? `correct ${variable}`
    : `reinstall net-runner, or run \`npm run prepare\` in its folder (needs make and a C compiler), or set ${variable}`;
  throw new NativeError('ERR_BINARY_MISSING', `there is no ${files.join(' and no ')}; ${advice}`);
}

function checkExecutable(shepherd: string): void {
  try {
    accessSync(shepherd, constants.X_OK);
  } catch (error) {
    throw new NativeError('ERR_ACCESS_DENIED', `${shepherd} is not executable; run \`chmod +x ${shepherd}\``, error);
  }
}

function open(file: string): Addon {
  const module = {exports: {}};
  try {
    process.dlopen(module, file);
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'ERR_DLOPEN_DISABLED' || code === 'ERR_ACCESS_DENIED')
      throw new NativeError(
        'ERR_ACCESS_DENIED',
        'node was told to load no addons; start it with --allow-addons and without --no-addons',
        error,
      );
    const [first] = message.split('\n');
    throw new NativeError(
      'ERR_BINARY_MISSING',
      `${file} cannot be loaded (${first}); reinstall net-runner on this machine, or run \`npm run prepare\` in its folder`,
      error,
    );
  }
  return module.exports as Addon;
}

/** Whether this Node was built against musl: the interpreter in its own ELF header says so, in a hundredth of process.report's time. */
function usesMusl(): boolean {
  let fd: number;
  try {
    fd = openSync(process.execPath, 'r');
  } catch {
    return false; // not ours to read: the permission model, or a mode
  }
  const head = Buffer.alloc(4096);
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  return head.includes('/ld-musl-');
}
