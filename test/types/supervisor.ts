// Owns: that services are checked key by key, and that a supervisor's events and methods are typed.
// Never: running anything; this file is only compiled.
import {expectTypeOf} from 'expect-type';
import type {Daemon, DaemonState, OutputName} from '../../src/words/daemon.js';
import type {StartSupervisor, Supervisor, SupervisorEnd} from '../../src/words/supervisor.js';

declare const start: StartSupervisor;

const supervisor = await start({
  services: {
    db: {command: ['redis-server'], ready: {port: 6379}, onOutput: (line) => expectTypeOf(line).toEqualTypeOf<string>()},
    web: {command: 'web', dependsOn: {db: 'ready'}, restart: 'always', env: {A: undefined}},
    job: {command: ['job'], dependsOn: ['db', 'web']},
  },
  strategy: 'rest-for-one',
  intensity: {max: 5},
  exitOn: 'web',
  handleSignals: true,
});
expectTypeOf(supervisor).toEqualTypeOf<Supervisor>();
expectTypeOf(supervisor.services.get('db')).toEqualTypeOf<Daemon | undefined>();
expectTypeOf(await supervisor.ended).toEqualTypeOf<SupervisorEnd>();
expectTypeOf(await supervisor.add('x', {command: 'x'})).toEqualTypeOf<Daemon>();
supervisor.on('line', (...args) => expectTypeOf(args).toEqualTypeOf<[string, string, OutputName]>());
supervisor.on('state', (...args) => expectTypeOf(args).toEqualTypeOf<[string, DaemonState, DaemonState]>());

// @ts-expect-error no command
void start({services: {web: {}}});
// @ts-expect-error
void start({services: {web: {command: 'x', environment: {}}}});
// @ts-expect-error
void start({services: {web: {command: 'x', timeout: 5}}});
// @ts-expect-error
void start({services: {web: {command: 'x', dependsOn: {db: 'healthy'}}}});
// @ts-expect-error its signal is the supervisor's
void start({services: {web: {command: 'x', signal: new AbortController().signal}}});
// @ts-expect-error
void start({services: {web: {command: 'x'}}, strategy: 'all'});
// @ts-expect-error
void start({service: {}});
