// Owns: something that comes once in a job's life, and who is to be told of it.
// Never: forgets somebody who asks after it has come: several frames may be read at once, before anybody could.
export class Moment {
  #calls: (() => void)[] | undefined = [];

  /** Calls it when the moment comes; now, if it has come. */
  push(call: () => void): void {
    if (this.#calls) this.#calls.push(call);
    else call();
  }

  /** Only the first time counts. */
  come(): void {
    const calls = this.#calls ?? [];
    this.#calls = undefined;
    for (const call of calls) call();
  }
}
