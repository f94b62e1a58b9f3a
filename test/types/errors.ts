// Owns: that RunError is a type and a value of one name, and that `reason` narrows it.
// Never: running anything; this file is only compiled.
import {expectTypeOf} from 'expect-type';
import {type Details, type Reason, RunError} from '../../src/words/errors.js';
import type {FailedResult, Leftover} from '../../src/words/result.js';
import {resolveSignal} from '../../src/words/signals.js';

declare const caught: unknown;

if (caught instanceof RunError) {
  expectTypeOf(caught).toEqualTypeOf<RunError>();
  expectTypeOf(caught).toExtend<Error>();
  expectTypeOf(caught.reason).toEqualTypeOf<Reason>();
  expectTypeOf(caught.code).toEqualTypeOf<string>();
  expectTypeOf(caught.shortMessage).toEqualTypeOf<string>();
  expectTypeOf(caught.result).toEqualTypeOf<FailedResult | undefined>();
  switch (caught.reason) {
    case 'spawn':
      expectTypeOf(caught.stage).toEqualTypeOf<string>();
      expectTypeOf(caught.path).toEqualTypeOf<string>();
      expectTypeOf(caught.errno).toEqualTypeOf<number>();
      expectTypeOf(caught.result).toEqualTypeOf<undefined>();
      break;
    case 'exit':
      expectTypeOf(caught.code).toEqualTypeOf<'ERR_EXIT'>();
      expectTypeOf(caught.result).toEqualTypeOf<FailedResult>();
      expectTypeOf(caught.result.exitCode).toEqualTypeOf<number | null>();
      break;
    case 'max-output':
      expectTypeOf(caught.result.stdout).toEqualTypeOf<string | string[] | Buffer | undefined>();
      break;
    case 'timeout':
    case 'idle':
      expectTypeOf(caught.code).toEqualTypeOf<'ETIMEDOUT'>();
      break;
    case 'abort':
      expectTypeOf(caught.cause).toEqualTypeOf<unknown>();
      break;
    case 'unkillable':
      expectTypeOf(caught.pids).toEqualTypeOf<readonly number[]>();
      expectTypeOf(caught.leftovers).toEqualTypeOf<readonly Leftover[]>();
      break;
    case 'invalid':
      // @ts-expect-error it never carries a result
      caught.result.stdout;
      break;
    // @ts-expect-error there is no such reason
    case 'crashed':
      break;
  }
}
expectTypeOf<RunError<'exit'>>().toExtend<RunError>();
expectTypeOf<keyof Details>().toEqualTypeOf<Reason>();
expectTypeOf<Reason>().toEqualTypeOf<
  | 'invalid'
  | 'unsupported'
  | 'spawn'
  | 'exit'
  | 'signal'
  | 'timeout'
  | 'output'
  | 'idle'
  | 'abort'
  | 'max-output'
  | 'input'
  | 'oom'
  | 'lost'
  | 'unkillable'
  | 'not-ready'
  | 'misuse'
>();
// @ts-expect-error made by the library alone
new RunError('exit');

expectTypeOf(resolveSignal('TERM')).toEqualTypeOf<number>();
resolveSignal(9);
// @ts-expect-error
resolveSignal('SIGNOPE');
