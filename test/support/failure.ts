// Owns: the RunError that a call must end in.
// Never: accepts another kind of error.
import assert from 'node:assert/strict';
import {RunError} from '../../src/index.js';

export async function failure(call: Promise<unknown>): Promise<RunError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof RunError, String(error));
    return error;
  }
  throw new assert.AssertionError({message: 'it resolved'});
}
