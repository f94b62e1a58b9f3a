// Owns: one job's control socket: the request out, frames both ways, and answers matched to questions.
// Never: a policy, a pipe of the child, or a signal of its own.
import type {Addon, Socket} from '../native.js';
import {encodeFrame, type FrameFields, FrameReader} from './frame.js';
import {Cause, Figure, Frame, How, Isolation, Reach, Scope, STAGES} from './protocol.gen.js';

/** One process that was alive when the child exited, or that would not die. */
export interface Seen {
  readonly pid: number;
  readonly name: string;
  /** The kernel's state letter (proc(5)), where it was reported. */
  readonly state?: string;
}

/** How far a signal goes. */
export type ReachName = 'leader' | 'group' | 'tree';

/** Why a tree is being ended (protocol.h, CAUSES), 'unknown' for a number of a later protocol. */
export type CauseName = Lowercase<keyof typeof Cause> | 'unknown';

/** What USAGE rows count, and for whom. */
export type FigureName = keyof typeof Figure;
export type ScopeName = keyof typeof Scope;

/** The step of a birth that failed. */
export interface FailedStage {
  /** As in protocol.h, in lower case. */
  readonly name: string;
  readonly syscall: string;
}

/** What a shepherd says of its job, in the order it says it. Each is called from the event loop. */
export interface ControlEvents {
  /** A shepherd took the job. */
  hello(shepherd: number, version: number): void;
  /** exec succeeded. `pidfd` is -1 where the kernel has none; the callee owns it. */
  started(pid: number, pidfd: number): void;
  failed(stage: FailedStage, errno: number): void;
  /** What holds the tree together. `leaf` is the directory of the job's own cgroup, or -1; the callee owns it. */
  isolated(level: Lowercase<keyof typeof Isolation>, leaf: number): void;
  /** The kernel has killed in that cgroup for lack of memory. */
  oom(): void;
  stopped(signal: number): void;
  continued(): void;
  stopping(cause: CauseName, graceMs: number): void;
  usage(scope: ScopeName, figure: FigureName, amount: number): void;
  leftover(seen: Seen): void;
  /** One of `code` and `signal` is null. */
  exited(code: number | null, signal: number | null, ns: number): void;
  unkillable(seen: Seen): void;
  gone(forced: boolean, leftovers: number): void;
  /** The socket ended; after gone() that is the ordinary end. Called once, last. */
  ended(): void;
}

/** errno of an answer that will never come: the shepherd is gone. */
const ESRCH = 3;

/** Bytes of one read of a control socket: all the frames of an ordinary job's life. */
export const INBOX_SIZE = 4096;

const REACHES: Readonly<Record<ReachName, number>> = {leader: Reach.LEADER, group: Reach.GROUP, tree: Reach.TREE};
const CAUSES = new Map(Object.entries(Cause).map(([name, number]) => [number as number, name.toLowerCase() as CauseName]));
const FIGURES = new Map(Object.entries(Figure).map(([name, number]) => [number as number, name as FigureName]));
const ISOLATIONS = new Map(
  Object.entries(Isolation).map(([name, number]) => [number as number, name.toLowerCase() as Lowercase<keyof typeof Isolation>]),
);
const SCOPES = new Map(Object.entries(Scope).map(([name, number]) => [number as number, name as ScopeName]));

function stageOf(number: number): FailedStage {
  const stage = STAGES[number];
  return stage ? {name: stage.name.toLowerCase(), syscall: stage.syscall} : {name: 'unknown', syscall: 'unknown'};
}

export class Control {
  #socket: Socket;
  #events: ControlEvents;
  #frames = new FrameReader();
  #inbox: Uint8Array;
  #received = -1;
  #nextId = 1;
  #waiting = new Map<number, (errno: number) => void>();
  #halves = new Map<number, string>();
  #over = false;
  #addon: Addon;
  /** Reads so far that brought something: once there is one the hire can not be repeated. */
  reads = 0;

  /** Takes over `fd`. `inbox` is shared by all controls of an environment: it is read before the callback returns. */
  constructor(addon: Addon, fd: number, inbox: Uint8Array, events: ControlEvents) {
    this.#addon = addon;
    this.#events = events;
    this.#inbox = inbox;
    this.#socket = new addon.Socket(fd, inbox, (n, received) => this.#data(n, received));
  }

  /** Queues the request; the shepherd's end of the socket may not even be received yet. */
  send(request: Uint8Array): void {
    this.#socket.write(request);
  }

  /** Resolves to 0, or to the errno: ESRCH when nobody is left. */
  kill(reach: ReachName, signal: number): Promise<number> {
    return this.#ask(Frame.KILL, REACHES[reach], signal);
  }

