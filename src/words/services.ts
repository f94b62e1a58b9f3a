// Owns: from a supervisor's options to its settings: names, dependencies and their order checked before anything starts.
// Never: a service's command (api/command.ts), or what runs.

import {count, daemonOptionNames, keys} from './daemon_settings.js';
import {shown} from './excerpt.js';
import {code, duration, oneOf, refuse} from './given.js';
import {nearest} from './hint.js';
import {at, below} from './place.js';
import {settle} from './settings.js';
import type {Condition, Strategy} from './supervisor.js';

/** What a service is beside its daemon. */
export interface ServiceSetting {
  readonly name: string;
  readonly command: unknown;
  /** Options of its daemon, not yet settled. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly dependsOn: ReadonlyMap<string, Condition>;
}

export interface SupervisorSettings {
  /** In the order of starting. */
  readonly services: readonly ServiceSetting[];
  readonly strategy: Strategy;
  readonly intensity: {readonly max: number; readonly within: number};
  readonly exitOn: string | undefined;
  readonly handleSignals: boolean;
  readonly signal: AbortSignal | undefined;
}

const KEYS = ['services', 'strategy', 'intensity', 'exitOn', 'handleSignals', 'signal'];

/** Keys of a service: its own, and those of a daemon but for what the supervisor has. */
export const serviceKeys: readonly string[] = [
  'command',
  'dependsOn',
  ...daemonOptionNames.filter((name) => name !== 'signal' && name !== 'owner'),
];

/** What is written here instead of a key of a Compose file. */
const COMPOSE: Readonly<Record<string, string>> = {
  environment: '`environment` is `env` here',
  env_file: '`env_file` is `envFile` here',
  depends_on: '`depends_on` is `dependsOn` here, as in dependsOn: {db: ready}',
  working_dir: '`working_dir` is `cwd` here',
  healthcheck: '`healthcheck` is `health` here, as in health: {http: http://localhost:8080/}; `ready` says when it has started',
  stop_signal: '`stop_signal` is `killSignal` here',
  stop_grace_period: '`stop_grace_period` is `killTimeout` here, in milliseconds',
  entrypoint: '`entrypoint` is `command` here',
  user: '`user` is `uid` and `gid` here',
  logging: '`logging` is `log: {file}` here',
  tty: '`tty` is `pty` here',
  stdin_open: "`stdin_open` is `stdin: 'pipe'` here",
  cgroup_parent: '`cgroup_parent` is `cgroup` here',
  ulimits: '`ulimits` is `limits` here',
  mem_limit: '`mem_limit` is a limit of `cgroup` here',
  cpus: '`cpus` is a limit of `cgroup` here',
  pids_limit: '`pids_limit` is a limit of `cgroup` here',
  oom_score_adj: '`oom_score_adj` is `oomScoreAdj` here',
  container_name: "a service's name is its key under `services`",
  image: 'there are no containers here; name the program in `command`',
  build: 'there are no containers here; build it first, and name the program in `command`',
  ports: 'a service uses the ports of this machine; leave it out',
  expose: 'a service uses the ports of this machine; leave it out',
  networks: 'a service uses the network of this machine; leave it out',
  volumes: 'a service sees the files of this machine; leave it out',
  profiles: 'leave it out, and name the services: net-runner up --only a,b',
  deploy: '`restart`, `limits` and `cgroup` are what there is of it here',
  init: 'every service has a shepherd that reaps; leave it out',
};

/** For names of services' options that Compose has and we do not. */
export function composeHint(name: string): string | undefined {
  return Object.hasOwn(COMPOSE, name) ? COMPOSE[name] : undefined;
}

/** Throws RunError 'invalid' (ERR_INVALID_OPTION); where it lies is known to placeOf(). Daemons' own options are settled elsewhere. */
export function settleSupervisor(options: unknown): SupervisorSettings {
  const given = keys('options', options, KEYS);
  const {services, strategy, exitOn, handleSignals, signal} = given;
  const settled = below('services', () => settleServices(services));
  const intensity = given.intensity === undefined ? {} : below('intensity', () => keys('intensity', given.intensity, ['max', 'within']));
  if (handleSignals !== undefined && typeof handleSignals !== 'boolean') {
    throw at('handleSignals', refuse(`\`handleSignals\` must be true or false, but is ${shown(handleSignals)}`));
  }
  return {
    services: settled,
    strategy:
      strategy === undefined
        ? 'one-for-one'
        : below('strategy', () => oneOf('strategy', strategy, ['one-for-one', 'one-for-all', 'rest-for-one'])),
    intensity: below('intensity', () => ({
      max: count('intensity.max', intensity.max, 10, 0, true),
      within: intensity.within === undefined ? 60_000 : duration('intensity.within', intensity.within, 'leave it out for the default'),
    })),
    exitOn: exitOn === undefined ? undefined : below('exitOn', () => settleExitOn(exitOn, settled)),
    handleSignals: handleSignals ?? false,
    signal: signal === undefined ? undefined : below('signal', () => settle('Daemon', {signal}).signal),
  };
}

