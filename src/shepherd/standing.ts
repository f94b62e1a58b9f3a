// Owns: what the host's children inherit of its rights and its place, as they were at one moment, and whether they still are.
// Never: acting on a change.
import {readFileSync} from 'node:fs';
import type {Addon} from '../native.js';

/** Reading /proc takes longer than asking the kernel, so the cgroup is compared at most so often. */
const CGROUP_MS = 1_000;

export class Standing {
  #addon: Addon;
  #identity: number;
  #cgroup: string;
  #readAt: number;

  constructor(addon: Addon) {
    this.#addon = addon;
    this.#identity = addon.identity();
    this.#cgroup = cgroup();
    this.#readAt = performance.now();
  }

  hasChanged(): boolean {
    if (this.#addon.identity() !== this.#identity) return true;
    const now = performance.now();
    if (now - this.#readAt < CGROUP_MS) return false;
    this.#readAt = now;
    return cgroup() !== this.#cgroup;
  }
}

function cgroup(): string {
  try {
    // Within one that was handed to us, the leaf we may have been moved to is no other place.
    return readFileSync('/proc/self/cgroup', 'latin1').replace(/^(0::.*?)\/nr-host$/m, '$1');
  } catch {
    return ''; // no /proc, or no cgroups: then nothing changes
  }
}
