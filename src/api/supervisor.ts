// Owns: Supervisor.start(), and the supervisor it gives: services started in order, restarted by a strategy, stopped in the reverse order.
// Never: how one service is started, asked or restarted (daemon.ts).
import {answer} from '../words/answer.js';
import type {DaemonEnd} from '../words/daemon.js';
import {atCaller, ended, invalid, misuse, ofService} from '../words/errors.js';
import {nearest} from '../words/hint.js';
import {at, below} from '../words/place.js';
import {composeHint, type ServiceSetting, type SupervisorSettings, settleService, settleSupervisor} from '../words/services.js';
import type {
  Condition,
  Supervisor as Face,
  Service,
  StartSupervisor,
  SupervisorEnd,
  SupervisorEvents,
  SupervisorOptions,
} from '../words/supervisor.js';
import {toInvocation} from './command.js';
import {type DaemonPlan, OwnedDaemon, planDaemon} from './daemon.js';
import {Emitter} from './emitter.js';
import {stopAtSignals} from './host_signals.js';
import {Intensity} from './restart.js';

/** One service with its daemon; a daemon that is over may be replaced by another. */
interface Member {
  readonly name: string;
  readonly dependsOn: ReadonlyMap<string, Condition>;
  readonly plan: DaemonPlan;
  daemon: OwnedDaemon;
  /** Its first start: resolves when it is ready. undefined before that. */
  up: Promise<void> | undefined;
  end: DaemonEnd | undefined;
}

