// Owns: the birth of a child as the host does it: pipes, hire, request, and the one retry. The only file that knows both planes.
// Never: what is done with the bytes, or how a job ends.
import {constants} from 'node:os';
import path from 'node:path';
import type {CopyTo} from '../io/copy.js';
import {drop, hold} from '../io/feed.js';
import {Terminal} from '../io/terminal.js';
import {type Addon, native} from '../native.js';
import {Control, INBOX_SIZE} from '../shepherd/control.js';
import {encodeRequest, type FdRow, type Request} from '../shepherd/request.js';
import {detachedServer, type ForkServer, forkServer, type Turn} from '../shepherd/server.js';
import type {TerminalSettings} from '../words/given.js';
import type {Settings} from '../words/settings.js';
import {type Connection, isPiped} from '../words/target.js';
import {onAbort} from './abort.js';
import {BirthError, EndedBeforeStart, refuseEnded} from './birth_error.js';
import {environment} from './environment.js';
import {tell} from './events.js';
import {Files, isFile} from './files.js';
import {type Birth, Job} from './job.js';
import {opened} from './opening.js';
import {ownerSignal} from './owner.js';

/** What is to be started: settled options, and the program with all its arguments. */
export interface Plan {
  readonly file: string;
  readonly args: readonly string[];
  readonly settings: Settings;
}

/** A started job and our ends of its pipes; -1 where there is none. The caller gives each to an object of the addon at once. */
export interface Spawned {
  readonly addon: Addon;
  readonly job: Job;
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  /** With `pty`: its size, its mode and how its input ends. The job closes it. */
  readonly terminal: Terminal | undefined;
  /** Who else gets what comes through the pipes; the caller closes what is owned. */
  readonly copies: {readonly stdout: readonly CopyTo[]; readonly stderr: readonly CopyTo[]};
}

export {BirthError, EndedBeforeStart} from './birth_error.js';

const {E2BIG, EBADF, ECONNRESET, ENOTCONN, ENOTTY, EPIPE} = constants.errno;

/** What sending says when nobody holds the other end any more. */
const GONE: ReadonlySet<number> = new Set([EPIPE, ECONNRESET, ENOTCONN]);

/** A server that dies before each hire is not started for ever. */
const MOST_TRIES = 4;

/** Read before the callback of a control returns, so one serves all jobs of an environment. */
const inbox = new Uint8Array(INBOX_SIZE);

/**
 * Starts one job; resolves once exec has succeeded. Rejects with BirthError, EndedBeforeStart, ServerError or NativeError, and then
 * nothing is left: no process, no descriptor, and `input` is closed. The plan's AbortSignal is obeyed from here to the job's end.
 */
export async function spawn(plan: Plan): Promise<Spawned> {
  const {signal, owner, input} = plan.settings;
  hold(input);
  const files = new Files();
  try {
    const {addon, shepherd} = native();
    const signals = [...(signal ? [signal] : []), ...(owner && owner !== 'gc' ? [ownerSignal(owner)] : [])];
    refuseEnded(signals);
    // An await that has nothing to wait for costs a turn of its own.
    const opening = files.open(plan.settings);
    if (opening) await opened(opening, files, signals, plan.settings.timeout);
    const layout = new Layout(plan.settings, files);
    const request = encodeRequest(describe(addon, plan, layout));
    if (request === undefined) throw new BirthError('exec', 'execve', E2BIG);
    let repeated = false;
    for (let tries = 1; ; tries++) {
      const result = await attempt({addon, shepherd, plan, layout, request, signals, last: repeated || tries === MOST_TRIES});
      repeated = repeated || result === 'unheard';
      if (typeof result === 'string') continue;
      tell(result.job, plan.file, plan.args);
      return {...result, copies: files.takeCopies()};
    }
  } catch (error) {
    drop(input);
    throw error;
  } finally {
    files.close();
  }
}

interface Attempt {
  readonly addon: Addon;
  readonly shepherd: string;
  readonly plan: Plan;
  readonly layout: Layout;
  readonly request: Uint8Array;
  readonly signals: readonly AbortSignal[];
  /** What was sent may not be sent again. */
  readonly last: boolean;
}

/** A word says why no shepherd took it: it may be tried again. */
async function attempt({
  addon,
  shepherd,
  plan,
  layout,
  request,
  signals,
  last,
}: Attempt): Promise<Omit<Spawned, 'copies'> | 'unheard' | 'unsent'> {
  const free = plan.settings.detached ? ownTurn(addon, shepherd) : nextTurn(addon, shepherd);
  const {server, turn} = free instanceof Promise ? await free : free;
  let job: Job | undefined;
  const ends = new Ends(addon);
  try {
    refuseEnded(signals);
    job = new Job(addon, server, turn, plan.settings);
    ends.open(layout);
    const birth = await hire(addon, server, job, ends, request, {signals, killTimeout: plan.settings.killTimeout});
    if (birth.kind === 'started') {
      ends.closeTheirs();
      const [stdin, stdout, stderr, asking] = ends.ours;
      return {addon, job, stdin, stdout, stderr, terminal: terminalOf(addon, job, asking)};
    }
    if (birth.kind === 'stopped') throw new EndedBeforeStart(job.cause?.reason === 'timeout' ? 'timeout' : 'abort', job.cause?.error);
    if (last || !mayRepeat(birth, server)) throw birthError(birth);
    ends.closeAll();
    return birth.kind === 'unsent' ? 'unsent' : 'unheard';
  } catch (error) {
    ends.closeAll();
    throw error;
  } finally {
    turn.answered();
    if (plan.settings.detached) server.retire(); // it has its one job, or none
    if (job && job.pid < 0) job.abandon();
  }
}

