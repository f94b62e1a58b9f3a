// Owns: asking whether a daemon is ready or healthy: a port, a URL, a command, a function; and whether a port is taken before it starts.
// Never: decides what follows from the answer.
// Modules of the network are loaded by the first question that needs them: most users of the library ask none.
import {networkInterfaces} from 'node:os';
import {inspect} from 'node:util';
import {covers, holderOf, holds, type Listening, listeningTo, treeBelow} from '../subprocess/listening.js';
import type {ProbeSetting} from '../words/daemon_settings.js';
import {cut, quoteShort} from '../words/quote.js';
import type {Settings} from '../words/settings.js';
import {toInvocation} from './command.js';
import {run} from './run.js';

/** Whom it is about. */
export interface Asked {
  readonly pid: number;
  /** The root of its tree. */
  readonly shepherd: number;
  /** Its directory and environment, for a command. */
  readonly settings: Pick<Settings, 'cwd' | 'env' | 'extendEnv'>;
  /** Nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** true: it is. A string: why not. undefined: there was no answer within `ms`. Never rejects. */
export async function ask(probe: ProbeSetting, asked: Asked, ms: number): Promise<true | string | undefined> {
  const limit = new AbortController();
  const leave = () => limit.abort();
  const timer = setTimeout(leave, Math.min(ms, 0x7fffffff));
  timer.unref();
  // Not AbortSignal.any(): what it makes is kept for as long as the signal of a daemon that is asked for years.
  asked.signal.addEventListener('abort', leave, {once: true});
  if (asked.signal.aborted) leave();
  const {signal} = limit;
  try {
    return await Promise.race([answerOf(probe, {...asked, signal}), aborted(signal)]);
  } catch (error) {
    return signal.aborted ? undefined : says(error);
  } finally {
    clearTimeout(timer);
    asked.signal.removeEventListener('abort', leave);
    limit.abort();
  }
}

/** What a probe is called in a sentence. */
export function nameOf(probe: ProbeSetting): string {
  switch (probe.kind) {
    case 'port':
      return `port ${probe.port} on ${probe.host}`;
    case 'http':
      return probe.url.href;
    case 'exec':
      return quoteShort(toInvocation(probe.command));
    case 'check':
      return 'its check';
  }
}

/** Who has the port that a probe waits for, as the rest of a sentence; undefined: nobody. To be asked before the daemon is started. */
export async function taken(probe: ProbeSetting): Promise<string | undefined> {
  const place = placeOf(probe);
  if (place === undefined) return undefined;
  const addresses = await addressesOf(place.host);
  if (probe.kind === 'http' && !isLocal(addresses)) return undefined;
  const found = await listeningTo(place.port);
  if (found === undefined) {
    const open = await opens(place, AbortSignal.timeout(1_000)).catch(() => false);
    return open ? `port ${place.port} on ${place.host} is already listened to by somebody` : undefined;
  }
  const theirs = found.filter(({address}) => covers(address, addresses));
  return theirs.length === 0 ? undefined : `port ${place.port} on ${place.host} is already listened to by ${who(theirs)}`;
}

function answerOf(probe: ProbeSetting, asked: Asked): Promise<true | string> {
  switch (probe.kind) {
    case 'port':
      return askPort(probe, asked);
    case 'http':
      return askHttp(probe, asked);
    case 'exec':
      return askCommand(probe.command, asked);
    case 'check':
      return askFunction(probe.check, asked);
  }
}

async function askPort(place: {readonly port: number; readonly host: string}, asked: Asked): Promise<true | string> {
  const addresses = await addressesOf(place.host);
  const whose = isLocal(addresses) ? await ownership(place, addresses, asked.shepherd) : true;
  if (whose !== true) return whose;
  await opens(place, asked.signal);
  return true;
}

async function askHttp(
  {url, status}: {readonly url: URL; readonly status: readonly number[] | undefined},
  asked: Asked,
): Promise<true | string> {
  const place = placeOfUrl(url);
  const addresses = await addressesOf(place.host);
  const whose = isLocal(addresses) ? await ownership(place, addresses, asked.shepherd) : true;
  if (whose !== true) return whose;
  const code = await statusOf(url, asked.signal);
  const good = status === undefined ? code >= 200 && code <= 399 : status.includes(code);
  return good || `${url.href} answered with status ${code}`;
}

/** Whether it is the tree that listens. Where the kernel does not say, an open port is taken for it. */
async function ownership(
  place: {readonly port: number; readonly host: string},
  addresses: readonly string[],
  shepherd: number,
): Promise<true | string> {
  const found = await listeningTo(place.port);
  if (found === undefined) return true;
  const there = found.filter(({address}) => covers(address, addresses));
  if (there.length === 0) {
    const elsewhere = found.map(({address}) => address).join(', ');
    return `nobody listens to port ${place.port} on ${place.host}${elsewhere === '' ? '' : `, only on ${elsewhere}`}`;
  }
  const inodes = there.map(({inode}) => inode);
  // undefined: a process of the tree may not be looked at (another user's), and may be the one.
  if (holds(treeBelow(shepherd), inodes) !== false) return true;
  return `port ${place.port} on ${place.host} is listened to by ${who(there)}, which is not in its tree`;
}

function who(listening: readonly Listening[]): string {
  const holder = holderOf(listening.map(({inode}) => inode));
  return holder === undefined ? 'a process that this user may not see' : `process ${holder.pid} (${holder.name})`;
}

function placeOf(probe: ProbeSetting): {readonly port: number; readonly host: string} | undefined {
  if (probe.kind === 'port') return probe;
  return probe.kind === 'http' ? placeOfUrl(probe.url) : undefined;
}

function placeOfUrl({hostname, port, protocol}: URL): {readonly port: number; readonly host: string} {
  return {host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)};
}

