// Owns: an ordered end at the signals that end a host, for those who asked for it; afterwards the signal has its way.
// Never: listens by itself; signals anybody but this process.

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `stop` is called at the first signal, and with true at each that follows. Returns what ends the listening. */
export function stopAtSignals(stop: (again: boolean) => Promise<unknown>): () => void {
  let first: NodeJS.Signals | undefined;
  const listen = (name: NodeJS.Signals) => {
    const again = first !== undefined;
    first ??= name;
    const stopped = stop(again);
    if (!again) void stopped.then(() => raise(name));
  };
  const leave = () => {
    for (const name of NAMES) process.off(name, listen);
  };
  const raise = (name: NodeJS.Signals) => {
    leave();
    // Whoever else listens has heard it already, and decides for himself what becomes of the process.
    if (process.listenerCount(name) === 0) process.kill(process.pid, name);
  };
  for (const name of NAMES) process.on(name, listen);
  return leave;
}
