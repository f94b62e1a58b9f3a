// Owns: `net-runner up`: the services of a file or of the command line, run together until they end or are stopped.
// Never: how a service is run (api/supervisor.ts), or what is shown of it (up_screen.ts).

import {constants} from 'node:os';
import path from 'node:path';
import {OwnedSupervisor} from '../api/supervisor.js';
import {type End, RunError, type SupervisorOptions} from '../index.js';
import {nearest} from '../words/hint.js';
import {parseCommandLine} from '../words/split.js';
import {FAILED, type Way} from './exit.js';
import {UsageError} from './option_table.js';
import {becomeSubreaper, endAdopted, keepReaping} from './orphans.js';
import {findUpFile, readUpFile, type UpFile} from './up_file.js';
import type {UpFlags} from './up_flags.js';
import {newScreen, type Screen} from './up_screen.js';

const A_SERVICE_FAILED = 1;

type Services = Record<string, Record<string, unknown>>;

/** Runs them and says how net-runner is to end. Throws UsageError before anything has started. */
export async function up(flags: UpFlags): Promise<Way> {
  const {supervisor, shown} = await prepare(flags);
  const screen = newScreen([...supervisor.services.keys()], flags.json);
  becomeSubreaper();
  const stopReaping = keepReaping();
  try {
    return await runToEnd(supervisor, screen, shown);
  } finally {
    screen.flush();
    stopReaping();
  }
}

/** Everything that can be wrong is found here. */
async function prepare(flags: UpFlags): Promise<{supervisor: OwnedSupervisor; shown: ReadonlySet<string>}> {
  const named = flags.file ?? (flags.services.size === 0 ? findUpFile(here()) : undefined);
  const file = named === undefined ? undefined : await readUpFile(named);
  const services: Services = {...file?.services};
  for (const [name, command] of flags.services) {
    if (Object.hasOwn(services, name)) throw new UsageError(`service '${name}' is in ${named} and on the command line`);
    services[name] = {command: wordsOf(name, command)};
  }
  // What a file names lies beside it.
  if (named !== undefined) process.chdir(path.dirname(path.resolve(named)));
  const chosen = choose(services, flags);
  const shown = new Set(Object.keys(chosen).filter((name) => chosen[name]?.onOutput !== 'discard'));
  // Their lines come as events: nobody else is to print them.
  for (const service of Object.values(chosen)) if (service.onOutput === 'log') service.onOutput = 'discard';
  const exitOn = flags.exitOn ?? file?.exitOn;
  try {
    const options = {services: chosen, strategy: file?.strategy, intensity: file?.intensity, exitOn};
    return {supervisor: new OwnedSupervisor(options as unknown as SupervisorOptions), shown};
  } catch (error) {
    throw refusal(error, flags, file);
  }
}

function here(): string {
  try {
    return process.cwd();
  } catch {
    throw new UsageError('the current directory is gone; change to another one');
  }
}

function refusal(error: unknown, flags: UpFlags, file: UpFile | undefined): unknown {
  if (!(error instanceof RunError)) return error;
  if (flags.exitOn !== undefined && error.message.startsWith('`exitOn`')) {
    return new UsageError(`--exit-on must be failure, any or the name of a service, not '${flags.exitOn}'`);
  }
  return new UsageError(file === undefined ? error.shortMessage : file.explain(error));
}

function wordsOf(name: string, command: string): readonly string[] {
  try {
    return parseCommandLine(command);
  } catch (error) {
    throw new UsageError(`service '${name}': ${(error as Error).message}`);
  }
}

/** The services that are wanted, each with what it needs; what is left out counts as there. */
function choose(services: Services, {only, except}: UpFlags): Services {
  for (const name of [...(only ?? []), ...(except ?? [])]) {
    if (Object.hasOwn(services, name)) continue;
    const close = nearest(name, Object.keys(services));
    throw new UsageError(`there is no service '${name}'${close === undefined ? '' : `; did you mean '${close}'?`}`);
  }
  const wanted = new Set<string>();
  const want = (name: string) => {
    if (wanted.has(name) || except?.includes(name) || !Object.hasOwn(services, name)) return;
    wanted.add(name);
    for (const other of needs(services[name]?.dependsOn)) want(other);
  };
  for (const name of only ?? Object.keys(services)) want(name);
  if (wanted.size === 0) throw new UsageError('no service is left to be started');
  const chosen = Object.entries(services).filter(([name]) => wanted.has(name));
  // Nobody but us sits where the services' cgroups are to be: we may be moved.
  const setup = (service: Services[string]) => (service.cgroup === undefined ? {} : {cgroupSetup: 'move-host' as const});
  return Object.fromEntries(
    chosen.map(([name, service]) => [name, {...setup(service), ...service, ...without(service.dependsOn, except)}]),
  );
}