export class OwnedSupervisor extends Emitter<SupervisorEvents> implements Face {
  readonly ended: Promise<SupervisorEnd>;
  readonly #settings: SupervisorSettings;
  readonly #intensity: Intensity;
  /** In the order of starting. */
  #members: Member[] = [];
  #why: SupervisorEnd['reason'] | undefined;
  #message = 'every service is over';
  #over = false;
  /** Started at all: until begin() nothing that ends counts. */
  #begun = false;
  /** What halts and resumes several services is done one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #telling: ((member: Member) => void) | undefined;
  readonly #withdraw: (() => void)[] = [];
  #resolveEnded!: (end: SupervisorEnd) => void;

  /** Checks everything; throws RunError 'invalid'. Starts nothing. */
  constructor(options: SupervisorOptions) {
    super('a supervisor');
    this.#settings = settleSupervisor(options);
    if (this.#settings.handleSignals && !process.getBuiltinModule('node:worker_threads').isMainThread) {
      throw at('handleSignals', invalid('ERR_INVALID_OPTION', '`handleSignals` works in the main thread only; leave it out in a worker'));
    }
    this.#intensity = new Intensity(this.#settings.intensity);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#members = below('services', () => this.#settings.services.map((setting) => this.#member(setting)));
    this.onDemand('line', () => {
      const tell = (member: Member) => {
        const listen = (line: string, stream: 'stdout' | 'stderr') => this.tell('line', member.name, line, stream);
        member.daemon.on('line', listen);
      };
      this.#telling = tell;
      for (const member of this.#members) tell(member);
      return () => {
        this.#telling = undefined;
        for (const {daemon} of this.#members) daemon.removeAllListeners('line');
      };
    });
  }

  get services(): ReadonlyMap<string, OwnedDaemon> {
    return new Map(this.#members.map(({name, daemon}) => [name, daemon]));
  }

  /** Resolves when all are ready; else all are stopped, and this rejects with why. */
  async begin(): Promise<void> {
    this.#begun = true;
    if (this.#settings.handleSignals) {
      this.#withdraw.push(stopAtSignals((again) => this.stop(again ? {killTimeout: 0} : {})));
    }
    const {signal} = this.#settings;
    if (signal) {
      const abort = () => void this.#stop('abort', 'its AbortSignal was aborted');
      signal.addEventListener('abort', abort, {once: true});
      this.#withdraw.push(() => signal.removeEventListener('abort', abort));
      if (signal.aborted) abort();
    }
    try {
      await Promise.all(this.#members.map((member) => this.#startFirst(member)));
    } catch (error) {
      const why = this.#why;
      await this.#stop('stop', 'a service did not start');
      if (why === 'abort') {
        const [{plan}] = this.#members as [Member];
        throw ended({reason: 'abort', command: plan, cause: signal?.reason});
      }
      throw error;
    }
  }

  add(name: string, service: Service): Promise<OwnedDaemon> {
    return answer(async () => {
      this.#refuseEnded();
      const names = this.#members.map((member) => member.name);
      if (names.includes(name)) throw invalid('ERR_INVALID_ARGS', `there is a service '${name}' already; remove() it first`);
      const member = this.#member(settleService(name, service, names));
      this.#members.push(member);
      this.#telling?.(member);
      try {
        await this.#startFirst(member);
      } catch (error) {
        await member.daemon.stop();
        this.#forget(member);
        throw error;
      }
      return member.daemon;
    });
  }

  remove(name: string): Promise<void> {
    return answer(async () => {
      const member = this.#find(name);
      const needing = this.#dependents(member).filter(({daemon}) => !daemon.over);
      if (needing.length > 0) {
        const names = needing.map((each) => `'${each.name}'`).join(', ');
        throw misuse('ERR_SERVICE_NEEDED', `service '${name}' cannot be removed: ${names} depends on it; remove that first`);
      }
      this.#forget(member);
      await member.daemon.stop();
      this.#finishIfOver();
    });
  }

  restart(name: string): Promise<void> {
    return answer(async () => {
      this.#refuseEnded();
      const member = this.#find(name);
      await this.#inTurn(async () => {
        this.#refuseEnded();
        const after = this.#needing(member).filter(({daemon, up}) => up !== undefined && !daemon.over);
        await this.#halt(after);
        if (member.daemon.over) await this.#anew(member);
        else await member.daemon.restart();
        await this.#resume(after);
      });
    });
  }

  stop(options: {readonly killTimeout?: number | undefined} = {}): Promise<SupervisorEnd> {
    return answer(() => this.#stop('stop', 'it was stopped', options.killTimeout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    // Each warns about what it could not end.
    await Promise.all(this.#members.map(({daemon}) => daemon[Symbol.asyncDispose]()));
  }

  #member(setting: ServiceSetting): Member {
    const {name, command, options, dependsOn} = setting;
    below(name, () => below('command', () => toInvocation(command)));
    const plan = below(name, () => planDaemon(command, options, composeHint));
    const member: Member = {name, dependsOn, plan, daemon: below(name, () => new OwnedDaemon(plan, name)), up: undefined, end: undefined};
    this.#watch(member);
    return member;
  }

  #watch(member: Member): void {
    const {name, daemon} = member;
    daemon.gate = () => this.#gate(member);
    daemon.on('state', (state, previous) => this.tell('state', name, state, previous));
    daemon.on('restart', (notice) => {
      this.tell('restart', name, notice);
      if (this.#intensity.take(performance.now())) return;
      const {max, within} = this.#settings.intensity;
      void this.#stop('gave-up', `there were more than ${max} restarts within ${within} ms, the last one of '${name}': ${notice.why}`);
    });
    void daemon.ended.then((end) => {
      if (member.daemon === daemon) this.#ended(member, end);
    });
  }

  #ended(member: Member, end: DaemonEnd): void {
    member.end = end;
    const {exitOn, strategy} = this.#settings;
    if (this.#why === undefined && this.#begun && this.#members.includes(member)) {
      const {name} = member;
      const wanted = exitOn === 'any' || exitOn === name || (exitOn === 'failure' && !end.ok);
      const why = sentenceOf(end.message, name);
      if (wanted) void this.#stop('exit-on', `service '${name}' is over: ${why}`);
      // Those that were halted for it would wait for ever.
      else if (!end.ok && strategy !== 'one-for-one') void this.#stop('gave-up', `service '${name}' has failed: ${why}`);
    }
    this.#finishIfOver();
  }

  #finishIfOver(): void {
    if (this.#over || !this.#begun || this.#members.some(({daemon}) => !daemon.over)) return;
    this.#over = true;
    for (const withdraw of this.#withdraw.splice(0)) withdraw();
    const failed = this.#members.filter(({end}) => end?.ok === false).map(({name}) => name);
    const reason = this.#why ?? 'done';
    this.#resolveEnded({ok: failed.length === 0 && reason !== 'gave-up', reason, message: this.#message, failed});
  }

  /** Waits for what it depends on, then starts it. */
  #startFirst(member: Member): Promise<void> {
    member.up = (async () => {
      for (const [other, condition] of member.dependsOn) await this.#met(member, this.#find(other), condition);
      if (this.#why !== undefined)
        throw misuse('ERR_DAEMON_ENDED', `service '${member.name}' was not started: the supervisor is being stopped`);
      try {
        await member.daemon.begin();
      } catch (error) {
        throw ofService(error, member.name);
      }
    })();
    member.up.catch(() => {});
    return member.up;
  }

  async #met({name}: Member, other: Member, condition: Condition): Promise<void> {
    const up = other.up ?? Promise.resolve();
    if (condition === 'started') return void (await Promise.race([other.daemon.born, up]));
    await up;
    if (condition === 'ready') return;
    const end = await other.daemon.ended;
    if (end.reason === 'done' && end.ok) return;
    throw ended({
      reason: 'not-ready',
      command: this.#find(name).plan,
      why: `was not started: service '${other.name}', which '${name}' needs, did not end with success: ${sentenceOf(end.message, other.name)}`,
      lines: [],
    });
  }

  /** Those that depend on it directly. */
  #dependents(member: Member): Member[] {
    return this.#members.filter(({dependsOn}) => dependsOn.has(member.name));
  }

  /** Those that depend on it directly or not, in the order of starting. */
  #needing(member: Member): Member[] {
    const found = new Set([member]);
    for (const each of this.#members)
      if ([...each.dependsOn.keys()].some((name) => [...found].some((one) => one.name === name))) found.add(each);
    found.delete(member);
    return [...found];
  }

  /** Does something with each once that is done with all that depend on it, directly or not. */
  async #backwards(members: readonly Member[], act: (member: Member) => Promise<unknown>): Promise<void> {
    const done = new Map<Member, Promise<unknown>>();
    for (const member of [...members].reverse()) {
      const before = this.#needing(member).map((each) => done.get(each));
      done.set(
        member,
        Promise.all(before).then(() => act(member)),
      );
    }
    await Promise.all(done.values());
  }

