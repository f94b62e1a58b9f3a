// Owns: the birth of a child as the host does it: pipes, hire, request, and the one retry. The only file that knows both planes.
// Never: what is done with the bytes, or how a job ends.
import {constants} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {isMainThread} from 'node:worker_threads';
import {type Addon, native} from '../native.js';
import {Control, INBOX_SIZE} from '../shepherd/control.js';
import {encodeRequest, type FdRow, type Request} from '../shepherd/request.js';
import {type ForkServer, forkServer, type Turn} from '../shepherd/server.js';
import type {Settings} from '../words/settings.js';
import {onAbort} from './abort.js';
import {type Birth, Job} from './job.js';
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
}

/** Nothing was started; the first three say what failed, as spawn errors of Node do. */
export class BirthError extends Error {
  readonly errno: number;
  readonly syscall: string;
  /** The step in lower case, as in native/protocol.h; 'pipe', 'hire' and 'server' are steps on the host's side. */
  readonly stage: string;
  /** A shepherd took the job and was gone before it said what became of it; whether all of it is proven gone since. */
  readonly lost: {readonly proven: boolean} | undefined;

  constructor(stage: string, syscall: string, errno: number, lost?: {readonly proven: boolean}) {
    super(`${syscall} failed at stage '${stage}' (errno ${errno})`);
    this.stage = stage;
    this.syscall = syscall;
    this.errno = errno;
    this.lost = lost;
  }
}

/** The job was ended (its AbortSignal, its owner) before the program ran; `cause` is the signal's reason. */
export class EndedBeforeStart extends Error {}

const {E2BIG, EBADF, ENOTTY} = constants.errno;

/** Read before the callback of a control returns, so one serves all jobs of an environment. */
const inbox = new Uint8Array(INBOX_SIZE);

/**
 * Starts one job; resolves once exec has succeeded. Rejects with BirthError, EndedBeforeStart, ServerError or NativeError, and then
 * nothing is left: no process, no descriptor. The plan's AbortSignal is obeyed from here to the job's end.
 */
export async function spawn(plan: Plan): Promise<Spawned> {
  const {addon, shepherd} = native();
  const layout = new Layout(plan.settings);
  const request = encodeRequest(describe(addon, plan, layout));
  if (request === undefined) throw new BirthError('exec', 'execve', E2BIG);
  const {signal, owner} = plan.settings;
  const signals = [...(signal ? [signal] : []), ...(owner ? [ownerSignal(owner)] : [])];
  for (let retried = false; ; retried = true) {
    const {server, turn} = await nextTurn(addon, shepherd);
    const ended = signals.find(({aborted}) => aborted);
    if (ended) {
      turn.answered();
      throw new EndedBeforeStart('aborted before', {cause: ended.reason});
    }
    const job = new Job(addon, server, turn, plan.settings);
    const ends = new Ends(addon);
    try {
      ends.open(layout);
      const birth = await hire(addon, server, job, ends, request, {signals, killTimeout: plan.settings.killTimeout});
      if (birth.kind === 'started') {
        ends.closeTheirs();
        return {addon, job, stdin: ends.ours[0], stdout: ends.ours[1], stderr: ends.ours[2]};
      }
      if (birth.kind === 'stopped') throw new EndedBeforeStart('aborted meanwhile', {cause: job.cause?.error});
      if (retried || !mayRepeat(birth, server)) throw birthError(birth);
      ends.closeAll();
    } catch (error) {
      ends.closeAll();
      throw error;
    } finally {
      turn.answered();
      if (job.pid < 0) job.abandon();
    }
  }
}

async function nextTurn(addon: Addon, shepherd: string): Promise<{server: ForkServer; turn: Turn}> {
  for (;;) {
    const server = forkServer(addon, shepherd);
    const turn = await server.turn();
    if (server.usable) return {server, turn};
    turn.answered();
  }
}

/** Who may end the job from the host's side, and with what grace. */
interface Ending {
  readonly signals: readonly AbortSignal[];
  readonly killTimeout: number;
}

