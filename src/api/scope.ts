// Owns: scope(): everything started inside ends with it.
// Never: how anything is started or ended: a scope is an AbortSignal, and a wait.
import type {DaemonOptions} from '../words/daemon.js';
import {misuse} from '../words/errors.js';
import {checkSignal, isSignal} from '../words/given.js';
import type {Options} from '../words/options.js';
import type {Runnable, StartOptions, StreamOptions} from '../words/runnable.js';
import type {OpenScope, Scope, ScopeOptions} from '../words/scope.js';
import type {Subprocess} from '../words/subprocess.js';
import {Daemon} from './daemon.js';
import type {Guard} from './flow.js';
import {run} from './run.js';
import {start} from './start.js';
import {openStream} from './stream.js';
import {template} from './template.js';

/** What a scope ends when it ends: resolves once that is gone. */
type End = () => Promise<unknown>;

class ScopeEnded extends Error {
  override readonly name = 'ScopeEnded';

  constructor() {
    super('the scope it was started in has ended');
  }
}

class OwnedScope implements Scope {
  readonly run = ((command: Runnable, options?: Options) =>
    this.#own(run(command as string, this.#with(command, options)) as Promise<unknown>, () => {})) as Scope['run'];
  readonly start = ((command: Runnable, options?: StartOptions) =>
    this.#own(start(command as string, this.#with(command, options)) as Promise<Subprocess>, (p) =>
      this.#keep(p, p.closed),
    )) as Scope['start'];
  readonly daemon = ((command: Runnable, options?: DaemonOptions) =>
    this.#own(Daemon.start(command, this.#with(command, options)), (d) => this.#keep(d, d.ended))) as Scope['daemon'];
  readonly stream = ((command: Runnable, options?: StreamOptions) =>
    openStream(command, options, this.#guard)) as unknown as Scope['stream'];
  /** For what starts by itself later. */
  #guard: Guard = {
    adopt: (command, options) => this.#with(command as Runnable, options as Options | undefined),
    check: () => this.#check(),
    own: (end) => {
      this.#owned.add(end);
      return () => this.#owned.delete(end);
    },
  };
  readonly $ = template({}, this.#guard);
  #controller = new AbortController();
  #owned = new Set<End>();
  #ended: Promise<void> | undefined;
  #release = () => {};

  constructor({signal}: ScopeOptions) {
    if (signal === undefined) return;
    checkSignal(signal);
    const end = () => void this.#end(signal.reason);
    this.#release = () => signal.removeEventListener('abort', end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, {once: true});
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  scope(options: ScopeOptions = {}): Scope {
    this.#check();
    const inner = new OwnedScope({signal: both(this.signal, options.signal)});
    const end: End = () => inner[Symbol.asyncDispose]();
    this.#owned.add(end);
    inner.#release = chain(inner.#release, () => this.#owned.delete(end));
    return inner;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end(new ScopeEnded());
  }

  #check(): void {
    if (this.#ended)
      throw misuse('ERR_SCOPE_ENDED', 'nothing can be started in a scope that has ended; start it before, or in another one');
  }

  /**
   * The options with the scope's own signal beside the one that is given, be it in the call or in the command. What are no options, or hold no
   * signal, goes on as it is: whoever is called refuses it.
   */
  #with<O extends {readonly signal?: AbortSignal | undefined}>(command: Runnable, options: O | undefined): O {
    if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options))) return options;
    const given = options?.signal ?? (command as {readonly options?: Options} | undefined)?.options?.signal;
    if (given !== undefined && !isSignal(given)) return options as O;
    return {...options, signal: both(this.signal, given)} as O;
  }

  /** Waits for a call at the end. Its caller may have stopped listening by then: what ends it here is no unhandled rejection. */
  #own<T>(call: Promise<T>, started: (value: T) => void): Promise<T> {
    if (this.#ended) {
      call.catch(() => {});
      return Promise.resolve().then(() => this.#check() as never);
    }
    const end: End = () => answer.catch(() => {});
    const answer = call.then(
      (value) => {
        this.#owned.delete(end);
        started(value);
        return value;
      },
      (error: unknown) => {
        this.#owned.delete(end);
        throw error;
      },
    );
    this.#owned.add(end);
    return answer;
  }

  #keep(started: AsyncDisposable, over: Promise<unknown>): void {
    const end: End = async () => started[Symbol.asyncDispose]();
    this.#owned.add(end);
    void over.then(() => this.#owned.delete(end));
    if (this.#ended) void end();
  }

  #end(reason: unknown): Promise<void> {
    this.#ended ??= this.#endAll(reason);
    return this.#ended;
  }

  async #endAll(reason: unknown): Promise<void> {
    this.#release();
    const owned = [...this.#owned];
    this.#controller.abort(reason);
    for (const each of await Promise.allSettled(owned.map((end) => end())))
      if (each.status === 'rejected') process.emitWarning(`net-runner: a scope could not end all that it owns: ${String(each.reason)}`);
  }
}

function chain(one: () => void, other: () => void): () => void {
  return () => {
    one();
    other();
  };
}

function both(own: AbortSignal, given: AbortSignal | undefined): AbortSignal {
  return given === undefined ? own : AbortSignal.any([own, ofThisRealm(given)]);
}

const followed = new WeakMap<AbortSignal, AbortSignal>();

/** AbortSignal.any() takes no other, and a test environment, for one, brings its own. The one listener stays on it until it aborts. */
function ofThisRealm(given: AbortSignal): AbortSignal {
  if ((given as unknown) instanceof AbortSignal) return given;
  const known = followed.get(given);
  if (known) return known;
  const controller = new AbortController();
  const follow = () => controller.abort(given.reason);
  if (given.aborted) follow();
  else given.addEventListener('abort', follow, {once: true});
  followed.set(given, controller.signal);
  return controller.signal;
}

/**
 * Owns whatever is started through it: `s.run()`, `s.stream()`, `s.start()`, `s.daemon()`, `` s.$`...` ``, and scopes within it. When the scope ends, all of that is stopped and gone
 * (each within its own killTimeout; a process that nothing can end is warned about, never waited for without end). A run() in flight
 * rejects with reason 'abort'. Starting something after that is refused: reason 'misuse', ERR_SCOPE_ENDED.
 *
 * With a function it is called at once and the scope ends with it, whether it returns or throws; its value is passed on. Without one it is
 * for `await using`. `signal` ends it early; one that is no AbortSignal: RunError, reason 'invalid'. Never rejects by itself.
 * @example
 * await scope(async (s) => {
 *   const server = await s.start(['node', 'server.js']);
 *   await s.run(['npm', 'test']);
 * });
 */
export const scope = function scope(body?: ((s: Scope) => unknown) | ScopeOptions, options?: ScopeOptions): unknown {
  if (typeof body !== 'function') return new OwnedScope(body ?? {});
  return (async () => {
    const s = new OwnedScope(options ?? {});
    try {
      return await body(s);
    } finally {
      await s[Symbol.asyncDispose]();
    }
  })();
} as OpenScope;
