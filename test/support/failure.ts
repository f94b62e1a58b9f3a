// Owns: the RunError that a call must end in.
// Never: accepts another kind of error; waits for ever.
import assert from 'node:assert/strict';
import {RunError} from '../../src/index.js';
import {within} from './wait.js';

export async function failure(call: PromiseLike<unknown>): Promise<RunError> {
  try {
    await within(call, 'it to reject');
  } catch (error) {
    assert.ok(error instanceof RunError, String(error));
    return error;
  }
  throw new assert.AssertionError({message: 'it resolved'});
}
