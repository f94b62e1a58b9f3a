// Owns: `net-runner run`: one command, with its output passed through, its signals passed on, and its end as our own.
// Never: signals a bare pid; reads a byte that nobody asked to be counted or kept.
import {closeSync, openSync, writeFileSync} from 'node:fs';
import type {Readable} from 'node:stream';
import {isatty} from 'node:tty';
import {start} from '../api/start.js';
import type {End, StartOptions, Stats, Subprocess} from '../index.js';
import {RunError} from '../words/errors.js';
import {FAILED, type Way, wayOf, wayOfFailure} from './exit.js';
import type {RunFlags} from './flags.js';
import {becomeSubreaper, endAdopted, keepReaping} from './orphans.js';
import {note, print, say} from './say.js';
import {OwnTerminal, ptyOptions} from './terminal.js';
import {showSize, showTime} from './units.js';

/** What --json keeps of each stream when --max-output does not say otherwise: as much as run() does. */
const JSON_MAX_OUTPUT = 100 * 1024 ** 2;

/** Runs it and says how net-runner is to end. Never rejects. */
export async function runCommand(flags: RunFlags): Promise<Way> {
  let report: number | undefined;
  try {
    // Before anything starts: a report that cannot be written is worth no run.
    if (flags.report !== undefined) report = openSync(flags.report, 'w', 0o666);
    becomeSubreaper();
  } catch (error) {
    return fail(flags, report, error);
  }
  const stopReaping = keepReaping();
  try {
    return await runToEnd(flags, report);
  } catch (error) {
    return fail(flags, report, error);
  } finally {
    stopReaping();
    if (report !== undefined) closeSync(report);
  }
}

async function runToEnd(flags: RunFlags, report: number | undefined): Promise<Way> {
  const output = outputOf(flags);
  const signals = new Signals(isatty(0) && !flags.pty);
  let p: Subprocess;
  try {
    p = await start([...flags.command], {...flags.options, ...streamsOf(flags, output)});
  } catch (error) {
    signals.ignoreAll();
    throw error;
  }
  signals.passOnTo(p);
  const terminal = flags.pty ? new OwnTerminal(p) : undefined;
  let full: 'stdout' | 'stderr' | undefined;
  const onFull = (stream: 'stdout' | 'stderr') => {
    full ??= stream;
    void p.stop();
  };
  const pumps = [output.stdout?.pump(p.stdout!, () => onFull('stdout')), output.stderr?.pump(p.stderr!, () => onFull('stderr'))];
  const end = await p.closed;
  await Promise.all(pumps);
  terminal?.leave();
  await endAdopted();
  signals.ignoreAll();

  const failure =
    full === undefined
      ? sentenceOf(flags, p, end)
      : `${p.command} wrote more than ${showSize(output[full]!.most)} to ${full}; it was stopped`;
  if (failure !== undefined) say(failure);
  const way = full === undefined ? wayOf(end) : {code: FAILED};
  const stats = p.stats();
  if (flags.stats) note(`${statsLine(end, stats, full === undefined ? end.reason : 'max-output', output.stdout !== undefined)}\n`);
  if (flags.json || report !== undefined) {
    const result = {
      command: {file: p.command.file, args: p.command.args},
      pid: p.pid,
      reason: full === undefined ? end.reason : 'max-output',
      exitCode: end.exitCode,
      signal: end.signal,
      exitStatus: end.exitStatus,
      ok: full === undefined && end.reason === 'exit' && end.exitCode === 0,
      durationMs: end.durationMs,
      forced: end.forced,
      proven: end.proven,
      leftovers: end.leftovers,
      oom: end.oom,
      isolation: p.isolation,
      usage: stats.usage,
      ...(flags.json && {stdout: output.stdout!.text(), ...(output.stderr && {stderr: output.stderr.text()})}),
    };
    if (!emit(flags, report, result)) return {code: FAILED};
  }
  return way;
}

/** It did not start, or we failed: the sentence on stderr, and as JSON where JSON was asked for. */
function fail(flags: RunFlags, report: number | undefined, error: unknown): Way {
  const known = error instanceof RunError;
  const message = known ? error.shortMessage : (error as Error).message;
  say(message);
  const [file, ...args] = flags.command;
  const {code} = error as {code?: string};
  emit(flags, report, {command: {file, args}, ok: false, error: {reason: known ? error.reason : 'failed', code, message}});
  return known ? wayOfFailure(error) : {code: FAILED};
}

/** false: the report could not be written, and that was said. */
function emit(flags: RunFlags, report: number | undefined, result: object): boolean {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (flags.json) print(text);
  if (report === undefined) return true;
  try {
    writeFileSync(report, text);
    return true;
  } catch (error) {
    say(`the report cannot be written to ${flags.report}: ${(error as Error).message}`);
    return false;
  }
}

/** What went wrong with a command that started, for stderr; an exit or a signal of its own needs no words. */
function sentenceOf({options}: RunFlags, p: Subprocess, {reason, leftovers}: End): string | undefined {
  switch (reason) {
    case 'timeout':
      return `${p.command} did not end within ${showTime(options.timeout!)}; it was stopped`;
    case 'lost':
      return `the shepherd of ${p.command} is gone; nobody saw the command's end`;
    case 'unkillable':
      return `${p.command} left processes that SIGKILL does not end: ${leftovers.map(({pid, name}) => `${pid} (${name})`).join(', ')}`;
    default:
      return undefined;
  }
}

