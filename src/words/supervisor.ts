// Owns: the types of a supervisor: its services, strategies, events and end.
// Never: a running one (api/supervisor.ts), or what is right of an option's value (services.ts).
import type {EventEmitter} from 'node:events';
import type {Daemon, DaemonOptions, DaemonState, OutputName, RestartNotice} from './daemon.js';
import type {Runnable} from './runnable.js';

/** What must be true of another service before this one starts: its process runs, it is ready, or it has ended with success. */
export type Condition = 'started' | 'ready' | 'succeeded';

/** One service: a command with the options of a daemon. `signal` and `owner` belong to the supervisor. */
export interface Service extends Omit<DaemonOptions, 'signal' | 'owner'> {
  readonly command: Runnable;
  /**
   * Services that come first, each with what must be true of it; a list means 'ready'. Stopping goes the other way. Default: none.
   * @example {web: {command: ['node', 'web.js'], dependsOn: {db: 'ready', migrate: 'succeeded'}}}
   */
  readonly dependsOn?: readonly string[] | Readonly<Record<string, Condition>> | undefined;
}

/**
 * Who is started again when one service fails: that one ('one-for-one'), all ('one-for-all'), or that one and those after it in the order of
 * starting ('rest-for-one').
 */
export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one';

export interface SupervisorOptions {
  /** By name. They start as their dependencies allow, those that may together. */
  readonly services: Readonly<Record<string, Service>>;
  /** Default: 'one-for-one'. */
  readonly strategy?: Strategy | undefined;
  /** More restarts than `max` (of all services together) within `within` ms, and the supervisor gives up: it stops everything. Default: 10 within 60,000. */
  readonly intensity?: {readonly max?: number | undefined; readonly within?: number | undefined} | undefined;
  /**
   * When it stops everything by itself: once a service has failed for good ('failure'), once any is over ('any'), or once the service of this
   * name is. Default: never; those that are left go on.
   */
  readonly exitOn?: 'failure' | 'any' | (string & {}) | undefined;
  /**
   * Listens for SIGINT, SIGTERM and SIGHUP: stops all in order, and then lets the signal have its way, unless somebody else listens for it. A
   * second one means SIGKILL at once. Default: false; the library installs no listener on the process by itself.
   */
  readonly handleSignals?: boolean | undefined;
  /** Stops everything in order when it is aborted. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

export interface SupervisorEvents {
  state: [service: string, state: DaemonState, previous: DaemonState];
  restart: [service: string, notice: RestartNotice];
  line: [service: string, line: string, stream: OutputName];
}

/** How a supervisor ended. */
export interface SupervisorEnd {
  /** Whether no service has failed, and it has not given up. */
  readonly ok: boolean;
  /**
   * 'stop': stop(), dispose, a signal. 'abort': its AbortSignal. 'done': every service is over. 'exit-on': as `exitOn` said. 'gave-up': there
   * were more restarts than `intensity` allows.
   */
  readonly reason: 'stop' | 'abort' | 'done' | 'exit-on' | 'gave-up';
  /** One sentence. */
  readonly message: string;
  /** Names of the services that have failed, in the order of starting. */
  readonly failed: readonly string[];
}

/** Services that run together: started in order, restarted by a strategy, stopped in the reverse order. */
export interface Supervisor extends EventEmitter<SupervisorEvents>, AsyncDisposable {
  /** The daemon of each service, by name, in the order of starting. */
  readonly services: ReadonlyMap<string, Daemon>;
  /**
   * One more service. Resolves when it is ready; rejects as Daemon.start() does, and then it is not there.
   * @example await supervisor.add('mail', {command: ['node', 'mail.js'], dependsOn: ['db']})
   */
  add(name: string, service: Service): Promise<Daemon>;
  /** Stops a service and forgets it. Rejects ('misuse') when there is none of that name, or when others depend on it. */
  remove(name: string): Promise<void>;
  /** Stops a service and those that need it, and starts them again in order, without counting it. One that is over is started anew. */
  restart(name: string): Promise<void>;
  /** Stops all in the reverse order: each as soon as nobody that depends on it is left. Resolves to what `ended` resolves to. */
  stop(options?: {readonly killTimeout?: number | undefined}): Promise<SupervisorEnd>;
  /** Every service is over. Never rejects. */
  readonly ended: Promise<SupervisorEnd>;
  /** stop(). Resolves always; warns when something is still alive. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The type of Supervisor.start(). */
export type StartSupervisor = (options: SupervisorOptions) => Promise<Supervisor>;
