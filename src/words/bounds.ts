// Owns: what a child may use and as whom it runs: the types of the options for it, and the sentences for what could not be had.
// Never: checking an option (bound_settings.ts), or setting any of it (native/shepherd/bounds.c).

/** One limit: a number for both values, or each by itself. Infinity: none. Sizes may be text: '512M'. */
export type Limit = number | string | {readonly soft?: number | string | undefined; readonly hard?: number | string | undefined};

/** Limits of each process of the tree, as setrlimit(2) knows them. */
export interface Limits {
  /** Descriptors that a process may have open. */
  readonly nofile?: Limit | undefined;
  /** Processes and threads that the user may have in all, whoever started them. Root is not bound by it. */
  readonly nproc?: Limit | undefined;
  /** Bytes of a core file; 0: none is written. */
  readonly core?: Limit | undefined;
  /** Bytes of a file that a process writes. */
  readonly fsize?: Limit | undefined;
  /** Bytes of address space of a process. */
  readonly as?: Limit | undefined;
  /** Seconds of CPU of a process: SIGXCPU at the soft value, SIGKILL at the hard one. */
  readonly cpu?: Limit | undefined;
}

export const LIMITS = ['nofile', 'nproc', 'core', 'fsize', 'as', 'cpu'] as const satisfies readonly (keyof Limits)[];

/** One limit as it is sent; undefined: that value stays as it is. */
export interface SettledLimit {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** All of it together, settled. undefined: as the fork server has it. */
export interface Bounds {
  readonly limits: Readonly<Partial<Record<keyof Limits, SettledLimit>>>;
  readonly nice: number | undefined;
  readonly umask: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly groups: readonly number[] | undefined;
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj: number | undefined;
}

/** None of it was asked for: what most jobs have. */
export const NO_BOUNDS: Bounds = Object.freeze({
  limits: Object.freeze({}),
  nice: undefined,
  umask: undefined,
  uid: undefined,
  gid: undefined,
  groups: undefined,
  noNewPrivileges: false,
  oomScoreAdj: undefined,
});

/** Why a child could not be given what was asked for; undefined for a stage that is not about that. */
export function boundSentence(stage: string, code: string): string | undefined {
  const limit = /^limit_(\w+)$/.exec(stage)?.[1];
  if (limit !== undefined) {
    if (code === 'EPERM')
      return `\`limits.${limit}\` is above the host's own hard limit, which only root may pass; give less, or raise it in the host`;
    if (code === 'EINVAL') return `\`limits.${limit}\` has a soft value above the hard one that the host has; give both values`;
    return `\`limits.${limit}\` could not be set (${code})`;
  }
  switch (stage) {
    case 'nice':
      return `\`nice\` could not be set (${code}); a value below the host's own needs root, CAP_SYS_NICE or \`ulimit -e\``;
    case 'oom_score_adj':
      if (code === 'ENOENT') return '`oomScoreAdj` needs a mounted /proc';
      return `\`oomScoreAdj\` could not be set (${code}); a value below the host's own needs root or CAP_SYS_RESOURCE`;
    case 'setgroups':
    case 'setgid':
    case 'setuid': {
      const option = {setgroups: 'groups', setgid: 'gid', setuid: 'uid'}[stage];
      if (code === 'EPERM')
        return `\`${option}\` could not be taken: only root may run a program as somebody else; leave it out, or run the host as root`;
      if (code === 'EINVAL')
        return `\`${option}\` could not be taken: this namespace knows no such number; use one that /proc/self/uid_map and gid_map hold`;
      return `\`${option}\` could not be taken (${code})`;
    }
    case 'no_new_privs':
      return `\`noNewPrivileges\` could not be set (${code}); it needs Linux 3.5`;
    case 'chown':
      return `its pipes could not be given to \`uid\` (${code})`;
  }
  return undefined;
}
