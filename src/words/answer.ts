// Owns: the promise a method answers with, which may be called without await at any time.
// Never: hides a refusal from whoever looks at it.

/** What `call` gives or throws, as a promise. A refusal that nobody looks at must not end the host. */
export function answer<T>(call: () => Promise<T>): Promise<T> {
  const promise = (async () => call())();
  promise.catch(() => {});
  return promise;
}