/** Sends the request and the hire, and waits for what becomes of them. */
async function hire(addon: Addon, server: ForkServer, job: Job, ends: Ends, request: Uint8Array, ending: Ending): Promise<Birth> {
  const {signals, killTimeout} = ending;
  const pair = addon.socketPair();
  if (typeof pair === 'number') throw new BirthError('hire', 'socketpair', -pair);
  const [near, far] = pair;
  const control = new Control(addon, near, inbox, job);
  job.attach(control);
  control.send(request);
  for (const signal of signals) job.whenGone.push(onAbort(signal, (reason) => job.end('abort', killTimeout, reason)));
  const errno = await server.hire([far, ...ends.theirs], killTimeout);
  // A queued hire holds its own reference: were ours kept, the purge of a dead server's queue would not end the control.
  addon.close(far);
  if (errno === EBADF) {
    control.close();
    throw new BirthError('hire', 'sendmsg', errno);
  }
  // Any other failure to send is the server's death, which ends the control without a frame.
  return job.born;
}

/** A queued hire cannot be recalled, so only one that no shepherd took, or that one refused unread, is sent again: exactly once. */
function mayRepeat(birth: Birth, server: ForkServer): boolean {
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

/** What goes to the child's descriptors, before anything is opened: a pure reading of the options. */
class Layout {
  /** Where each of 0, 1, 2 is piped to us. */
  readonly piped: readonly [boolean, boolean, boolean];
  readonly rows: FdRow[] = [];
  /** The sources in the order of their sending: a descriptor of the host's, or the child's end of one of our pipes (0, 1 or 2). */
  readonly sources: {readonly fd?: number; readonly pipe?: 0 | 1 | 2}[] = [];
  /** The host's descriptor behind the child's stdin, or undefined. */
  readonly stdinFd: number | undefined;

  constructor({stdin, stdout, stderr}: Settings) {
    const wants = [stdin, stdout, stderr] as const;
    const own: number[] = [];
    this.piped = [false, false, false];
    const piped: [boolean, boolean, boolean] = [false, false, false];
    for (const target of [0, 1, 2] as const) {
      const want = wants[target];
      if (want === 'ignore') own.push(-1);
      else if (want === 'stdout') own.push(own[1] as number);
      else if (want === 'pipe' || want === 'consume') {
        piped[target] = true;
        own.push(this.sources.push({pipe: target}) - 1);
      } else own.push(this.sources.push({fd: want === 'inherit' ? target : want}) - 1);
      const source = own[target] as number;
      this.rows.push({target, source, inherited: this.sources[source]?.fd !== undefined});
    }
    this.piped = piped;
    this.stdinFd = typeof stdin === 'number' ? stdin : stdin === 'inherit' ? 0 : undefined;
  }
}

/** The descriptors of one attempt: ours, and those of the child that are still ours to close. */
class Ends {
  readonly ours: [number, number, number] = [-1, -1, -1];
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
      const pair = this.#addon.pipe();
      if (typeof pair === 'number') throw new BirthError('pipe', 'pipe2', -pair);
      const [read, write] = pair;
      const target = source.pipe as 0 | 1 | 2;
      this.ours[target] = target === 0 ? write : read;
      this.#made.push(target === 0 ? read : write);
      this.theirs.push(target === 0 ? read : write);
    }
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
    ...grouping(addon, settings.foreground, terminal ? layout.stdinFd : undefined),
  };
}

/** The child's directory, absolute. The host's own may have been removed. */
function directory(cwd: string | undefined): string {
  if (cwd !== undefined && path.isAbsolute(cwd)) return cwd;
  try {
    return path.resolve(cwd ?? '');
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

/** On the main thread environ is copied in C, bytes that are not UTF-8 included; in a worker process.env is a copy of its own. */
function environment(addon: Addon, {env, extendEnv}: Settings): Uint8Array {
  if (env !== undefined && !extendEnv) return variables(env, false);
  if (isMainThread) return addon.environment(variables(env ?? {}, true));
  return variables({...process.env, ...env}, false);
}

/** KEY=VALUE\0 for each; with `removals`, KEY\0 for one that is undefined. */
function variables(env: Readonly<Record<string, string | undefined>>, removals: boolean): Uint8Array {
  let text = '';
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) text += `${name}=${value}\0`;
    else if (removals) text += `${name}\0`;
  }
  return Buffer.from(text);
}