  /** Ends the tree; `graceMs` -1 is the request's own killTimeout. */
  stop(graceMs: number): Promise<number> {
    return this.#ask(Frame.STOP, 0, Math.min(graceMs, 0x7fffffff));
  }

  /** Resolves to 0 once everybody is stopped. */
  freeze(): Promise<number> {
    return this.#ask(Frame.FREEZE, 0, 0);
  }

  thaw(): Promise<number> {
    return this.#ask(Frame.THAW, 0, 0);
  }

  /** Resolves to 0 once the USAGE rows of now have been told. */
  askUsage(): Promise<number> {
    return this.#ask(Frame.USAGE_ASK, 0, 0);
  }

  /** Resolves to 0 when the shepherd answered. */
  ping(): Promise<number> {
    return this.#ask(Frame.PING, 0, 0);
  }

  /** Some question has no answer yet. */
  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  /** Reads what has arrived, now: before a deadline is believed (libuv runs timers before it reads sockets). */
  drain(): void {
    if (!this.#over) this.#socket.drain();
  }

  ref(): void {
    if (!this.#over) this.#socket.ref();
  }

  unref(): void {
    if (!this.#over) this.#socket.unref();
  }

  /** Ends the conversation: to a shepherd that has not said GONE, the host is gone. */
  close(): void {
    this.#end(false);
  }

  #ask(type: number, kind: number, value: number): Promise<number> {
    if (this.#over) return Promise.resolve(ESRCH);
    const id = this.#nextId++;
    const answer = new Promise<number>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.write(encodeFrame(type, kind, value, id));
    return answer;
  }

  #data(n: number, received: number): void {
    if (received >= 0) {
      if (this.#received >= 0) this.#addon.close(this.#received);
      this.#received = received;
    }
    if (n <= 0) return this.#end(true);
    this.reads++;
    this.#frames.push(this.#inbox, n, (frame) => {
      if (!this.#over) this.#frame(frame);
    });
  }

  #end(tell: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.close();
    if (this.#received >= 0) this.#addon.close(this.#received);
    this.#received = -1;
    for (const resolve of this.#waiting.values()) resolve(ESRCH);
    this.#waiting.clear();
    if (tell) this.#events.ended();
  }

  #frame(frame: FrameFields): void {
    const events = this.#events;
    switch (frame.type) {
      case Frame.HELLO:
        return events.hello(frame.value, frame.extra);
      case Frame.STARTED:
        return events.started(frame.value, this.#takeReceived());
      case Frame.ISOLATED:
        return events.isolated(ISOLATIONS.get(frame.kind) ?? 'tree', this.#takeReceived());
      case Frame.OOM:
        return events.oom();
      case Frame.FAILED:
        return events.failed(stageOf(frame.kind), frame.value);
      case Frame.STOPPED:
        return events.stopped(frame.value);
      case Frame.CONTINUED:
        return events.continued();
      case Frame.STOPPING:
        return events.stopping(CAUSES.get(frame.kind) ?? 'unknown', frame.value);
      case Frame.USAGE:
        return this.#usage(frame);
      case Frame.LEFTOVER:
        return this.#leftover(frame);
      case Frame.EXITED:
        return frame.kind === How.CODE ? events.exited(frame.value, null, frame.extra) : events.exited(null, frame.value, frame.extra);
      case Frame.UNKILLABLE:
        return events.unkillable({pid: frame.value, name: frame.text, state: String.fromCharCode(frame.kind)});
      case Frame.DONE:
        return this.#answer(frame.extra, frame.value);
      case Frame.PONG:
        return this.#answer(frame.extra, 0);
      case Frame.GONE:
        return events.gone(frame.kind === 1, frame.value);
      default:
        // A stranger's bytes: this is not our shepherd. To it the host is gone; to the host the job is lost.
        return this.#end(true);
    }
  }

  /** The descriptor that came with this frame, or -1: a read ends with the frame that brought one. */
  #takeReceived(): number {
    const fd = this.#received;
    this.#received = -1;
    return fd;
  }

  /** A figure or scope that only a later protocol has is no concern of ours. */
  #usage(frame: FrameFields): void {
    const scope = SCOPES.get(frame.value);
    const figure = FIGURES.get(frame.kind);
    if (scope && figure) this.#events.usage(scope, figure, frame.extra);
  }

  #leftover(frame: FrameFields): void {
    if (frame.kind === 0) {
      this.#halves.set(frame.value, frame.text);
      return;
    }
    this.#events.leftover({pid: frame.value, name: (this.#halves.get(frame.value) ?? '') + frame.text});
    this.#halves.delete(frame.value);
  }

  #answer(id: number, errno: number): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(errno);
  }
}