/** exit 0 | 2.9 ms | stdout 79 B | cpu 1.1 ms | peak 2.0 MiB | left behind: nothing */
export function statsLine(end: End, {bytesOut, usage}: Stats, reason: string, counted: boolean): string {
  const {exitCode, signal, durationMs, leftovers} = end;
  const how = exitCode !== null ? `exit ${exitCode}` : signal !== null ? `killed by ${signal}` : 'end unknown';
  const left = leftovers.map(({pid, name}) => `${name} ${pid}`).join(', ');
  return [
    end.oom ? `${how} (out of memory)` : reason === 'exit' || reason === 'signal' ? how : `${how} (${reason})`,
    showTime(durationMs),
    ...(counted ? [`stdout ${showSize(bytesOut)}`] : []),
    ...(usage === null
      ? []
      : [`cpu ${showTime(usage.userMs + usage.systemMs)}`, `peak ${showSize(usage.memoryPeakBytes ?? usage.maxRssBytes)}`]),
    end.proven ? `left behind: ${left === '' ? 'nothing' : `nothing (ended: ${left})`}` : `left behind: ${left === '' ? 'unknown' : left}`,
  ].join(' | ');
}

/** One stream of the child on its way to ours, or kept for --json. */
class Passage {
  readonly #kept: Buffer[] = [];
  #passed = 0;

  constructor(
    readonly most: number,
    readonly target: NodeJS.WriteStream | undefined,
  ) {}

  /** Ends with the stream. Passes exactly `most` bytes and calls `onFull` when there is one more. */
  async pump(from: Readable, onFull: () => void): Promise<void> {
    let broken = false;
    // Our reader has gone: the child is to hear of it as it would have without us, by SIGPIPE.
    this.target?.on('error', () => {
      broken = true;
      from.destroy();
    });
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const room = this.most - this.#passed;
        const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
        this.#passed += part.length;
        if (part.length > 0) await this.#put(part);
        if (chunk.length > room) {
          onFull();
          break;
        }
      }
    } catch (error) {
      if (!broken) throw error;
    }
  }

  #put(part: Buffer): Promise<void> | undefined {
    if (this.target === undefined) {
      this.#kept.push(part);
      return undefined;
    }
    return new Promise((resolve) => this.target!.write(part, () => resolve()));
  }

  text(): string {
    return Buffer.concat(this.#kept).toString();
  }
}

/** A stream that does not pass through us is our own. */
function streamsOf({pty}: RunFlags, {stdout, stderr}: ReturnType<typeof outputOf>): StartOptions {
  if (pty) return {pty: ptyOptions()};
  return {stdin: 'inherit', stdout: stdout === undefined ? 'inherit' : 'pipe', stderr: stderr === undefined ? 'inherit' : 'pipe'};
}

/** Which streams pass through us. Without a need they do not: the child then has the very descriptors that net-runner got. */
function outputOf({json, maxOutput, pty, stats, options}: RunFlags): {
  readonly stdout: Passage | undefined;
  readonly stderr: Passage | undefined;
} {
  const most = maxOutput ?? (json ? JSON_MAX_OUTPUT : Number.POSITIVE_INFINITY);
  if (pty) return {stdout: new Passage(most, json ? undefined : process.stdout), stderr: undefined};
  if (json) return {stdout: new Passage(most, undefined), stderr: new Passage(most, undefined)};
  if (maxOutput !== undefined) return {stdout: new Passage(most, process.stdout), stderr: new Passage(most, process.stderr)};
  // Counting a terminal's bytes is not worth taking it from the child; and what lives on needs a stdout that does, too.
  const counted = stats && !isatty(1) && !options.detached;
  return {stdout: counted ? new Passage(most, process.stdout) : undefined, stderr: undefined};
}

/**
 * What is done with the signals that net-runner gets. TERM stops the tree. INT and QUIT go to the child's group, unless the child shares our
 * terminal: then the kernel has sent them to both. HUP stops the tree when that terminal is gone, else it is passed on.
 */
class Signals {
  readonly #shared: boolean;
  readonly #hasTerminal = isatty(0);
  readonly #early: NodeJS.Signals[] = [];
  readonly #names = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
  #act: (name: NodeJS.Signals) => void = (name) => this.#early.push(name);
  readonly #onSignal = (name: NodeJS.Signals) => this.#act(name);

  /** `shared`: the command has our own terminal, so the kernel sends its signals to both. */
  constructor(shared: boolean) {
    this.#shared = shared;
    for (const name of this.#names) process.on(name, this.#onSignal);
  }

  passOnTo(p: Subprocess): void {
    this.#act = (name) => {
      if (name === 'SIGTERM' || (name === 'SIGHUP' && this.#hasTerminal)) void p.stop();
      else if (!this.#shared) void p.kill(name);
    };
    for (const name of this.#early.splice(0)) this.#act(name);
  }

  ignoreAll(): void {
    for (const name of this.#names) process.off(name, this.#onSignal);
  }
}