/** What cannot be resolved is left to the connection to complain about. */
async function addressesOf(host: string): Promise<string[]> {
  const {lookup} = await import('node:dns/promises');
  try {
    const found = (await lookup(host, {all: true})).map(({address}) => address);
    // A resolver may know one half of it only.
    return host === 'localhost' ? [...new Set([...found, '127.0.0.1', '::1'])] : found;
  } catch {
    return [];
  }
}

function isLocal(addresses: readonly string[]): boolean {
  const own = new Set(Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({address}) => address)));
  return addresses.some((address) => address.startsWith('127.') || ['::1', '0.0.0.0', '::'].includes(address) || own.has(address));
}

/** Connects, and closes at once. */
async function opens({port, host}: {readonly port: number; readonly host: string}, signal: AbortSignal): Promise<true> {
  const {connect} = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = connect({port, host});
    const leave = () => socket.destroy();
    signal.addEventListener('abort', leave, {once: true});
    socket.on('close', () => {
      signal.removeEventListener('abort', leave);
      reject(new Error(`port ${port} on ${host} could not be connected to`));
    });
    socket.on('connect', () => {
      resolve(true);
      socket.end();
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

/** No connection outlives it. A certificate says nothing about being ready. */
async function statusOf(url: URL, signal: AbortSignal): Promise<number> {
  const {request} = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  return new Promise((resolve, reject) => {
    const options = {agent: false as const, signal, rejectUnauthorized: false, headers: {connection: 'close', 'user-agent': 'net-runner'}};
    const sent = request(url, options, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function askCommand(command: string | readonly string[], {settings, signal}: Asked): Promise<true | string> {
  const {cwd, env, extendEnv} = settings;
  const options = {cwd, env, extendEnv, signal, stdout: 'ignore', stderr: 'consume', killTimeout: 500} as const;
  const {ok, exitStatus, stderr} = await run(command, options);
  const said = stderr.trim().split('\n').at(-1) as string;
  return ok || `${quoteShort(toInvocation(command))} ended with status ${exitStatus}${said && `: ${cut(said, 200)}`}`;
}

async function askFunction(check: (context: {pid: number; signal: AbortSignal}) => unknown, {pid, signal}: Asked): Promise<true | string> {
  return (await check({pid, signal})) !== false || 'its check gave false';
}

/** Resolves to nothing when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), {once: true});
  });
}

/** A check may throw anything. */
function says(error: unknown): string {
  // Several addresses that all refuse come as one error without a message.
  const words = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code || error.name : inspect(error);
  return cut(words, 300).replace(/\s+/g, ' ');
}