function settleExitOn(value: unknown, services: readonly ServiceSetting[]): string {
  const names = ['failure', 'any', ...services.map(({name}) => name)];
  if (typeof value === 'string' && names.includes(value)) return value;
  throw refuse(`\`exitOn\` must be 'failure', 'any' or the name of a service, but is ${shown(value)}`);
}

function settleServices(services: unknown): readonly ServiceSetting[] {
  if (typeof services !== 'object' || services === null || Array.isArray(services)) {
    throw refuse(`\`services\` must be an object of services by name, but is ${shown(services)}`);
  }
  const names = Object.keys(services);
  if (names.length === 0) throw refuse('`services` is empty; name at least one');
  return inOrder(names.map((name) => below(name, () => settleService(name, (services as Record<string, unknown>)[name], names))));
}

/** One service; `others` are the names it may depend on. */
export function settleService(name: string, service: unknown, others: readonly string[]): ServiceSetting {
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(name)) {
    throw refuse(`${shown(name)} cannot be the name of a service: use letters, digits, '.', '_' and '-'`);
  }
  if (typeof service !== 'object' || service === null || Array.isArray(service)) {
    throw refuse(`service '${name}' must be an object with a \`command\`, but is ${shown(service)}`);
  }
  const {command, dependsOn, ...options} = service as Record<string, unknown>;
  for (const key of ['signal', 'owner']) {
    if (options[key] !== undefined) throw at(key, refuse(`${code(key)} of a service is the supervisor's: give it there`));
  }
  if (command === undefined) {
    const hint = ['image', 'build', 'entrypoint'].map((key) => (key in options ? composeHint(key) : undefined)).find(Boolean);
    throw refuse(`service '${name}' has no \`command\`${hint === undefined ? '' : `: ${hint}`}`);
  }
  return {name, command, options, dependsOn: below('dependsOn', () => settleDependencies(name, dependsOn, others))};
}

const CONDITIONS = ['started', 'ready', 'succeeded'] as const;

function settleDependencies(name: string, value: unknown, others: readonly string[]): ReadonlyMap<string, Condition> {
  if (value === undefined) return new Map();
  const isList = Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (!isList && (typeof value !== 'object' || value === null || Array.isArray(value))) {
    throw refuse(`\`dependsOn\` must be as in {db: 'ready'} or ['db'], but is ${shown(value)}`);
  }
  const entries = isList
    ? (value as string[]).map((each, i) => [each, 'ready', i] as const)
    : Object.entries(value).map(([each, what]) => [each, what, each] as const);
  return new Map(
    entries.map(([other, condition, place]) =>
      below(place, () => {
        if (other === name) throw refuse(`service '${name}' depends on itself`);
        if (!others.includes(other)) {
          const close = nearest(other, others);
          throw refuse(
            `service '${name}' depends on '${other}', which is no service${close === undefined ? '' : `; did you mean '${close}'?`}`,
          );
        }
        return [other, oneOf(`dependsOn.${other}`, condition, CONDITIONS)] as const;
      }),
    ),
  );
}

/** Dependencies first; else as they were written. A circle is refused. */
export function inOrder(services: readonly ServiceSetting[]): readonly ServiceSetting[] {
  const byName = new Map(services.map((service) => [service.name, service]));
  const order: ServiceSetting[] = [];
  const visit = (service: ServiceSetting, above: readonly string[]) => {
    if (order.includes(service)) return;
    const circle = above.indexOf(service.name);
    if (circle >= 0) {
      const names = [...above.slice(circle), service.name].join(' -> ');
      throw at(service.name, at('dependsOn', refuse(`services depend on each other in a circle: ${names}; leave one of these out`)));
    }
    for (const other of service.dependsOn.keys()) {
      const found = byName.get(other);
      if (found) visit(found, [...above, service.name]);
    }
    order.push(service);
  };
  for (const service of services) visit(service, []);
  return order;
}
