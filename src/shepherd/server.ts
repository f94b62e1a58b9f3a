// Owns: the environment's fork server: starting it, hiring from it in turn, hearing of its death, replacing it.
// Never: a byte of a child's data, or what a job is.
import {constants} from 'node:os';
import type {Addon, Socket} from '../native.js';
import {INBOX_SIZE} from './control.js';
import {encodeFrame, type FrameFields, FrameReader} from './frame.js';
import {reapOrphans} from './orphans.js';
import {Frame, PROTOCOL_VERSION, Proof} from './protocol.gen.js';
import {Standing} from './standing.js';

/** Hires that no shepherd has answered yet, at most: more would only fill the socket (65 fit at NOFILE 256). */
const UNANSWERED = 32;
/** A hire that could not be sent for want of room is tried again after the next answer, or after this many ms. */
const RETRY_MS = 10;
/** ms until an unanswered hire is overdue: then everybody is woken. */
const OVERDUE_MS = 1_000;
/** ms that a woken fork server still has before it is replaced. */
const PATIENCE_MS = 5_000;
/** ms that the report on a shepherd is kept for whoever has not heard of its end yet. */
const EARLY_MS = 60_000;

const BUSY: ReadonlySet<number> = new Set([constants.errno.EAGAIN, constants.errno.ENOBUFS, 109 /* ETOOMANYREFS, Linux */]);

/** What the fork server says of a shepherd that ended without GONE. */
export interface Swept {
  readonly killed: number;
  readonly proven: boolean;
}

/** Thrown when no fork server could be started. */
export class ServerError extends Error {
  readonly errno: number;
  readonly path: string;

  constructor(errno: number, path: string) {
    super(`the fork server could not be started (errno ${errno})`);
    this.errno = errno;
    this.path = path;
  }
}

/** A place in the queue of hires: answered exactly once, by the first frame or the end of the job's control. */
export interface Turn {
  answered(): void;
}

export class ForkServer {
  readonly pid: number;
  #addon: Addon;
  #hire: Socket;
  #hireFd: number;
  #server: Socket;
  #pidfd: number;
  #frames = new FrameReader();
  #dead = false;
  #retired = false;
  #reaped = false;
  #turns = new Map<Turn, number>();
  #queue: (() => void)[] = [];
  #room: (() => void)[] = [];
  #overdue: NodeJS.Timeout | undefined;
  #wokenAt: number | undefined;
  #sweeps = new Map<number, (swept: Swept | null) => void>();
  #early = new Map<number, Swept & {readonly at: number}>();

