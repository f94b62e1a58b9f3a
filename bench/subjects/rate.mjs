// Owns: the program that all readers read from, and bytes per time. Runs in Node, Bun and Deno.
// Never: imports anything.

/** Writes so many bytes to its stdout: zeros, 4 KiB at a time, or by the program `blocks` (limit/write_blocks.c) 64 KiB at a time. */
export function producer(bytes, blocks) {
  return blocks ? [blocks, '65536', String(bytes)] : ['head', '-c', String(bytes), '/dev/zero'];
}

/** GB/s of a reader that must have read exactly `bytes`. */
export async function rateOf(read, bytes) {
  const from = performance.now();
  const total = await read();
  if (total !== bytes) throw new Error(`read ${total} bytes of ${bytes}`);
  return (bytes / (performance.now() - from) / 1e6).toFixed(4);
}