/** Asked and resized through a third descriptor, whatever becomes of the two that are read and written. */
function terminalOf(addon: Addon, job: Job, fd: number): Terminal | undefined {
  if (fd < 0) return undefined;
  const terminal = new Terminal(addon, fd);
  job.whenGone.push(() => {
    terminal.leave();
    addon.close(fd);
  });
  return terminal;
}

interface Place {
  readonly server: ForkServer;
  readonly turn: Turn;
}

/** At once, unless many jobs are being born. */
function nextTurn(addon: Addon, shepherd: string): Place | Promise<Place> {
  const server = forkServer(addon, shepherd);
  const turn = server.turn();
  return turn instanceof Promise ? afterOthers(addon, shepherd, server, turn) : {server, turn};
}

/** Its server may be gone when its turn has come: then it queues up at the next one. */
async function afterOthers(addon: Addon, shepherd: string, server: ForkServer, waiting: Promise<Turn>): Promise<Place> {
  const turn = await waiting;
  if (server.usable) return {server, turn};
  turn.answered();
  return nextTurn(addon, shepherd);
}

async function ownTurn(addon: Addon, shepherd: string): Promise<Place> {
  const server = detachedServer(addon, shepherd);
  return {server, turn: await server.turn()};
}

/** Who may end the job from the host's side, and with what grace. */
interface Ending {
  readonly signals: readonly AbortSignal[];
  readonly killTimeout: number;
}

/** Sends the request and the hire: what becomes of them. */
function hire(addon: Addon, server: ForkServer, job: Job, ends: Ends, request: Uint8Array, ending: Ending): Promise<Birth> {
  const {signals, killTimeout} = ending;
  for (const signal of signals) job.whenGone.push(onAbort(signal, (reason) => job.end('abort', killTimeout, reason)));
  const pair = addon.socketPair();
  if (typeof pair === 'number') throw new BirthError('hire', 'socketpair', -pair);
  const [near, far] = pair;
  const control = new Control(addon, near, inbox, job);
  job.attach(control);
  control.send(request);
  const sent = server.hire([far, ...ends.theirs], killTimeout);
  const born = (errno: number) => {
    // A queued hire holds its own reference: were ours kept, the purge of a dead server's queue would not end the control.
    addon.close(far);
    if (GONE.has(errno)) {
      control.close();
      return Promise.resolve<Birth>({kind: 'unsent'});
    }
    // Any other failure to send ends the control without a frame, as we have closed its far end.
    if (errno !== EBADF) return job.born;
    control.close();
    throw new BirthError('hire', 'sendmsg', errno);
  };
  return typeof sent === 'number' ? born(sent) : sent.then(born);
}

/**
 * A queued hire cannot be recalled, so only one that no shepherd took, or that one refused unread, is sent again: exactly once. One that
 * could not be sent does not count.
 */
function mayRepeat(birth: Birth, server: ForkServer): boolean {
  if (birth.kind === 'unsent') {
    // A dying process closes its sockets one after the other: what ended first must not be hired from again.
    server.retire();
    return true;
  }
  if (birth.kind === 'unheard') {
    server.drain();
    return true;
  }
  if (birth.kind !== 'failed' || birth.stage.name !== 'credentials') return false;
  server.retire();
  return true;
}

function birthError(birth: Birth): BirthError {
  if (birth.kind !== 'failed')
    return new BirthError('hire', 'recvmsg', constants.errno.ECONNRESET, birth.kind === 'lost' ? birth : undefined);
  return new BirthError(birth.stage.name, birth.stage.syscall, birth.errno);
}

/** What goes to the child's descriptors, once files are open: a pure reading of the options. */
class Layout {
  readonly rows: FdRow[] = [];
  /** The sources in the order of their sending: a descriptor of the host's, or the child's end of one of our pipes (0, 1 or 2) or of a pty. */
  readonly sources: {readonly fd?: number; readonly pipe?: 0 | 1 | 2; readonly pty?: TerminalSettings}[] = [];
  /** The host's descriptor behind the child's stdin, or undefined. */
  readonly stdinFd: number | undefined;
  #files: Files;

  constructor({stdin, stdout, stderr, extraFds, pty}: Settings, files: Files) {
    this.#files = files;
    if (pty) {
      this.sources.push({pty});
      for (const target of [0, 1, 2]) this.rows.push({target, source: 0, inherited: false});
    } else {
      this.#add(0, stdin);
      this.#add(1, stdout);
      this.#add(2, stderr);
      this.stdinFd = this.sources[this.rows[0]?.source as number]?.fd;
    }
    for (const {target, to} of extraFds) this.#add(target, to);
  }

