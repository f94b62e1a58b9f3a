// Owns: who a job may belong to: an object whose event ends it.
// Never: listening (subprocess/owner.ts).

/** An EventEmitter or EventTarget, and the event after which its jobs are not wanted any more. */
export type Owner = readonly [target: NodeJS.EventEmitter | EventTarget, event: string];

/** The cause of an end by its owner's event. */
export class OwnerEnded extends Error {
  override readonly name = 'OwnerEnded';

  /** undefined: nobody held it any more ('gc'). */
  constructor(event: string | undefined) {
    super(event === undefined ? 'nobody held it any more' : `its owner emitted '${event}'`);
  }
}

/** What is wrong with a value as an owner, as the end of a sentence; undefined: nothing. */
export function ownerFault(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[1] !== 'string' || value[1] === '') {
    return "must be [target, event], as in [response, 'close'], or 'gc'";
  }
  const [target, event] = value as [Record<string, unknown> | null, string];
  if (
    typeof target !== 'object' ||
    target === null ||
    !(typeof target.once === 'function' || typeof target.addEventListener === 'function')
  ) {
    return 'needs an EventEmitter or an EventTarget as its target';
  }
  // It fires when the body was read, long before the client has its answer.
  if (event === 'close' && 'httpVersion' in target && 'rawHeaders' in target) {
    return "is an http request with 'close', which fires as soon as its body was read; give the response: [res, 'close']";
  }
  return undefined;
}
