// Owns: Supervisor.start(), and the supervisor it gives: services started in order, restarted by a strategy, stopped in the reverse order.
// Never: how one service is started, asked or restarted (daemon.ts).
import {answer} from '../words/answer.js';
import type {DaemonEnd} from '../words/daemon.js';
import {atCaller, ended, invalid, misuse, ofService} from '../words/errors.js';
import {settleKillTimeout} from '../words/given.js';
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
  /** It is being removed, and nobody may need it any more. */
  leaving: boolean;
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
    try {
      below('services', () => {
        for (const setting of this.#settings.services) this.#members.push(this.#member(setting));
      });
    } catch (error) {
      // Those before it have opened their log files.
      for (const {daemon} of this.#members) void daemon.stop();
      throw error;
    }
    this.onDemand('line', () => {
      const leave: (() => void)[] = [];
      const tell = ({name, daemon}: Member) => {
        const listen = (line: string, stream: 'stdout' | 'stderr') => this.tell('line', name, line, stream);
        daemon.on('line', listen);
        leave.push(() => daemon.off('line', listen));
      };
      this.#telling = tell;
      for (const member of this.#members) tell(member);
      return () => {
        this.#telling = undefined;
        for (const each of leave) each();
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
      const staying = this.#members.filter(({leaving}) => !leaving).map((member) => member.name);
      const member = this.#member(settleService(name, service, staying));
      this.#members.push(member);
      this.#telling?.(member);
      try {
        await this.#startFirst(member);
      } catch (error) {
        await this.#inTurn(() => this.#leave(member));
        throw error;
      }
      return member.daemon;
    });
  }

  remove(name: string): Promise<void> {
    return answer(() =>
      this.#inTurn(async () => {
        const member = this.#find(name);
        const needing = this.#dependents(member).filter(({daemon}) => !daemon.over);
        if (needing.length > 0) {
          const names = needing.map((each) => `'${each.name}'`).join(', ');
          throw misuse('ERR_SERVICE_NEEDED', `service '${name}' cannot be removed: ${names} depends on it; remove that first`);
        }
        await this.#leave(member);
      }),
    );
  }

  restart(name: string): Promise<void> {
    return answer(async () => {
      const member = await this.#inTurn(async () => {
        this.#refuseEnded();
        const found = this.#find(name);
        const {daemon} = found;
        const {over} = daemon;
        if (!over && !daemon.begun) return found;
        await this.#halt([found, ...this.#needing(found)]);
        this.#refuseEnded();
        try {
          if (over) this.#anew(found);
          else await daemon.resume();
        } finally {
          await this.#resume(this.#members);
        }
        return found;
      });
      // What a first start waits for may need a turn itself.
      await member.up;
      await this.#inTurn(() => this.#resume(this.#members));
    });
  }

  stop(options: {readonly killTimeout?: number | undefined} = {}): Promise<SupervisorEnd> {
    return answer(async () => this.#stop('stop', 'it was stopped', settleKillTimeout(options.killTimeout)));
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
    const daemon = below(name, () => new OwnedDaemon(plan, name));
    const member: Member = {name, dependsOn, plan, daemon, up: undefined, end: undefined, leaving: false};
    this.#watch(member);
    return member;
  }

  #watch(member: Member): void {
    const {name, daemon} = member;
    daemon.gate = () => this.#gate(member);
    daemon.on('state', (state, previous) => {
      this.tell('state', name, state, previous);
      if (state === 'ready') this.#wake();
    });
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
    if (this.#why === undefined && this.#begun && this.#members.includes(member) && !member.leaving) {
      const {name} = member;
      const wanted = exitOn === 'any' || exitOn === name || (exitOn === 'failure' && !end.ok);
      const why = sentenceOf(end.message, name);
      if (wanted) void this.#stop('exit-on', `service '${name}' is over: ${why}`);
      // Those that were halted for it would wait for ever.
      else if (!end.ok && strategy !== 'one-for-one') void this.#stop('gave-up', `service '${name}' has failed: ${why}`);
    }
    this.#finishIfOver();
    this.#wake();
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
      const {daemon} = member;
      const needed = [...member.dependsOn].map(([other, condition]) => ({other: this.#find(other), condition}));
      // It may be stopped or removed while it waits.
      for (const {other, condition} of needed) await Promise.race([this.#met(member, other, condition), daemon.ended]);
      let begun: Promise<void> | undefined;
      // Not while one that it needs is halted, and no turn waits for it to be ready.
      await this.#inTurn(async () => {
        if (this.#why !== undefined)
          throw misuse('ERR_DAEMON_ENDED', `service '${member.name}' was not started: the supervisor is being stopped`);
        begun = daemon.begin();
        begun.catch(() => {});
      });
      try {
        await begun;
      } catch (error) {
        throw ofService(error, member.name);
      }
    })();
    member.up.catch(() => {});
    return member.up;
  }

  async #met({name, plan}: Member, other: Member, condition: Condition): Promise<void> {
    const up = other.up ?? Promise.resolve();
    if (condition === 'started') return void (await Promise.race([other.daemon.born, up]));
    await up;
    if (condition === 'ready') return;
    const end = await other.daemon.ended;
    if (end.reason === 'done' && end.ok) return;
    throw ended({
      reason: 'not-ready',
      command: plan,
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

  /** Does something with each once that is done with all that depend on it, directly or not, whatever came of it. */
  async #backwards(members: readonly Member[], act: (member: Member) => Promise<unknown>): Promise<void> {
    const done = new Map<Member, Promise<unknown>>();
    for (const member of [...members].reverse()) {
      const before = this.#needing(member).map((each) => done.get(each));
      done.set(
        member,
        Promise.allSettled(before).then(() => act(member)),
      );
    }
    await Promise.allSettled(done.values());
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
      void this.#inTurn(async () => {
        if (this.#why !== undefined || member.daemon.state !== 'backoff') return;
        const at = this.#members.indexOf(member);
        const before = strategy === 'one-for-all' ? this.#members.slice(0, at) : [];
        await this.#halt([...before, ...this.#members.slice(at + 1)]);
        await this.#resume(before);
        // What it needs did not come up at once: #wake() brings it back after that.
        if (this.#held(member)) await member.daemon.halt();
        else go();
      });
    });
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** One that still waits for its first start is left alone. */
  async #halt(members: readonly Member[]): Promise<void> {
    const begun = members.filter(({daemon}) => daemon.begun && !daemon.over);
    await this.#backwards(begun, ({daemon}) => daemon.halt());
  }

  /** Starts again those that are halted. One that something holds is left, and so is one that fails: #wake() and its policy see to these. */
  async #resume(members: readonly Member[]): Promise<void> {
    for (const member of members) {
      if (this.#why !== undefined || !member.daemon.isHalted || this.#held(member)) continue;
      await member.daemon.resume().catch(() => {});
    }
  }

  /** Whether something that it needs is on its way. What is over is not waited for. */
  #held({dependsOn}: Member): boolean {
    return this.#members.some(({name, daemon}) => {
      if (daemon.over || !dependsOn.has(name)) return false;
      return dependsOn.get(name) === 'succeeded' || (daemon.state !== 'ready' && daemon.state !== 'running');
    });
  }

  /** A service is ready or over: those that were halted and waited for it come back. */
  #wake(): void {
    if (this.#members.some(({daemon}) => daemon.isHalted)) void this.#inTurn(() => this.#resume(this.#members));
  }

  /** Another daemon in the place of one that is over. */
  #anew(member: Member): void {
    const daemon = new OwnedDaemon(member.plan, member.name);
    member.daemon = daemon;
    member.end = undefined;
    this.#watch(member);
    this.#telling?.(member);
    // Where what it needs is not there, it is over again.
    this.#startFirst(member).catch(() => daemon.stop());
  }

  /** Stops it and forgets it; until it is gone the supervisor is not over either. */
  async #leave(member: Member): Promise<void> {
    member.leaving = true;
    await member.daemon.stop();
    this.#members = this.#members.filter((each) => each !== member);
    this.#finishIfOver();
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
