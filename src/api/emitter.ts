// Owns: events whose listeners can neither stop one another nor whoever tells them.
// Never: an event named 'error'.
import {EventEmitter} from 'node:events';
import {Complaints} from './delivery.js';

/** What onDemand() listens to. */
const HOOKS: ReadonlySet<string> = new Set(['newListener', 'removeListener']);

export class Emitter<T extends Record<keyof T, unknown[]>> extends EventEmitter<T> {
  protected readonly complaints: Complaints;

  /** `who`: whose listeners they are, for the warning about one that throws. */
  constructor(who: string) {
    super();
    this.complaints = new Complaints(who);
  }

  /** Of the users' listeners: what serves them (onDemand) stays. */
  override removeAllListeners(...names: Parameters<EventEmitter<T>['removeAllListeners']>): this {
    if (names[0] !== undefined) return super.removeAllListeners(names[0]);
    for (const name of this.eventNames()) if (!HOOKS.has(name as string)) super.removeAllListeners(name as (typeof names)[0]);
    return this;
  }

  protected tell<K extends keyof T & string>(name: K, ...args: T[K]): void {
    for (const listener of (this as EventEmitter).rawListeners(name)) {
      this.complaints.around(`a listener of '${name}'`, () => listener.apply(this, args));
    }
  }

  /** Calls `begin` while somebody listens for an event, and what that gave once nobody does. */
  protected onDemand(wanted: keyof T & string, begin: () => () => void): void {
    const self = this as EventEmitter;
    let end: (() => void) | undefined;
    self.on('newListener', (name) => {
      if (name === wanted) end ??= begin();
    });
    self.on('removeListener', (name) => {
      if (name !== wanted || self.listenerCount(wanted) > 0) return;
      end?.();
      end = undefined;
    });
  }
}
