// Owns: what the garbage collector means for a job: nothing, unless it is its owner (`owner: 'gc'`).
// Never: a host without --expose-gc: nobody could say when it collects.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {censusOfThisFile} from '../support/census.js';
import {startHost} from '../support/host.js';
import {newLifeline} from '../support/lifeline.js';
import {findMarked, newMarker} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => {});

test("owner: 'gc': a job ends when nobody holds its Subprocess, a stream or a promise of it; any other job never does", async () => {
  const marker = newMarker();
  const line = newLifeline();
  const host = startHost('collected', {args: [marker], fd3: line.fd, nodeFlags: ['--expose-gc']});
  line.letGo();
  try {
    assert.equal((await within(host.exited, 'the host to end', 60_000)).code, 0);
    assert.deepEqual(host.lines, [
      'nothing gone',
      'subprocess alive',
      'stream alive',
      'iteration alive',
      'promise alive',
      'ordinary alive',
      'kept 2',
    ]);
    await within(line.ended, 'all of them to be gone');
    await until(() => findMarked(marker).length === 0, 'everybody who carries the marker to be gone');
  } finally {
    line.close();
    await host.end();
  }
});
