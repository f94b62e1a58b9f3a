// Owns: the type of a scope, and of scope().
// Never: a scope.
import type {StartDaemon} from './daemon.js';
import type {Run} from './runnable.js';
import type {OpenStream} from './stream.js';
import type {Start} from './subprocess.js';
import type {Template} from './template.js';

export interface ScopeOptions {
  /** Ends the scope when it is aborted. One that is aborted already makes a scope in which nothing can be started. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Everything started through it ends with it. See scope(). */
export interface Scope extends AsyncDisposable {
  /** run(), ended with this scope. */
  readonly run: Run;
  /** stream(), ended with this scope. */
  readonly stream: OpenStream;
  /** $, ended with this scope. */
  readonly $: Template;
  /** start(), ended with this scope. */
  readonly start: Start;
  /** Daemon.start(), ended with this scope. */
  readonly daemon: StartDaemon;
  /** Aborted when this scope ends: for whatever else belongs to it. */
  readonly signal: AbortSignal;
  /** A scope within this one: it ends with it at the latest. */
  scope(options?: ScopeOptions): Scope;
  /** Ends everything and waits until it is gone. Resolves always; warns when something is still alive. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The type of scope(). */
export interface OpenScope {
  <T>(body: (s: Scope) => T | PromiseLike<T>, options?: ScopeOptions): Promise<T>;
  (options?: ScopeOptions): Scope;
}
