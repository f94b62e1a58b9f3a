// Owns: that a result's fields exist in its type exactly when the options produce them, wide options and unions included.
// Never: running anything; this file is only compiled.
import {expectTypeOf} from 'expect-type';
import type {Options} from '../../src/words/options.js';
import type {FailedResult, Leftover, PlainResult, Result} from '../../src/words/result.js';
import type {Run} from '../../src/words/runnable.js';
import type {Usage} from '../../src/words/stats.js';
import type {OutputTarget} from '../../src/words/target.js';
import type {Truncated} from '../../src/words/truncation.js';

declare const run: Run;
declare const maybe: boolean;
declare const wide: Options;

// Nothing given: both streams as text, an exit as a value.
const plain = await run(['ls']);
expectTypeOf(plain).toEqualTypeOf<PlainResult>();
expectTypeOf(plain.stdout).toEqualTypeOf<string>();
expectTypeOf(plain.stderr).toEqualTypeOf<string>();
expectTypeOf(plain.exitCode).toEqualTypeOf<number | null>();
expectTypeOf(plain.signal).toEqualTypeOf<NodeJS.Signals | null>();
expectTypeOf(plain.ok).toEqualTypeOf<boolean>();
expectTypeOf(plain.exitStatus).toEqualTypeOf<number>();
expectTypeOf(plain.usage).toEqualTypeOf<Usage>();
expectTypeOf(plain.leftovers).toEqualTypeOf<readonly Leftover[]>();
expectTypeOf(plain.isolation).toEqualTypeOf<'tree' | 'cgroup' | 'pidns'>();
expectTypeOf(plain.pid).toEqualTypeOf<number>();
expectTypeOf(plain.oom).toEqualTypeOf<boolean>();
expectTypeOf(plain.durationMs).toEqualTypeOf<number>();
// @ts-expect-error a result is read-only
plain.pid = 1;
// @ts-expect-error there is no such field
plain.output;
// `ok` tells the halves apart.
if (plain.ok) {
  expectTypeOf(plain.exitCode).toEqualTypeOf<number>();
  expectTypeOf(plain.signal).toEqualTypeOf<null>();
}

// Every form of a command, and options that change no field.
expectTypeOf(await run('ls')).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(new URL('file:///bin/ls'))).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(['ls'] as const)).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(['ls'], undefined)).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(['ls'], {})).toEqualTypeOf<PlainResult>();
expectTypeOf(await run(['ls'], {cwd: '/', timeout: 5, args: ['-l'], env: {A: undefined}})).toEqualTypeOf<PlainResult>();

// encoding and lines.
expectTypeOf((await run('ls', {encoding: 'buffer'})).stdout).toEqualTypeOf<Buffer>();
expectTypeOf((await run('ls', {encoding: 'buffer'})).stderr).toEqualTypeOf<Buffer>();
expectTypeOf((await run('ls', {encoding: 'latin1'})).stdout).toEqualTypeOf<string>();
expectTypeOf((await run('ls', {lines: true})).stdout).toEqualTypeOf<string[]>();
expectTypeOf((await run('ls', {lines: false})).stdout).toEqualTypeOf<string>();
expectTypeOf((await run('ls', {lines: undefined})).stdout).toEqualTypeOf<string>();
expectTypeOf((await run('ls', {lines: maybe})).stdout).toEqualTypeOf<string | string[]>();
expectTypeOf((await run('ls', {encoding: maybe ? 'buffer' : 'utf8'})).stdout).toEqualTypeOf<string | Buffer>();
expectTypeOf((await run('ls', maybe ? {lines: true} : {lines: false})).stdout).toEqualTypeOf<string | string[]>();
expectTypeOf((await run('ls', maybe ? {lines: true} : {})).stdout).toEqualTypeOf<string | string[]>();

// A stream that is not collected has no field.
const silent = await run('ls', {stdout: 'ignore'});
// @ts-expect-error stdout is ignored
silent.stdout;
expectTypeOf(silent.stderr).toEqualTypeOf<string>();
const merged = await run('ls', {stderr: 'stdout'});
expectTypeOf(merged.stdout).toEqualTypeOf<string>();
// @ts-expect-error stderr went into stdout
merged.stderr;
expectTypeOf((await run('ls', {stderr: 'consume'})).stderr).toEqualTypeOf<string>();
// @ts-expect-error stdout goes to a descriptor
(await run('ls', {stdout: 3})).stdout;
// A stream that may be collected has an optional field.
expectTypeOf((await run('ls', {stdout: maybe ? 'pipe' : 'ignore'})).stdout).toEqualTypeOf<string | undefined>();

