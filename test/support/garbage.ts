// Owns: a garbage collection when a test wants one.
// Never: needs a flag of the node that runs it.
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

/** Collects everything that nobody holds. Finalizers run in a later turn of the event loop. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