  /** 'detached': a server of one job, below nobody of ours, which may outlive this process. Throws ServerError. */
  constructor(addon: Addon, file: string, kind: 'fork' | 'detached' = 'fork') {
    const started = addon.startServer(file, `net-runner: ${kind} server of ${process.pid}`);
    if (typeof started === 'number') throw new ServerError(-started, file);
    this.#addon = addon;
    this.pid = started.pid;
    this.#pidfd = started.pidfd;
    if (kind === 'detached') this.#letStepAside();
    this.#hireFd = started.hire;
    // The hire socket is only ever written to; an object owns it so that it goes when the environment does.
    this.#hire = new addon.Socket(started.hire, new Uint8Array(16), () => {});
    const inbox = new Uint8Array(INBOX_SIZE);
    this.#server = new addon.Socket(started.server, inbox, (n, received) => {
      if (received >= 0) this.#named(received);
      if (n > 0) this.#frames.push(inbox, n, (frame) => this.#frame(frame));
      else this.#died();
    });
    this.#hire.unref();
    this.#server.unref();
  }

  /** false once it died or was retired: jobs that run are not touched by that, the next one needs another server. */
  get usable(): boolean {
    return !this.#dead && !this.#retired;
  }

  get alive(): boolean {
    return !this.#dead;
  }

  /** Waits until a hire may be sent: first come, first served, at most UNANSWERED without an answer. */
  turn(): Turn | Promise<Turn> {
    if (this.#turns.size < UNANSWERED && this.#queue.length === 0) return this.#take();
    return new Promise((resolve) => this.#queue.push(() => resolve(this.#take())));
  }

  /** Sends one hire: 0, or the errno of a failure that waiting does not cure. */
  hire(fds: readonly number[], killTimeout: number): number | Promise<number> {
    const message = encodeFrame(Frame.HIRE, 0, Math.min(killTimeout, 0x7fffffff), PROTOCOL_VERSION);
    const sent = this.#send(message, fds);
    return BUSY.has(sent) ? this.#sendLater(message, fds) : sent;
  }

  /**
   * A shepherd took a job that was hired for at `since`: what was said before that of another one with its number does not concern it. What
   * was said since does: its end may be read before its greeting, as they come through two sockets.
   */
  greeted(shepherd: number, since: number): void {
    const early = this.#early.get(shepherd);
    if (early !== undefined && early.at < since) this.#early.delete(shepherd);
  }

  /** What became of the tree of a shepherd that ended without GONE: null when nobody is left who could tell, or it takes longer than `ms`. */
  swept(shepherd: number, ms: number): Promise<Swept | null> {
    const early = this.#early.get(shepherd);
    if (early) {
      this.#early.delete(shepherd);
      return Promise.resolve(early);
    }
    if (this.#dead) return Promise.resolve(null);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), ms);
      const settle = (swept: Swept | null) => {
        clearTimeout(timer);
        this.#sweeps.delete(shepherd);
        resolve(swept);
      };
      this.#sweeps.set(shepherd, settle);
    });
  }

  /** Continues it, and every shepherd of it, that somebody has stopped. */
  wake(): void {
    if (this.#dead) return;
    this.#continue();
    this.#server.write(encodeFrame(Frame.WAKE, 0, 0, 0));
  }

  /** Has a shepherd killed that was woken and is silent; 'stopped': only if somebody has stopped it again. It is swept then. */
  replace(shepherd: number, silent: 'stopped' | 'anyway'): void {
    if (this.#dead) return;
    this.#continue(); // not its shepherds: whether this one is stopped is the question
    this.#server.write(encodeFrame(Frame.REPLACE, silent === 'stopped' ? 0 : 1, shepherd, 0));
  }

  /** Reads at once what it said, its end included. */
  drain(): void {
    if (!this.#dead) this.#server.drain();
  }

  /** No more hires: it leaves once its last job is over. */
  retire(): void {
    if (!this.usable) return;
    this.#retired = true;
    this.#hire.close();
    for (const resume of this.#room.splice(0)) resume();
    for (const next of this.#queue.splice(0)) next();
  }

  #send(message: Uint8Array, fds: readonly number[]): number {
    return this.usable ? -this.#addon.hire(this.#hireFd, message, fds) : constants.errno.EPIPE;
  }

  async #sendLater(message: Uint8Array, fds: readonly number[]): Promise<number> {
    for (;;) {
      await this.#roomForMore();
      const sent = this.#send(message, fds);
      if (!BUSY.has(sent)) return sent;
    }
  }

  #continue(): void {
    if (this.#pidfd >= 0) this.#addon.signal(this.#pidfd, constants.signals.SIGCONT, 0);
  }

  /** A detached server forks and leaves: what was started is only its parent, and soon a zombie. It names itself when it is ready. */
  #letStepAside(): void {
    if (this.#pidfd >= 0) this.#addon.close(this.#pidfd);
    this.#pidfd = -1;
    this.#reap(1);
  }

  #named(pidfd: number): void {
    if (this.#pidfd >= 0 || this.#dead) this.#addon.close(pidfd);
    else this.#pidfd = pidfd;
  }

  #take(): Turn {
    const turn: Turn = {
      answered: () => {
        if (!this.#turns.delete(turn)) return;
        this.#wokenAt = undefined;
        for (const resume of this.#room.splice(0)) resume();
        if (this.#turns.size < UNANSWERED) this.#queue.shift()?.();
        this.#watch();
      },
    };
    this.#turns.set(turn, performance.now());
    this.#watch();
    return turn;
  }

  #roomForMore(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS);
      this.#room.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** One timer for all hires; the map keeps the order of their sending, so its first one is the oldest. */
  #watch(): void {
    if (this.#turns.size === 0) {
      clearTimeout(this.#overdue);
      this.#overdue = undefined;
    } else if (this.#overdue === undefined) {
      this.#overdue = setTimeout(() => this.#late(), OVERDUE_MS);
      this.#overdue.unref();
    }
  }

  /** libuv runs timers before it reads sockets: what arrived while the loop was held is heard first, in a later turn. */
  #late(): void {
    this.#server.drain();
    setImmediate(() => {
      this.#overdue = undefined;
      const [oldest] = this.#turns.values();
      if (oldest === undefined || this.#dead) return;
      const now = performance.now();
      if (this.#wokenAt !== undefined && now - this.#wokenAt >= PATIENCE_MS) this.#kill();
      else if (now - oldest >= OVERDUE_MS) {
        this.#wokenAt ??= now;
        this.wake();
      }
      this.#watch();
    });
  }

  /** Its idle shepherds die with it, the queued hires end without a frame, and each is sent once more, to the next server. */
  #kill(): void {
    this.retire(); // at once: its sockets need not end in the order in which this is told
    if (this.#pidfd >= 0) this.#addon.signal(this.#pidfd, constants.signals.SIGKILL, 0);
    else this.#died(); // a detached one that never named itself: it goes when it finds both sockets ended
  }

  #frame(frame: FrameFields): void {
    switch (frame.type) {
      case Frame.READY:
        if (frame.extra !== PROTOCOL_VERSION) this.retire();
        return;
      case Frame.SWEPT: {
        const swept = {killed: frame.extra, proven: frame.kind !== Proof.NONE};
        const settle = this.#sweeps.get(frame.value);
        if (settle) settle(swept);
        else this.#keep(frame.value, swept);
        return;
      }
    }
  }

  /** Who asks does so soon. */
  #keep(shepherd: number, swept: Swept): void {
    const now = performance.now();
    for (const [pid, {at}] of this.#early) if (now - at > EARLY_MS) this.#early.delete(pid);
    this.#early.set(shepherd, {...swept, at: now});
  }

  #died(): void {
    if (this.#dead) return;
    this.retire();
    this.#dead = true;
    clearTimeout(this.#overdue);
    this.#server.close();
    for (const settle of [...this.#sweeps.values()]) settle(null);
    this.#reap(1);
    reapOrphans(this.#addon);
    if (this.#pidfd >= 0) this.#addon.close(this.#pidfd);
    this.#pidfd = -1;
  }

  /** Its sockets end a little before it becomes a zombie: asks again until it is reaped. */
  #reap(delay: number): void {
    if (this.#reaped) return; // its number may be somebody else's by now
    this.#reaped = this.#addon.reap(this.pid);
    if (this.#reaped) return;
    setTimeout(() => this.#reap(Math.min(delay * 2, 1_000)), delay).unref();
  }
}

/** The one fork server of this environment: each thread has its own instance of this module. */
let current: {readonly server: ForkServer; readonly standing: Standing} | undefined;

/**
 * The environment's fork server, started when it is first needed, again when the last one is gone, and again when the host's own standing
 * has changed: what it has given up must not come back through an older server. Throws ServerError.
 */
export function forkServer(addon: Addon, file: string): ForkServer {
  if (current?.server.usable && current.standing.hasChanged()) current.server.retire();
  if (!current?.server.usable) current = {standing: new Standing(addon), server: new ForkServer(addon, file)};
  return current.server;
}

/** A server for one detached job. Throws ServerError. */
export function detachedServer(addon: Addon, file: string): ForkServer {
  return new ForkServer(addon, file, 'detached');
}

/** No more hires from the one there is: the next job gets a new one. */
export function retireServer(): void {
  current?.server.retire();
}