  #add(target: number, to: Connection): void {
    const source = to === 'stdout' ? (this.rows[1]?.source as number) : this.#source(target, to);
    this.rows.push({target, source, inherited: this.sources[source]?.fd !== undefined});
  }

  /** The place among what is sent; -1: /dev/null. */
  #source(target: number, to: Exclude<Connection, 'stdout'>): number {
    if (to === 'ignore') return -1;
    if (isPiped(to)) return this.sources.push({pipe: target as 0 | 1 | 2}) - 1;
    return this.sources.push({fd: this.#descriptor(target, to)}) - 1;
  }

  #descriptor(target: number, to: Exclude<Connection, string> | 'inherit'): number {
    if (to === 'inherit') return target;
    if (typeof to === 'number') return to;
    if (isFile(to)) return target === 0 ? this.#files.forReading(to) : this.#files.forWriting(to);
    return to.fd;
  }
}

/** The descriptors of one attempt: ours, and those of the child that are still ours to close. */
class Ends {
  /** Of stdin, stdout and stderr, and the third one of a pty. */
  readonly ours: [number, number, number, number] = [-1, -1, -1, -1];
  readonly theirs: number[] = [];
  #addon: Addon;
  #made: number[] = [];

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  open(layout: Layout): void {
    for (const source of layout.sources) {
      if (source.fd !== undefined) {
        this.theirs.push(source.fd);
        continue;
      }
      if (source.pty) {
        this.#openPty(source.pty);
        continue;
      }
      const pair = this.#addon.pipe();
      if (typeof pair === 'number') throw new BirthError('pipe', 'pipe2', -pair);
      const [read, write] = pair;
      const target = source.pipe as 0 | 1 | 2;
      this.ours[target] = target === 0 ? write : read;
      this.#made.push(target === 0 ? read : write);
      this.theirs.push(target === 0 ? read : write);
    }
  }

  #openPty({cols, rows, echo}: TerminalSettings): void {
    const opened = this.#addon.pty(cols, rows, echo);
    if (typeof opened === 'number') throw new BirthError('pty', 'posix_openpt', -opened);
    const [reading, writing, asking, far] = opened;
    [this.ours[0], this.ours[1], this.ours[3]] = [writing, reading, asking];
    this.#made.push(far);
    this.theirs.push(far);
  }

  closeTheirs(): void {
    for (const fd of this.#made.splice(0)) this.#addon.close(fd);
  }

  closeAll(): void {
    this.closeTheirs();
    for (const fd of this.ours) if (fd >= 0) this.#addon.close(fd);
    this.ours.fill(-1);
  }
}

function describe(addon: Addon, plan: Plan, layout: Layout): Request {
  const {settings} = plan;
  // A namespace knows no group of the host's.
  const apart = settings.isolation.level === 'pidns';
  const terminal = !apart && layout.stdinFd !== undefined && addon.isTerminal(layout.stdinFd);
  return {
    file: plan.file,
    argv: [settings.argv0 ?? plan.file, ...plan.args],
    env: environment(addon, settings),
    cwd: directory(settings.cwd),
    fds: layout.rows,
    timeout: settings.timeout,
    killTimeout: settings.killTimeout,
    leftoverTimeout: settings.leftoverTimeout,
    killSignal: settings.killSignal,
    stopScope: settings.stopScope,
    linger: settings.linger,
    bounds: settings.bounds,
    isolation: settings.isolation,
    // A terminal's ^C and its end are not for a job that is to outlive them.
    ...(settings.pty
      ? IN_TERMINAL
      : grouping(addon, settings.foreground, terminal && settings.detached !== true ? layout.stdinFd : undefined)),
    detachment: settings.detached === true ? 'all' : settings.detached ? 'leftovers' : 'none',
  };
}

const IN_TERMINAL = {grouping: 'terminal', hostGroup: undefined} as const;

/** The child's directory, absolute. The host's own may have been removed. */
function directory(cwd: string | undefined): string {
  if (cwd !== undefined && path.isAbsolute(cwd)) return cwd;
  try {
    return cwd === undefined ? process.cwd() : path.resolve(cwd);
  } catch (error) {
    throw new BirthError('chdir', 'getcwd', Math.abs((error as NodeJS.ErrnoException).errno ?? constants.errno.ENOENT));
  }
}

/** With a terminal on its stdin the child stays in the host's group, so that ^C, ^Z and fg reach it as they reach the host. */
function grouping(addon: Addon, foreground: boolean, terminal: number | undefined): Pick<Request, 'grouping' | 'hostGroup'> {
  if (terminal === undefined) {
    if (foreground) throw new BirthError('foreground', 'tcgetpgrp', ENOTTY);
    return {grouping: 'session', hostGroup: undefined};
  }
  const hostGroup = addon.processGroup();
  if (!foreground) return {grouping: 'join', hostGroup};
  if (addon.terminalGroup(terminal) !== hostGroup) throw new BirthError('foreground', 'tcgetpgrp', constants.errno.EPERM);
  return {grouping: 'foreground', hostGroup};
}
