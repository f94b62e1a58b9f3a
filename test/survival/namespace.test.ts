// Owns: the promise with a pid namespace around each job, as root and as a user without rights: every combination of deaths of host, fork
// server and shepherd leaves nothing, all three together too (FAULTS 1, 2, 7, 10, 12 to 15), and leftovers, bombs and relatives (18 to 22).
// Never: the same with a cgroup (isolation.test.ts) or without anything (the other files of this suite).
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {after} from 'node:test';
import {censusOfThisFile} from '../support/census.js';
import {fault, LONG, type Stage} from '../support/fault.js';
import {type Host, startHost} from '../support/host.js';
import {findMarked, isAlive, processState} from '../support/proc.js';
import {openToAll} from '../support/standing.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => {});

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const open = openToAll(['leave_survivors', 'hold_stdout_open', 'escape_the_session', 'vanish', 'fork_bomb', 'odd_family']);
after(() => open.remove());

/** unshare(1) makes what we need, for this user. */
function cannot(ids: {uid?: number; gid?: number}, ...flags: string[]): string | false {
  const {status} = spawnSync('unshare', [...flags, '--pid', '--mount', '--fork', 'true'], {...ids, cwd: '/'});
  return status !== 0 && 'a pid namespace may not be made here';
}

const WORLDS = [
  {who: 'root', skip: isRoot ? cannot({}) : 'root is somebody else', env: {NET_RUNNER_TEST_ISOLATION: 'pidns'}},
  {
    who: 'nobody',
    skip: cannot(isRoot ? {uid: NOBODY, gid: NOBODY} : {}, '--user', '--map-root-user'),
    env: {...open.env, NET_RUNNER_TEST_ISOLATION: 'pidns', ...(isRoot && {NET_RUNNER_TEST_UID: String(NOBODY)})},
  },
] as const;

interface Cast {
  readonly host: Host;
  readonly server: number;
  readonly shepherd: number;
  readonly leader: number;
  readonly family: readonly number[];
}

/** A host with the family in a namespace, and who watches over it, all by their pids outside. */
async function withFamily({env}: (typeof WORLDS)[number], {marker, line}: Stage, play: (cast: Cast) => Promise<void>): Promise<void> {
  const host = startHost('family', {args: [marker], fd3: line.fd, env});
  line.letGo();
  try {
    const leader = Number((await host.says(/^pid (\d+)$/))[1]);
    await host.says(/^leader 2$/); // its own pid, as it sees it
    await host.says(/^isolation pidns$/);
    const family = findMarked(marker)
      .filter(({commandLine}) => commandLine.includes('leave_survivors') && !commandLine.startsWith('net-runner'))
      .map(({pid}) => pid);
    assert.equal(family.length, 3);
    assert.equal(new Set(family.map((pid) => processState(pid)?.session)).size, 2, 'the runaway did not get away');
    const init = processState(processState(leader)!.parent);
    assert.equal(init?.name, 'nr-init');
    const shepherd = processState(init!.parent);
    assert.equal(shepherd?.name, 'nr-shepherd');
    await play({host, server: shepherd!.parent, shepherd: shepherd!.pid, leader, family});
  } finally {
    await host.end();
  }
}

type Who = 'host' | 'server' | 'shepherd';
// In the order of their deaths: the server before its shepherd, whose end has the host wake it.
const COMBINATIONS: ReadonlyArray<readonly [fault: string, ...who: Who[]]> = [
  ['2', 'host'],
  ['7', 'shepherd'],
  ['12', 'host', 'server'],
  ['13', 'host', 'shepherd'],
  ['14', 'server', 'shepherd'],
  ['15', 'host', 'server', 'shepherd'],
];

for (const world of WORLDS) {
  const options = {skip: world.skip, limit: 60_000};

  for (const [number, ...who] of COMBINATIONS) {
    fault(
      number,
      `pidns, ${world.who}: ${who.join(' + ')} killed: nothing is left`,
      (stage) =>
        withFamily(world, stage, async ({host, server, shepherd, family}) => {
          const pids = {host: host.pid, server, shepherd};
          const began = performance.now();
          // Stopped first, so that none of them has a moment to see another one go.
          for (const each of who) process.kill(pids[each], 'SIGSTOP');
          for (const each of who) process.kill(pids[each], 'SIGKILL');
          await until(() => !family.some(isAlive), 'the family to be gone');
          stage.took(performance.now() - began);
          if (!who.includes('host')) await host.says(who.includes('server') ? /^closed lost false$/ : /^closed lost true$/);
          host.kill(); // it holds the lifeline itself
          await stage.gone();
        }),
      options,
    );
  }

  fault(
    '10',
    `pidns, ${world.who}: the fork server is killed: the job goes on, and ends with its host`,
    (stage) =>
      withFamily(world, stage, async ({host, server, leader}) => {
        process.kill(server, 'SIGKILL');
        await until(() => !isAlive(server), 'the fork server to be gone');
        assert.equal(isAlive(leader), true);
        host.kill();
        await stage.gone();
      }),
    options,
  );

  fault(
    '18',
    `pidns, ${world.who}: leftovers, runaways, bombs and odd relatives (18 to 22)`,
    async (stage) => {
      const host = startHost('isolated', {args: [stage.marker], env: world.env});
      stage.line.letGo();
      try {
        await within(host.exited, 'the host to end', 60_000);
        const said = (number: string) => host.lines.filter((line) => line.startsWith(`${number} `));
        assert.deepEqual(said('18'), ['18 done 0 1 pidns'], host.lines.join(' | '));
        assert.deepEqual(said('19'), ['19 0 1 false']);
        assert.deepEqual(said('20'), ['20 kworker/0:0 false']);
        assert.equal(said('21').length, 4, host.lines.join(' | '));
        for (const line of said('21')) {
          const [, name, proven, ms] = line.split(' ');
          assert.equal(proven, 'true', line);
          // The promise is 200 ms; a busy machine gets more in the short run.
          assert.ok(Number(ms) < (LONG ? 200 : 20_000), `${name}: ${ms} ms`);
          stage.took(Number(ms));
        }
        assert.ok(said('22').length >= 3);
        for (const line of said('22')) assert.match(line, / true true$/);
        assert.equal(host.lines.at(-1), 'over');
        await stage.gone();
      } finally {
        await host.end();
      }
    },
    {...options, limit: 90_000, most: 5},
  );
}
