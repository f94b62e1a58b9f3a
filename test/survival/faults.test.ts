// Owns: one thing going wrong at a time, at every step of a birth and in every call that can fail (native/fault.h, FAULTS 8, 40, 47).
// Never: a fault of the world outside (the other files here).
import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fault} from '../support/fault.js';
import {startHost} from '../support/host.js';
import {root} from '../support/places.js';
import {within} from '../support/wait.js';

const build = path.join(root, 'build-faults');
const skip = !existsSync(path.join(build, 'net-runner-shepherd')) && 'there is no build with faults; `npm test` makes one';
const header = readFileSync(path.join(root, 'native/fault.h'), 'utf8');

/** The names of one table of fault.h. */
function points(table: string): string[] {
  const rows = header.split(`#define ${table}(X)`)[1]?.split('\n\n')[0] ?? '';
  const names = [...rows.matchAll(/X\("([\w-]+)"/g)].map((match) => match[1]!);
  assert.ok(names.length > 3, `${table} is not there`);
  return names;
}

interface Row {
  readonly fault: string;
  readonly happened: boolean;
  readonly life: string;
  readonly failing: string;
  readonly next: string;
  readonly clean: boolean;
  readonly fds: boolean | number;
}

function judge(row: Row): void {
  const about = JSON.stringify(row);
  assert.equal(row.happened, true, `it did not happen: ${about}`);
  assert.equal(row.next, 'on\n', about);
  assert.deepEqual([row.clean, row.fds], [true, true], about);
  // Whatever became of it, it is told as what it was, and nothing is left unproven.
  const told = row.fault.startsWith('host-give:') ? ', flood: 2000000 output ERR_OUTPUT' : '';
  assert.ok(row.life.endsWith(told), about);
  assert.match(row.life.slice(0, row.life.length - told.length), /^((exit|signal|lost) \w+ true|spawn \w+|lost \w+ true)$/, about);
  assert.match(row.failing, /^(spawn \w+|lost \w+ true)$/, about);
}

/** All of them one by one in one host. */
function faults(number: string, name: string, cases: readonly string[]): void {
  fault(
    number,
    name,
    async ({marker, line, gone}) => {
      const env = {NET_RUNNER_ADDON: path.join(build, 'net_runner.node'), NET_RUNNER_SHEPHERD: path.join(build, 'net-runner-shepherd')};
      const host = startHost('faulty', {args: [marker, ...cases], fd3: line.fd, env});
      line.letGo();
      try {
        await within(host.exited, 'the host to end', 90_000);
        for (const said of host.lines) judge(JSON.parse(said) as Row);
        assert.equal(host.lines.length, cases.length);
        await gone();
      } finally {
        await host.end();
      }
    },
    {skip, limit: 100_000, most: 3},
  );
}

fault(
  '47',
  'a daemon’s output cannot be read: it is told, and the next process’s is read whole',
  async ({marker, line, gone}) => {
    const env = {NET_RUNNER_ADDON: path.join(build, 'net_runner.node'), NET_RUNNER_SHEPHERD: path.join(build, 'net-runner-shepherd')};
    const host = startHost('faulty_daemon', {args: [marker], fd3: line.fd, env});
    line.letGo();
    try {
      await within(host.exited, 'the host to end');
      assert.deepEqual(host.lines, [
        "ERR_OUTPUT net-runner: sh -c 'head -c 2000000 /dev/zero; exec sleep 60': stdout cannot be read: read failed with ENOMEM, and is closed",
        'the next one wrote 2000000',
        'stopped stop true',
      ]);
      await gone();
    } finally {
      await host.end();
    }
  },
  {skip, most: 3},
);

const steps = points('NR_FAULT_STEPS');
faults(
  '8',
  'whoever comes to a step of the birth is killed there',
  steps.map((point) => `${point}:crash`),
);
faults(
  '8',
  'its parent is killed there',
  steps.map((point) => `${point}:orphan`),
);
for (const errno of ['EMFILE', 'ENOMEM', 'EAGAIN']) {
  faults(
    '47',
    `a call fails with ${errno}`,
    points('NR_FAULT_CALLS').map((point) => `${point}:${errno}`),
  );
}
faults(
  '40',
  'a write is cut short',
  points('NR_FAULT_WRITES').map((point) => `${point}:short`),
);
