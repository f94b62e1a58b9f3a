// Owns: waiting in tests: for a promise or a condition, with a limit so generous that only a hang reaches it.
// Never: a bare sleep that hopes something has happened by then.
import process from 'node:process';

/** How many times slower than usual everything may be: under sanitizers. */
export const SLOW: number = Number(process.env.NET_RUNNER_SLOW ?? 1);

/** A minute: no test is meant to come near it, on however busy a machine. */
export const GENEROUS_MS: number = 60_000 * SLOW;

/** Resolves as `promise` does, or rejects after `ms`, saying what was waited for. */
export async function within<T>(promise: PromiseLike<T>, what: string, ms: number = GENEROUS_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Resolves to the first value of `look` that is truthy. For what the kernel reports by no event (a line of /proc); where there is an event,
 * wait for that instead.
 */
export async function until<T>(
  look: () => T | Promise<T>,
  what: string,
  ms: number = GENEROUS_MS,
): Promise<Exclude<T, null | undefined | false>> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await look();
    if (value) return value as Exclude<T, null | undefined | false>;
    if (performance.now() >= end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
