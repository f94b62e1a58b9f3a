// Owns: that start() types the streams of a Subprocess by the options, and that any Subprocess fits a parameter.
// Never: running anything; this file is only compiled.
import type {Readable, Writable} from 'node:stream';
import type {ReadableStream} from 'node:stream/web';
import {expectTypeOf} from 'expect-type';
import type {Input} from '../../src/words/input.js';
import type {Stats} from '../../src/words/stats.js';
import type {End, Foreground, Match, Start, Started, Subprocess} from '../../src/words/subprocess.js';

declare const start: Start;
declare const maybe: boolean;

const p = await start(['node', 'server.js']);
expectTypeOf(p).toEqualTypeOf<Subprocess<Writable, Readable, null>>();
expectTypeOf(p.stdin).toEqualTypeOf<Writable>();
expectTypeOf(p.stdout).toEqualTypeOf<Readable>();
expectTypeOf(p.stderr).toEqualTypeOf<null>();
expectTypeOf(p.stderrTail).toEqualTypeOf<string>();
expectTypeOf(p.read()).resolves.toEqualTypeOf<Buffer | null>();
expectTypeOf(p.readStderr(5, {signal: AbortSignal.timeout(1)})).resolves.toEqualTypeOf<Buffer | null>();
expectTypeOf(p.write('x')).resolves.toEqualTypeOf<boolean>();
expectTypeOf(p.closeStdin()).toEqualTypeOf<void>();
expectTypeOf(p.kill('SIGINT', {reach: 'tree'})).resolves.toEqualTypeOf<boolean>();
expectTypeOf(p.kill()).resolves.toEqualTypeOf<boolean>();
expectTypeOf(p.stop({killTimeout: 5})).resolves.toEqualTypeOf<End>();
expectTypeOf(p.exited).resolves.toEqualTypeOf<End>();
expectTypeOf(p.closed).resolves.toEqualTypeOf<End>();
expectTypeOf(p.stats()).toEqualTypeOf<Stats>();
expectTypeOf(p.alive).toEqualTypeOf<boolean>();
expectTypeOf(p).toExtend<AsyncDisposable>();
// @ts-expect-error not thenable
p.then;
// @ts-expect-error
void p.kill('SIGNOPE');
// @ts-expect-error
void p.kill('SIGTERM', {reach: 'world'});

expectTypeOf((await start('ls', {stderr: 'pipe'})).stderr).toEqualTypeOf<Readable>();
expectTypeOf((await start('ls', {stderr: 'stdout'})).stderr).toEqualTypeOf<null>();
expectTypeOf((await start('ls', {stdout: 'inherit'})).stdout).toEqualTypeOf<null>();
expectTypeOf((await start('ls', {stdin: 'ignore'})).stdin).toEqualTypeOf<null>();
expectTypeOf((await start('ls', {stdio: 'pipe'})).stderr).toEqualTypeOf<Readable>();
expectTypeOf((await start('ls', {stdio: 'inherit'})).stdin).toEqualTypeOf<null>();
expectTypeOf(await start('ls', {stdio: ['ignore', 'pipe', 'pipe']})).toEqualTypeOf<Subprocess<null, Readable, Readable>>();
expectTypeOf((await start('ls', {stdout: maybe ? 'pipe' : 'ignore'})).stdout).toEqualTypeOf<Readable | null>();
expectTypeOf((await start('ls', {stdout: ['pipe', {file: '/x'}]})).stdout).toEqualTypeOf<Readable>();
expectTypeOf((await start('ls', {stdout: ['inherit', {file: '/x'}]})).stdout).toEqualTypeOf<null>();
expectTypeOf((await start('ls', {stderr: ['consume', 'inherit']})).stderr).toEqualTypeOf<null>();
expectTypeOf(p.readInto(Buffer.alloc(5))).resolves.toEqualTypeOf<number>();
expectTypeOf(p.toReadable()).toEqualTypeOf<Readable>();
expectTypeOf(p.toReadableStream()).toEqualTypeOf<ReadableStream<Uint8Array>>();
// What `input` feeds is not ours to write to.
expectTypeOf((await start('ls', {input: 'x'})).stdin).toEqualTypeOf<null>();
declare const input: Input | undefined;
expectTypeOf((await start('ls', {input})).stdin).toEqualTypeOf<Writable | null>();

expectTypeOf(await start('ls', {detached: true})).toEqualTypeOf<Subprocess<null, null, null>>();
expectTypeOf(await start('ls', {detached: 'leftovers', owner: 'gc'})).toEqualTypeOf<Subprocess<null, null, null>>();
expectTypeOf((await start('ls', {detached: maybe})).stdout).toEqualTypeOf<Readable | null>();

// Any fits a parameter.
function watch(any: Subprocess): number {
  return any.pid;
}
watch(p);
watch(await start('ls', {stdio: 'ignore'}));
expectTypeOf<Started<{stdio: 'ignore'}>>().toEqualTypeOf<Subprocess<null, null, null>>();

// A terminal: stderr is not one of its own.
const term = await start('bash', {pty: {cols: 120, rows: 40}});
expectTypeOf(term).toEqualTypeOf<Subprocess<Writable, Readable, null>>();
expectTypeOf(term.resize(80, 24)).toEqualTypeOf<boolean>();
expectTypeOf(term.foreground).toEqualTypeOf<Foreground | null>();
expectTypeOf(term.waitFor('$ ')).resolves.toEqualTypeOf<Match<string>>();
expectTypeOf(term.waitFor(/(\d+)/, {timeout: 5, signal: AbortSignal.timeout(1)})).resolves.toEqualTypeOf<Match<RegExpExecArray>>();
expectTypeOf(await start('bash', {pty: false, stderr: 'pipe'})).toEqualTypeOf<Subprocess<Writable, Readable, Readable>>();
expectTypeOf((await start('bash', {pty: maybe})).stderr).toEqualTypeOf<null>();
expectTypeOf((await start('bash', {pty: maybe, stderr: 'pipe'})).stderr).toEqualTypeOf<Readable | null>();
expectTypeOf((await start('bash', {pty: true, input: 'x'})).stdin).toEqualTypeOf<null>();
// @ts-expect-error
void start('bash', {pty: {columns: 80}});
// @ts-expect-error
void start('bash', {pty: {cols: '80'}});
// @ts-expect-error
term.resize(80);
// @ts-expect-error
void term.waitFor(5);
