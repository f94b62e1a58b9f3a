// Owns: the standing of a host program as its test wants it: its cgroup, its user, the isolation of its jobs; said by environment variables.
// Never: a process; anything in a host that was not told.
//   NET_RUNNER_TEST_CGROUP: a directory to go to. NET_RUNNER_TEST_UID: whom to become then. NET_RUNNER_TEST_ISOLATION: of its jobs.
import {chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {Isolation} from '../../src/index.js';
import {enter} from './cgroups.js';
import {child} from './places.js';

/** To be called before the first job. Gives the options of its jobs. */
export function takeStanding(): {readonly isolation?: Isolation; readonly cgroup?: string; readonly cwd?: string} {
  const {NET_RUNNER_TEST_CGROUP: cgroup, NET_RUNNER_TEST_UID: uid, NET_RUNNER_TEST_ISOLATION: isolation} = process.env;
  if (cgroup) enter(cgroup);
  if (uid) {
    process.setgroups?.([]);
    process.setgid?.(Number(uid));
    process.setuid?.(Number(uid));
  }
  const {NET_RUNNER_TEST_PATH: where} = process.env;
  return {...(isolation && {isolation: isolation as Isolation}), ...(where && {cgroup: where}), ...(uid && {cwd: '/'})};
}

/** Copies of the binaries and of the cast where everybody may execute them, and the variables that make a host use them. */
export function openToAll(cast: readonly string[]): {readonly env: Readonly<Record<string, string>>; remove(): void} {
  const directory = mkdtempSync(path.join(tmpdir(), 'net-runner-open-'));
  const children = path.join(directory, 'children');
  mkdirSync(children);
  const copy = (from: string, to: string) => {
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  };
  for (const each of [directory, children]) chmodSync(each, 0o755);
  for (const name of cast) copy(child(name), path.join(children, name));
  const shepherd = path.join(directory, 'net-runner-shepherd');
  const addon = path.join(directory, 'net_runner.node');
  copy(process.env.NET_RUNNER_SHEPHERD as string, shepherd);
  copy(process.env.NET_RUNNER_ADDON as string, addon);
  return {
    env: {NET_RUNNER_SHEPHERD: shepherd, NET_RUNNER_ADDON: addon, NET_RUNNER_TEST_CHILDREN: children},
    remove: () => rmSync(directory, {recursive: true}),
  };
}
