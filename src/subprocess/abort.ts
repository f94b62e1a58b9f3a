// Owns: one listener per AbortSignal, shared by all the jobs it ends.
// Never: what ending a job means.

type Call = (reason: unknown) => void;

/** The jobs of a signal; the entry goes when the last of them is over, and the listener with it. */
const watched = new WeakMap<AbortSignal, {readonly calls: Set<Call>; readonly listener: () => void}>();

/** Calls `call` once with the signal's reason when it aborts. Returns what withdraws it. The signal must not be aborted yet. */
export function onAbort(signal: AbortSignal, call: Call): () => void {
  let entry = watched.get(signal);
  if (entry === undefined) {
    const calls = new Set<Call>();
    const listener = () => {
      watched.delete(signal);
      for (const each of calls) each(signal.reason);
    };
    entry = {calls, listener};
    signal.addEventListener('abort', listener, {once: true});
    watched.set(signal, entry);
  }
  const {calls, listener} = entry;
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size > 0 || watched.get(signal)?.calls !== calls) return;
    watched.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}
