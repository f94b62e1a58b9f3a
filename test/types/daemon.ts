// Owns: that the options of a daemon are checked, completed and typed, its callbacks and events too.
// Never: running anything; this file is only compiled.
import {expectTypeOf} from 'expect-type';
import {command} from '../../src/api/command.js';
import type {Daemon, DaemonEnd, DaemonState, LineMatch, OutputName, StartDaemon} from '../../src/words/daemon.js';
import type {Scope} from '../../src/words/scope.js';

declare const start: StartDaemon;
declare const s: Scope;

const daemon = await start(['redis-server'], {ready: {port: 6380}});
expectTypeOf(daemon).toEqualTypeOf<Daemon>();
expectTypeOf(daemon.pid).toEqualTypeOf<number | null>();
expectTypeOf(daemon.state).toEqualTypeOf<DaemonState>();
expectTypeOf(await daemon.ended).toEqualTypeOf<DaemonEnd>();
expectTypeOf(await daemon.stop({killTimeout: 5})).toEqualTypeOf<DaemonEnd>();
expectTypeOf(daemon.tail(5, 'stderr')).toEqualTypeOf<string[]>();
expectTypeOf(await daemon.waitFor(/x/)).toEqualTypeOf<LineMatch>();
expectTypeOf(await s.daemon('redis-server')).toEqualTypeOf<Daemon>();
daemon.on('line', (line, stream) => {
  expectTypeOf(line).toEqualTypeOf<string>();
  expectTypeOf(stream).toEqualTypeOf<OutputName>();
});
daemon.once('restart', ({attempt, delay, why}) => expectTypeOf([attempt, delay, why]).toEqualTypeOf<(number | string)[]>());
daemon.on('state', (state, previous) => expectTypeOf([state, previous]).toEqualTypeOf<DaemonState[]>());

// Every form.
void start('x', {ready: {line: /up/, timeout: 5}, health: {http: 'http://localhost/', status: [200, 204], failures: 2}});
void start('x', {ready: {exec: ['redis-cli', 'ping'], interval: 5}, health: {exec: ['true']}, restart: 'always'});
void start('x', {ready: {fd: 3}, restart: {policy: 'never', max: 5, within: 5, backoff: {min: 1, max: 2}, resetAfter: 5}});
void start('x', {logger: console, log: {file: new URL('file:///x')}, envFile: '.env', stdin: 'pipe', linger: 'wait', stderr: 'stdout'});
void start('x', {
  onOutput(line, stream) {
    expectTypeOf(line).toEqualTypeOf<string>();
    expectTypeOf(stream).toEqualTypeOf<OutputName>();
  },
  ready: async ({pid, signal}) => {
    expectTypeOf(pid).toEqualTypeOf<number>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  },
});
void start(command('x', ['y'], {cwd: '/', killTimeout: 5}));
void start('x', {pty: {cols: 80, rows: 24}, stdin: undefined});

// What is refused.
// @ts-expect-error
void start('x', {redy: {port: 80}, cwd: '/'});
// @ts-expect-error
void start('x', {timeout: 5});
// @ts-expect-error
void start('x', {check: true});
// @ts-expect-error
void start('x', {stdout: 'inherit'});
// @ts-expect-error
void start('x', {linger: 'leave'});
// @ts-expect-error
void start('x', {ready: {port: '80'}});
// @ts-expect-error
void start('x', {health: {line: /x/}});
// @ts-expect-error
void start('x', {restart: 'sometimes'});
// @ts-expect-error
void start('x', {logger: {info() {}}});
// @ts-expect-error a command's own options count too
void start(command('x', [], {check: true}));
// @ts-expect-error 'error' is never emitted
daemon.on('error', () => {});
