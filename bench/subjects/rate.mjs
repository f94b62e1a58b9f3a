// Owns: the program that all readers read from, and bytes per time. Runs in Node, Bun and Deno.
// Never: imports anything.

/** Writes so many zeros to its stdout. */
export function producer(bytes) {
  return ['head', '-c', String(bytes), '/dev/zero'];
}

/** GB/s of a reader that must have read exactly `bytes`. */
export async function rateOf(read, bytes) {
  const from = performance.now();
  const total = await read();
  if (total !== bytes) throw new Error(`read ${total} bytes of ${bytes}`);
  return (bytes / (performance.now() - from) / 1e6).toFixed(4);
}
