// Owns: cgroups (v2) for tests: a process made silent for good by freezing it, where SIGCONT does not wake it and SIGKILL still ends it.
// Never: freezes or moves anything but what a test has started.
import {mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import {until} from './wait.js';

const ROOTS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];

function root(): string | undefined {
  return ROOTS.find((place) => {
    const probe = `${place}/nr-test-probe-${process.pid}`;
    try {
      mkdirSync(probe);
    } catch {
      return false;
    }
    try {
      return readFileSync(`${probe}/cgroup.freeze`, 'latin1') === '0\n';
    } catch {
      return false;
    } finally {
      rmdirSync(probe);
    }
  });
}

const place = root();

/** Why nobody can be frozen here; false when somebody can. */
export const cannotFreeze: string | false = place === undefined && 'this user may not make a cgroup (v2) to freeze in';

/** Freezes one process. What is returned removes the cgroup once the process is gone. */
export async function freeze(pid: number): Promise<() => Promise<void>> {
  const cgroup = `${place}/nr-test-${process.pid}-${pid}`;
  mkdirSync(cgroup);
  writeFileSync(`${cgroup}/cgroup.procs`, String(pid));
  writeFileSync(`${cgroup}/cgroup.freeze`, '1');
  await until(() => readFileSync(`${cgroup}/cgroup.events`, 'latin1').includes('frozen 1'), 'it to be frozen');
  return async () => {
    writeFileSync(`${cgroup}/cgroup.freeze`, '0');
    await until(() => {
      try {
        rmdirSync(cgroup);
        return true;
      } catch {
        return false; // it is not reaped yet
      }
    }, 'the cgroup to be empty');
  };
}

/** Moves this very process to a cgroup of its own. `back()` undoes that, `remove()` removes the cgroup once it is empty. */
export function ownCgroup(): {back(): void; remove(): void} {
  const before = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[1] ?? '/';
  const cgroup = `${place}/nr-test-${process.pid}`;
  mkdirSync(cgroup);
  writeFileSync(`${cgroup}/cgroup.procs`, String(process.pid));
  return {
    back: () => writeFileSync(`${place}${before}/cgroup.procs`, String(process.pid)),
    remove: () => rmdirSync(cgroup),
  };
}

/** The old freezer (cgroup v1): whoever is in it does not even die of SIGKILL (state D) until it is thawed. */
const OLD = '/sys/fs/cgroup/freezer';

function oldFreezer(): boolean {
  const probe = `${OLD}/nr-test-probe-${process.pid}`;
  try {
    mkdirSync(probe);
  } catch {
    return false;
  }
  try {
    return readFileSync(`${probe}/freezer.state`, 'latin1') === 'THAWED\n';
  } catch {
    return false;
  } finally {
    rmdirSync(probe);
  }
}

/** Why nobody can be made unkillable here; false when somebody can. */
export const cannotFreezeHard: string | false = !oldFreezer() && 'there is no cgroup v1 freezer that this user may use';

/** Makes one process unkillable. What is returned thaws it and removes the cgroup once it is gone. */
export async function freezeHard(pid: number): Promise<() => Promise<void>> {
  const cgroup = `${OLD}/nr-test-${process.pid}-${pid}`;
  mkdirSync(cgroup);
  writeFileSync(`${cgroup}/cgroup.procs`, String(pid));
  writeFileSync(`${cgroup}/freezer.state`, 'FROZEN');
  await until(() => readFileSync(`${cgroup}/freezer.state`, 'latin1') === 'FROZEN\n', 'it to be frozen');
  return async () => {
    writeFileSync(`${cgroup}/freezer.state`, 'THAWED');
    await until(() => {
      try {
        rmdirSync(cgroup);
        return true;
      } catch {
        return false; // it is not reaped yet
      }
    }, 'the cgroup to be empty');
  };
}