// A list of targets is collected when 'pipe' is in it; a file is not.
expectTypeOf((await run('ls', {stdout: ['pipe', {file: '/x'}]})).stdout).toEqualTypeOf<string>();
// @ts-expect-error nothing of it is collected
(await run('ls', {stdout: ['inherit', {file: '/x'}]})).stdout;
expectTypeOf((await run('ls', {stderr: ['consume', 'inherit']})).stderr).toEqualTypeOf<string>();
// @ts-expect-error a file
(await run('ls', {stdout: {file: '/x'}})).stdout;
const some_targets: OutputTarget[] & ('pipe' | 'inherit')[] = ['inherit'];
expectTypeOf((await run('ls', {stdout: some_targets})).stdout).toEqualTypeOf<string | undefined>();

// output and input add a field each.
// @ts-expect-error without `output`
plain.truncated;
// @ts-expect-error without `input`
plain.inputComplete;
expectTypeOf((await run('ls', {output: {max: 5}})).truncated).toEqualTypeOf<Truncated>();
expectTypeOf(await run('ls', {output: undefined})).toEqualTypeOf<PlainResult>();
expectTypeOf((await run('ls', maybe ? {output: {max: 5}} : {})).truncated).toEqualTypeOf<Truncated | undefined>();
expectTypeOf((await run('ls', {input: 'x'})).inputComplete).toEqualTypeOf<boolean>();
// @ts-expect-error it is inherited, not fed
(await run('ls', {input: process.stdin})).inputComplete;

// stdio: one word, a tuple, and a single option above it.
const inherited = await run('vim', {stdio: 'inherit'});
// @ts-expect-error inherited
inherited.stdout;
// @ts-expect-error inherited
inherited.stderr;
expectTypeOf((await run('ls', {stdio: 'pipe'})).stderr).toEqualTypeOf<string>();
expectTypeOf((await run('ls', {stdio: 'inherit', stdout: 'pipe'})).stdout).toEqualTypeOf<string>();
const tuple = await run('ls', {stdio: ['ignore', 'pipe', 'inherit']});
expectTypeOf(tuple.stdout).toEqualTypeOf<string>();
// @ts-expect-error the third of the tuple is inherited
tuple.stderr;
expectTypeOf((await run('ls', {stdio: ['ignore', undefined, undefined]})).stdout).toEqualTypeOf<string>();
expectTypeOf((await run('ls', {stdio: ['ignore', 'ignore', 'consume']})).stderr).toEqualTypeOf<string>();
// @ts-expect-error the tuple's second is ignored
(await run('ls', {stdio: ['ignore', 'ignore', 'consume']})).stdout;

// check: only success resolves.
const checked = await run('ls', {check: true});
expectTypeOf(checked.ok).toEqualTypeOf<true>();
expectTypeOf(checked.exitCode).toEqualTypeOf<number>();
expectTypeOf(checked.signal).toEqualTypeOf<null>();
expectTypeOf((await run('ls', {check: [0, 1]})).ok).toEqualTypeOf<true>();
expectTypeOf((await run('ls', {check: maybe})).ok).toEqualTypeOf<boolean>();
expectTypeOf((await run('ls', {check: false})).ok).toEqualTypeOf<boolean>();
expectTypeOf((await run('ls', {check: undefined})).ok).toEqualTypeOf<boolean>();

// Wide options: whatever could be.
const unknown = await run('ls', wide);
expectTypeOf(unknown.stdout).toEqualTypeOf<string | string[] | Buffer | undefined>();
expectTypeOf(unknown.ok).toEqualTypeOf<boolean>();
expectTypeOf(unknown).toEqualTypeOf<Result>();
const some: {lines?: boolean; cwd?: string} = {};
expectTypeOf((await run('ls', some)).stdout).toEqualTypeOf<string | string[]>();
const optionalCheck: {check?: true} = {};
expectTypeOf((await run('ls', optionalCheck)).ok).toEqualTypeOf<boolean>();

// A narrow result fits where any result is taken.
function report(result: Result): string {
  return String(result.command);
}
report(plain);
report(checked);
report(inherited);
report(await run('ls', {encoding: 'buffer'}));

// What an error carries has everything that may be unknown as null.
expectTypeOf<FailedResult['exitStatus']>().toEqualTypeOf<number | null>();
expectTypeOf<FailedResult['usage']>().toEqualTypeOf<Usage | null>();
expectTypeOf<FailedResult['ok']>().toEqualTypeOf<false>();
