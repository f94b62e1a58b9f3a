// Owns: that the compiler refuses what run time refuses: unknown keys beside known ones, wrong values, options of the wrong function.
// Never: running anything; this file is only compiled.
import {PassThrough, Readable} from 'node:stream';
import {expectTypeOf} from 'expect-type';
import type {command as describe} from '../../src/api/command.js';
import type {applies, FunctionName, OptionsOf} from '../../src/words/applies.js';
import type {Known, Merge, Options} from '../../src/words/options.js';
import type {Result} from '../../src/words/result.js';
import type {Run, Runnable, StartOptions} from '../../src/words/runnable.js';
import type {OpenStream} from '../../src/words/stream.js';
import type {Start} from '../../src/words/subprocess.js';

declare const run: Run;
declare const start: Start;
declare const stream: OpenStream;
declare const command: typeof describe;

// Misspelt keys, alone and beside correct ones.
// @ts-expect-error
void run('ls', {timeOut: 5});
// @ts-expect-error
void run('ls', {timeOut: 5, cwd: '/'});
// @ts-expect-error
void run('ls', {cwd: '/', lines: true, maxBuffer: 5});
const misspelt = {cwd: '/', timeOut: 5};
// @ts-expect-error in a variable too
void run('ls', misspelt);
// @ts-expect-error
void start('ls', {cwd: '/', killTimout: 5});

// A second argument that is an array.
// @ts-expect-error put the arguments into the array
void run('ls', ['-l']);
// @ts-expect-error
void start('ls', ['-l']);

// Wrong commands.
// @ts-expect-error
void run();
// @ts-expect-error
void run(5);
// @ts-expect-error
void run({file: 'ls'});
// @ts-expect-error
void run(['ls', 5]);

// Wrong values.
// @ts-expect-error
void run('ls', {timeout: '5s'});
// @ts-expect-error
void run('ls', {env: {PORT: 8080}});
// @ts-expect-error
void run('ls', {killSignal: 'SIGNOPE'});
// @ts-expect-error
void run('ls', {stdout: 'stdout'});
// @ts-expect-error
void run('ls', {stdout: 'consume'});
// @ts-expect-error
void run('ls', {stdio: ['pipe', 'pipe']});
// @ts-expect-error
void run('ls', {stdio: 'consume'});
// @ts-expect-error
void run('ls', {stdio: ['pipe', 'stdout', 'pipe']});
// @ts-expect-error
void run('ls', {encoding: 'utf-9'});
// @ts-expect-error
void run('ls', {check: 'yes'});
// @ts-expect-error
void run('ls', {linger: 'forget'});
// @ts-expect-error
void run('ls', {owner: ['res', 'close']});
void run('ls', {linger: 'leave', owner: [new EventTarget(), 'close']});
// @ts-expect-error
void run('ls', {input: 5});
// @ts-expect-error
void run('ls', {input: null});
// @ts-expect-error
void run('ls', {input: [1, 2]});
// @ts-expect-error
void run('ls', {signal: 'SIGTERM'});
// @ts-expect-error
void run('ls', {args: 'one'});
// @ts-expect-error a job of run() cannot outlive its host
void run('ls', {detached: true});
// @ts-expect-error nobody holds a job of run()
void run('ls', {owner: 'gc'});
declare const wide: Options;
void run('ls', wide);

// @ts-expect-error
void run('ls', {limits: {files: 5}});
// @ts-expect-error
void run('ls', {limits: {nofile: {max: 5}}});
// @ts-expect-error
void run('ls', {uid: 'nobody', gid: 5});
// @ts-expect-error
void start('ls', {umask: '022'});
// @ts-expect-error
void start('ls', {groups: 5});

// @ts-expect-error
void run('ls', {cgroup: {memory: 5}});
// @ts-expect-error
void run('ls', {cgroup: {cpuMax: 50}});
// @ts-expect-error
void start('ls', {isolation: 'jail'});
// @ts-expect-error
void start('ls', {cgroupSetup: true});

