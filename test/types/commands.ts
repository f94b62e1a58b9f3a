// Owns: that a command carries the types of its options through with(), run(), start() and defineCommands().
// Never: running anything; this file is only compiled.
import {expectTypeOf} from 'expect-type';
import {command, defineCommands} from '../../src/api/command.js';
import type {Merge} from '../../src/words/options.js';
import type {PlainResult, Result} from '../../src/words/result.js';
import type {Command, Run, Runnable} from '../../src/words/runnable.js';
import type {Start} from '../../src/words/subprocess.js';

declare const run: Run;
declare const start: Start;

// Its forms.
const plain = command('ls');
expectTypeOf(await run(plain)).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(command(['ls', '-l']))).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(command(new URL('file:///bin/ls'), ['-l']))).toEqualTypeOf<PlainResult>();
expectTypeOf(plain.file).toEqualTypeOf<string>();
expectTypeOf(plain.args).toEqualTypeOf<readonly string[]>();

// The template's options count.
const lines = command('ls', ['-l'], {lines: true, check: true});
expectTypeOf((await run(lines)).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await run(lines)).ok).toEqualTypeOf<true>();
expectTypeOf(lines.options.lines).toEqualTypeOf<true>();
expectTypeOf((await run(command(['ls'], {encoding: 'buffer'}))).stdout).toEqualTypeOf<Buffer>();

// Those of the call win, key by key; undefined changes nothing.
expectTypeOf((await run(lines, {lines: false})).stdout).toEqualTypeOf<string>();
expectTypeOf((await run(lines, {lines: false})).ok).toEqualTypeOf<true>();
expectTypeOf((await run(lines, {lines: undefined})).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await run(lines, {check: false})).ok).toEqualTypeOf<boolean>();
expectTypeOf((await run(lines, {args: ['x']})).stdout).toEqualTypeOf<string[]>();
// @ts-expect-error
void run(lines, {lines: false, linse: true});

// with().
const text = lines.with({lines: false, args: ['a']});
expectTypeOf((await run(text)).stdout).toEqualTypeOf<string>();
expectTypeOf((await run(text)).ok).toEqualTypeOf<true>();
expectTypeOf((await run(text.with({stdout: 'ignore'}))).stderr).toEqualTypeOf<string>();
// @ts-expect-error arguments are kept in one place
text.options.args;
// @ts-expect-error
lines.with({cwd: '/', shell: true});
// @ts-expect-error frozen
lines.file = 'x';
// @ts-expect-error frozen
lines.options.lines = false;

// Refused where it is made.
// @ts-expect-error
command('ls', [], {maxBuffer: 1});
// @ts-expect-error
command('ls', {cwd: '/'});
// @ts-expect-error
command(['ls'], ['-l']);

// Any command fits a parameter of type Command or Runnable, and a wide one gives a wide result.
function take(each: Command): Promise<Result> {
  return run(each);
}
void take(lines);
void take(plain);
void take(text);
const runnable: Runnable = lines;
expectTypeOf(await run(runnable)).toEqualTypeOf<Result>();

// Merge.
expectTypeOf<Merge<{lines: true}, {lines: false}>>().toEqualTypeOf<{readonly lines: false}>();
expectTypeOf<Merge<{lines: true}, {cwd: string}>>().toEqualTypeOf<{readonly lines: true; readonly cwd: string}>();
expectTypeOf<Merge<{lines: true}, {lines: false | undefined}>['lines']>().toEqualTypeOf<boolean>();

// start() refuses a command made for run(), and takes any other.
// @ts-expect-error check does not apply to start()
void start(lines);
// @ts-expect-error even with further options
void start(lines, {cwd: '/'});
// @ts-expect-error text is nothing start() gives
void start(command('ls', [], {encoding: 'utf8'}));
const server = command('node', ['server.js'], {stderr: 'pipe', killTimeout: 5});
expectTypeOf((await start(server)).stderr).not.toBeNullable();
expectTypeOf((await start(server, {stderr: 'ignore'})).stderr).toBeNull();
function begin(each: Command) {
  return start(each);
}
void begin(server);

// defineCommands().
const tools = defineCommands({
  curl: {file: 'curl', args: ['-sS'], options: {timeout: 10_000, check: true, lines: true}},
  list: ['ls', '-l'],
  date: 'date',
  made: lines,
  bare: {file: 'ls'},
});
expectTypeOf(tools).toHaveProperty('curl');
expectTypeOf((await run(tools.curl(['x']))).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await run(tools.curl())).ok).toEqualTypeOf<true>();
expectTypeOf((await run(tools.curl(['x'], {lines: false}))).stdout).toEqualTypeOf<string>();
expectTypeOf((await run(tools.curl(undefined, {check: false}))).ok).toEqualTypeOf<boolean>();
expectTypeOf(await run(tools.list())).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(tools.date(['-u']))).toEqualTypeOf<PlainResult>();
expectTypeOf((await run(tools.made())).stdout).toEqualTypeOf<string[]>();
expectTypeOf(await run(tools.bare())).toEqualTypeOf<PlainResult>();
// @ts-expect-error no such command
tools.wget;
// @ts-expect-error frozen
tools.curl = tools.list;
// @ts-expect-error
tools.curl(['x'], {line: false});
// @ts-expect-error call it
void run(tools.curl);
// @ts-expect-error
defineCommands({curl: {file: 'curl', options: {check: true, timeOut: 5}}});
// @ts-expect-error
defineCommands({curl: {args: ['x']}});
// @ts-expect-error
defineCommands({curl: 5});
