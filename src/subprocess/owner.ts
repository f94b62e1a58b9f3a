// Owns: one listener per owner and event, shared by all the jobs that belong to it, as an AbortSignal.
// Never: what ending a job means.
import {type Owner, OwnerEnded} from '../words/owner.js';

/** Goes with its target: the listener stays on it until the event comes, or nobody holds the target any more. */
const watched = new WeakMap<Owner[0], Map<string, AbortSignal>>();

/** Aborted, with an OwnerEnded as its reason, once the event comes again; at once for a stream that is closed already. */
export function ownerSignal([target, event]: Owner): AbortSignal {
  let events = watched.get(target);
  if (events === undefined) {
    events = new Map();
    watched.set(target, events);
  }
  const known = events.get(event);
  if (known) return known;
  const controller = new AbortController();
  const end = () => {
    events.delete(event); // who asks after it waits for the next one
    controller.abort(new OwnerEnded(event));
  };
  if (event === 'close' && (target as {closed?: unknown}).closed === true) {
    end();
    return controller.signal;
  }
  if ('once' in target) target.once(event, end);
  else target.addEventListener(event, end, {once: true});
  events.set(event, controller.signal);
  return controller.signal;
}