// Right values that must not be refused.
void run('ls', {cgroup: 'a/b', isolation: 'cgroup', cgroupSetup: 'move-host'});
void start('ls', {
  cgroup: {
    ioMax: [
      {device: '8:0', wbps: 5},
      {device: '8:16', riops: 5},
    ],
  },
});
void run('ls', {
  cgroup: {memoryMax: '1G', cpuMax: '50%', pidsMax: Infinity, ioMax: {device: '8:0', wbps: 5}, optional: true},
  isolation: 'auto',
});
void run('ls', {
  limits: {nofile: 256, core: '0', as: {soft: '1G'}, cpu: {hard: Infinity}},
  nice: 5,
  umask: 0o22,
  uid: 1,
  gid: 1,
  groups: [2],
});
void start('ls', {limits: undefined, noNewPrivileges: true, oomScoreAdj: 500});
void run('ls', {killSignal: 'TERM', env: {A: undefined}, cwd: new URL('file:///'), stdin: 3, stderr: 'stdout', linger: 'wait'});
void run('ls', {killSignal: 'SIGUSR1', stdio: [undefined, 'pipe', 'consume'], check: [0, 1] as const, signal: AbortSignal.timeout(5)});
void run('ls', {env: process.env});
void run('ls', {input: 'text'});
void run('ls', {input: Buffer.from('x')});
void run('ls', {input: new Uint16Array(2).buffer});
void run('ls', {input: new Blob(['x'])});
void run('ls', {input: new Blob(['x']).stream()});
void run('ls', {input: Readable.from(['x'])});
void run('ls', {input: process.stdin});
void run('ls', {input: ['a', Buffer.from('b')]});
void run('ls', {input: new Set(['a'])});
void run('ls', {
  input: (async function* () {
    yield 'a';
    yield new Uint8Array(1);
  })(),
});
void run('ls', {
  input: (function* () {
    yield 'a';
  })(),
});

// Targets, more descriptors, limits of what is kept.
void run('ls', {stdout: {file: '/x', append: true}, stderr: ['consume', 'inherit'], stdin: {file: new URL('file:///x')}});
void run('ls', {
  stdout: process.stdout,
  stderr: ['pipe', {file: '/x'}, 5, new PassThrough()],
  extraFds: {3: 'inherit', 4: {file: '/x'}, 5: undefined},
});
void run('ls', {output: {max: 5, overflow: 'head+tail', spill: true}, idleTimeout: 5});
// @ts-expect-error
void run('ls', {stdout: {path: '/x'}});
// @ts-expect-error
void run('ls', {stdout: ['pipe', 'ignore']});
// @ts-expect-error
void run('ls', {stdout: ['consume']});
// @ts-expect-error
void run('ls', {stdin: ['pipe', 'inherit']});
// @ts-expect-error
void run('ls', {extraFds: {3: 'pipe'}});
// @ts-expect-error
void run('ls', {output: {overflow: 'middle'}});
// @ts-expect-error
void run('ls', {output: {spill: false}});
// @ts-expect-error
void run('ls', {output: 5});
// @ts-expect-error
void run('ls', {idleTimeout: '5s'});

// What stream() cannot honour.
void stream('ls', {stdout: ['pipe', {file: '/x'}], stderr: 'stdout', check: [0, 1], maxOutputSize: 5});
// @ts-expect-error
void stream('ls', {stdout: 'ignore'});
// @ts-expect-error
void stream('ls', {stderr: 'pipe'});
// @ts-expect-error
void stream('ls', {lines: true});
// @ts-expect-error
void stream('ls', {output: {max: 5}});
// @ts-expect-error a command's own options count too
void stream(command('ls', [], {lines: true}));

// What start() cannot honour.
// @ts-expect-error
void start('ls', {check: true});
// @ts-expect-error
void start('ls', {check: [0]});
// @ts-expect-error
void start('ls', {lines: true});
// @ts-expect-error
void start('ls', {encoding: 'utf8'});
// @ts-expect-error
void start('ls', {stripFinalNewline: true});
// @ts-expect-error
void start('ls', {maxOutputSize: 5});
// @ts-expect-error beside correct ones
void start('ls', {cwd: '/', check: false});
void start('ls', {encoding: 'buffer', check: undefined, lines: undefined, killTimeout: 0});

