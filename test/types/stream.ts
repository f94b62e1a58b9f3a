// Owns: the types of stream() and $: what iterating gives, and what a result has.
// Never: running anything; this file is only compiled.
import {expectTypeOf} from 'expect-type';
import type {command as describe} from '../../src/api/command.js';
import type {Result, StageResult} from '../../src/words/result.js';
import type {Scope} from '../../src/words/scope.js';
import type {OpenStream, Stream} from '../../src/words/stream.js';
import type {Running, Template} from '../../src/words/template.js';

declare const stream: OpenStream;
declare const $: Template;
declare const s: Scope;
declare const command: typeof describe;

// Chunks are bytes, or text under a text encoding.
for await (const chunk of stream('ls')) expectTypeOf(chunk).toEqualTypeOf<Buffer>();
for await (const chunk of stream('ls', {encoding: 'utf8'})) expectTypeOf(chunk).toEqualTypeOf<string>();
for await (const chunk of stream(command('ls', [], {encoding: 'latin1'}))) expectTypeOf(chunk).toEqualTypeOf<string>();
for await (const chunk of stream('ls', {encoding: 'buffer'})) expectTypeOf(chunk).toEqualTypeOf<Buffer>();
for await (const line of stream('ls').lines()) expectTypeOf(line).toEqualTypeOf<string>();
for await (const lines of stream('ls').lineBatches({maxLineLength: 5})) expectTypeOf(lines).toEqualTypeOf<string[]>();
expectTypeOf(stream('ls').text()).resolves.toEqualTypeOf<string>();
expectTypeOf(stream('ls').bytes()).resolves.toEqualTypeOf<Buffer>();
expectTypeOf(stream('ls').json()).resolves.toEqualTypeOf<unknown>();
expectTypeOf(stream('ls').json<{a: number}>()).resolves.toEqualTypeOf<{a: number}>();
expectTypeOf(stream('ls').pid).toEqualTypeOf<number | undefined>();
// @ts-expect-error not thenable
stream('ls').then;

// The result: no stdout, stderr as text, an end that may be any.
const result = await stream('ls').result;
expectTypeOf(result.ok).toEqualTypeOf<boolean>();
expectTypeOf(result.stderr).toEqualTypeOf<string>();
// @ts-expect-error it was handed out
result.stdout;
// @ts-expect-error one command has no stages
result.stages;
// @ts-expect-error stderr went into stdout
(await stream('ls', {stderr: 'stdout'}).result).stderr;
expectTypeOf((await stream('ls', {input: 'x'}).result).inputComplete).toEqualTypeOf<boolean>();
// @ts-expect-error a terminal has no stderr of its own
(await stream('ls', {pty: true}).result).stderr;
for await (const line of stream('ls', {pty: {cols: 80}}).lines()) expectTypeOf(line).toEqualTypeOf<string>();
const piped = stream('ls').pipe('sort', {encoding: 'utf8'});
for await (const chunk of piped) expectTypeOf(chunk).toEqualTypeOf<string>();
expectTypeOf((await piped.result).stages).toEqualTypeOf<readonly StageResult[]>();

// Any fits a parameter.
function read(any: Stream): AsyncIterable<Buffer | string> {
  return any;
}
read(stream('ls'));
read(piped);

// $: checked, text.
const plain = await $`ls ${'a'} ${5} ${true} ${['b', 5]} ${new URL('file:///x')}`;
expectTypeOf(plain.stdout).toEqualTypeOf<string>();
expectTypeOf(plain.ok).toEqualTypeOf<true>();
expectTypeOf(plain.exitCode).toEqualTypeOf<number>();
expectTypeOf(plain).toExtend<Result>();
expectTypeOf((await $({pty: true})`ls`).stdout).toEqualTypeOf<string>();
// @ts-expect-error
(await $({pty: true})`ls`).stderr;
expectTypeOf((await $`ls`.nothrow()).ok).toEqualTypeOf<boolean>();
expectTypeOf((await $({lines: true})`ls`).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await $({lines: true})({encoding: 'buffer', lines: false})`ls`).stdout).toEqualTypeOf<Buffer>();
expectTypeOf((await $({check: false})`ls`).exitCode).toEqualTypeOf<number | null>();
expectTypeOf($`ls`).toExtend<Promise<unknown>>();
expectTypeOf((await $`ls`.pipe($({lines: true})`sort`)).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await $`ls`.pipe(['sort'], {lines: true})).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await $`ls`.pipe(['sort'])).stages).toEqualTypeOf<readonly StageResult[]>();
expectTypeOf((await $`ls`.pipe('sort').nothrow()).stages).toEqualTypeOf<readonly StageResult[]>();
// @ts-expect-error
void $`ls ${undefined}`;
// @ts-expect-error
void $`ls ${null}`;
// @ts-expect-error
void $`ls ${{}}`;
// @ts-expect-error
void $({timeOut: 5});
// @ts-expect-error a string is no template
void $('ls');

// In a scope they are the same.
expectTypeOf(s.stream).toEqualTypeOf<OpenStream>();
expectTypeOf(s.$).toEqualTypeOf<Template>();
expectTypeOf<Running>().toExtend<Promise<{readonly ok: true}>>();