function needs(dependsOn: unknown): readonly string[] {
  if (Array.isArray(dependsOn)) return dependsOn.map(String);
  return typeof dependsOn === 'object' && dependsOn !== null ? Object.keys(dependsOn) : [];
}

function without(dependsOn: unknown, except: readonly string[] = []): {readonly dependsOn?: unknown} {
  if (Array.isArray(dependsOn)) return {dependsOn: dependsOn.filter((name) => !except.includes(name as string))};
  if (typeof dependsOn !== 'object' || dependsOn === null) return {};
  return {dependsOn: Object.fromEntries(Object.entries(dependsOn).filter(([name]) => !except.includes(name)))};
}

async function runToEnd(supervisor: OwnedSupervisor, screen: Screen, shown: ReadonlySet<string>): Promise<Way> {
  supervisor.on('line', (service, line, stream) => {
    if (shown.has(service)) screen.line(service, line, stream);
  });
  supervisor.on('state', (service, state, previous) => screen.state(service, state, previous));
  supervisor.on('restart', (service, notice) => screen.restart(service, notice));
  const signals = new Signals(supervisor, screen);
  let broken = false;
  // Whoever read us has gone: nobody wants the services any more.
  process.stdout.on('error', () => {
    broken = true;
    void supervisor.stop();
  });
  let failure: unknown;
  try {
    await supervisor.begin();
    screen.started();
    for (const [name, {ended}] of supervisor.services) {
      void ended.then(({ok, message}) => {
        if (!ok) screen.failed(name, withoutName(name, message));
      });
    }
  } catch (error) {
    screen.started();
    failure = error;
  }
  const end = await supervisor.ended;
  await endAdopted();
  signals.leave();
  screen.flush();
  if (failure !== undefined && signals.first === undefined && !broken) screen.say(sentenceOf(failure));
  screen.end(end);
  if (broken) return {signal: constants.signals.SIGPIPE};
  const unproven = [...supervisor.services].filter(([, daemon]) => daemon.lastEnd?.proven === false);
  for (const [name, {lastEnd}] of unproven) screen.say(unprovenSentence(name, lastEnd as End));
  if (unproven.length > 0) return {code: FAILED};
  if (signals.first === 'SIGINT' || signals.first === 'SIGHUP') return {signal: constants.signals[signals.first]};
  if (failure !== undefined && signals.first === undefined) return {code: A_SERVICE_FAILED};
  return {code: end.ok ? 0 : A_SERVICE_FAILED};
}

/** As `net-runner run` says it. */
function unprovenSentence(name: string, {reason, leftovers}: End): string {
  if (reason !== 'unkillable') return `the shepherd of ${name} is gone; nobody saw its end`;
  return `${name} left processes that SIGKILL does not end: ${leftovers.map((each) => `${each.pid} (${each.name})`).join(', ')}`;
}

/** Its output is on the screen already. */
function withoutName(name: string, message: string): string {
  const [first = ''] = message.split('\n', 1);
  return first.startsWith(`${name}: `) ? first.slice(name.length + 2) : first;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** INT, TERM and HUP stop everything in order; the next one at once. */
class Signals {
  first: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined;
  readonly #names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  readonly #listen: (name: NodeJS.Signals) => void;

  constructor(supervisor: OwnedSupervisor, screen: Screen) {
    this.#listen = (name) => {
      const again = this.first !== undefined;
      this.first ??= name as 'SIGINT';
      screen.say(again ? `${name} again: everything is killed` : `${name}: everything is being stopped; once more kills at once`);
      void supervisor.stop(again ? {killTimeout: 0} : {});
    };
    for (const name of this.#names) process.on(name, this.#listen);
  }

  leave(): void {
    for (const name of this.#names) process.off(name, this.#listen);
  }
}