// The table against the types, cell by cell: refused is `undefined`, and nothing else is.
type Refused<F extends FunctionName> = {
  [K in keyof Options]-?: Exclude<OptionsOf<F>[K], undefined> extends never ? K : never;
}[keyof Options];
type RefusedByTable<F extends FunctionName> = {
  [K in keyof typeof applies]: (typeof applies)[K][F] extends false ? K : never;
}[keyof typeof applies];
expectTypeOf<Refused<'run'>>().toEqualTypeOf<RefusedByTable<'run'>>();
expectTypeOf<Refused<'run'>>().toEqualTypeOf<'detached'>();
expectTypeOf<Refused<'$'>>().toEqualTypeOf<RefusedByTable<'$'>>();
expectTypeOf<Refused<'stream'>>().toEqualTypeOf<RefusedByTable<'stream'>>();
expectTypeOf<Refused<'stream'>>().toEqualTypeOf<'lines' | 'stripFinalNewline' | 'output' | 'detached'>();
expectTypeOf<Refused<'start'>>().toEqualTypeOf<RefusedByTable<'start'>>();
expectTypeOf<Refused<'start'>>().toEqualTypeOf<'lines' | 'stripFinalNewline' | 'maxOutputSize' | 'output' | 'check'>();
expectTypeOf<Refused<'Daemon'>>().toEqualTypeOf<RefusedByTable<'Daemon'>>();
expectTypeOf<OptionsOf<'Daemon'>['stderr']>().toEqualTypeOf<'stdout' | undefined>();
expectTypeOf<OptionsOf<'Daemon'>['linger']>().toEqualTypeOf<'stop' | 'wait' | undefined>();
expectTypeOf<keyof typeof applies>().toEqualTypeOf<keyof Options>();
expectTypeOf<OptionsOf<'run'>['cwd']>().toEqualTypeOf<Options['cwd']>();
expectTypeOf<OptionsOf<'run'>['owner']>().toEqualTypeOf<Exclude<Options['owner'], 'gc'>>();
expectTypeOf<StartOptions['encoding']>().toEqualTypeOf<'buffer' | undefined>();
expectTypeOf<StartOptions['cwd']>().toEqualTypeOf<Options['cwd']>();

// Every option may be given as undefined.
expectTypeOf<{[K in keyof Options]-?: undefined extends Options[K] ? never : K}[keyof Options]>().toBeNever();

// A callback inside an option keeps its types (`any` would pass this).
void run('ls', {signal: new AbortController().signal, input: ['a'].map((each) => each.toUpperCase())});

// Generic wrappers: Known is enough, and keeps what the result depends on.
async function wrapped<const O extends Options>(options: Known<O>): Promise<Result<O>> {
  return (await run<O>('ls', options)) as unknown as Result<O>;
}
expectTypeOf((await wrapped({lines: true})).stdout).toEqualTypeOf<string[]>();
// @ts-expect-error
void wrapped({lines: true, cmd: 5});

async function quiet<const O extends Options>(command: Runnable, options: Known<O>): Promise<Result<Merge<O, {stderr: 'ignore'}>>> {
  return (await run(command as string, {...(options as Options), stderr: 'ignore'})) as unknown as Result<Merge<O, {stderr: 'ignore'}>>;
}
const quieted = await quiet('ls', {encoding: 'buffer'});
expectTypeOf(quieted.stdout).toEqualTypeOf<Buffer>();
// @ts-expect-error stderr is ignored by the wrapper
quieted.stderr;

// An interface as options, as wrappers have them.
interface Mine extends Options {
  cwd: string;
}
declare const mine: Mine;
expectTypeOf((await run('ls', mine)).ok).toEqualTypeOf<boolean>();