  async #stop(why: SupervisorEnd['reason'], message: string, killTimeout?: number): Promise<SupervisorEnd> {
    const first = this.#why === undefined && !this.#over;
    if (first) {
      this.#why = why;
      this.#message = message;
      // Nothing may wait for a turn that ends only with it.
      void this.#backwards(this.#members, ({daemon}) => daemon.stop({killTimeout}));
    } else if (killTimeout !== undefined) for (const {daemon} of this.#members) void daemon.stop({killTimeout});
    this.#begun = true;
    this.#finishIfOver();
    return this.ended;
  }

  /** Whether a service may come back now, its delay being over: with whom, says the strategy. */
  #gate(member: Member): Promise<void> {
    const {strategy} = this.#settings;
    if (strategy === 'one-for-one') return Promise.resolve();
    return new Promise((go) => {
      const group = async () => {
        const {daemon} = member;
        if (this.#why !== undefined || daemon.state !== 'backoff') return;
        const at = this.#members.indexOf(member);
        const live = (each: Member) => each !== member && each.up !== undefined && !each.daemon.over;
        const before = strategy === 'one-for-all' ? this.#members.slice(0, at).filter(live) : [];
        const after = this.#members.slice(at + 1).filter(live);
        await this.#halt([...before, ...after]);
        await this.#resume(before);
        const ready = daemon.untilReady();
        go();
        await ready;
        await this.#resume(after);
      };
      // One that did not come up has a gate of its own, which goes on from here.
      this.#inTurn(group).catch(() => {});
    });
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #halt(members: readonly Member[]): Promise<void> {
    await this.#backwards(members, ({daemon}) => daemon.halt());
  }

  async #resume(members: readonly Member[]): Promise<void> {
    for (const {daemon} of members) if (this.#why === undefined && !daemon.over) await daemon.resume();
  }

  /** Another daemon in the place of one that is over. */
  async #anew(member: Member): Promise<void> {
    member.daemon = new OwnedDaemon(member.plan, member.name);
    member.end = undefined;
    this.#watch(member);
    this.#telling?.(member);
    await this.#startFirst(member);
  }

  #forget(member: Member): void {
    this.#members = this.#members.filter((each) => each !== member);
  }

  #find(name: string): Member {
    const found = this.#members.find((member) => member.name === name);
    if (found) return found;
    const names = this.#members.map((member) => member.name);
    const close = nearest(String(name), names);
    const hint = close === undefined ? `there are ${names.join(', ')}` : `did you mean '${close}'?`;
    throw invalid('ERR_INVALID_ARGS', `there is no service '${name}'; ${hint}`);
  }

  #refuseEnded(): void {
    if (this.#over || this.#why !== undefined)
      throw misuse('ERR_DAEMON_ENDED', 'the supervisor is over, or is being stopped; start another');
  }
}

/** The first line of a message, without the name before it. */
function sentenceOf(message: string, name: string): string {
  const [first = ''] = message.split('\n', 1);
  return first.startsWith(`${name}: `) ? first.slice(name.length + 2) : first;
}

/**
 * Starts services together: in the order of their dependencies, waiting for each to be ready. Names, dependencies and options are checked
 * before anything starts. Like all that is started, they end with the host, in whatever way it ends.
 *
 * Rejects with RunError, as Daemon.start() does, with the name of the service; those that had started are stopped in the reverse order first.
 * Never throws synchronously.
 * @example
 * const supervisor = await Supervisor.start({
 *   services: {
 *     db: {command: ['redis-server', '--port', '6380'], ready: {port: 6380}},
 *     web: {command: ['node', 'web.js'], dependsOn: {db: 'ready'}},
 *   },
 *   handleSignals: true,
 * });
 * const {failed} = await supervisor.ended;
 */
const start: StartSupervisor = async function start(options: SupervisorOptions): Promise<Face> {
  try {
    const supervisor = new OwnedSupervisor(options);
    await supervisor.begin();
    return supervisor;
  } catch (error) {
    throw atCaller(error, start);
  }
};

/** Services that are to run together. See Supervisor.start(). */
export const Supervisor: {readonly start: StartSupervisor} = Object.freeze({start});
export type Supervisor = Face;
