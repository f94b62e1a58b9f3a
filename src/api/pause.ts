// Owns: a wait that can be cut short.
// Never: keeps a host alive; rejects.

/** Resolves after `ms`, or when the signal is aborted. Keeps nothing alive. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = ms > 0x7fffffff ? undefined : setTimeout(done, ms).unref();
    signal.addEventListener('abort', done, {once: true});
  });
}
