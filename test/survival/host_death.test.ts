// Owns: the promise when the host dies, in whatever way: nothing of its jobs is left.
// Never: how long it took: that is printed by the long run.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {promisify} from 'node:util';
import {fault} from '../support/fault.js';
import {startHost} from '../support/host.js';
import {newLifeline} from '../support/lifeline.js';
import {hostFile} from '../support/places.js';
import {findMarked, forkServersOf, newMarker, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

/** Starts the family host, lets it die, and holds both oracles against what is left. */
async function dies(how: (host: ReturnType<typeof startHost>) => void): Promise<void> {
  const marker = newMarker();
  const line = newLifeline();
  const host = startHost('family', {args: [marker], fd3: line.fd});
  line.letGo();
  try {
    const leader = Number((await host.says(/^leader (\d+)$/))[1]);
    const runaway = Number((await host.says(/^runaway (\d+)$/))[1]);
    await host.says(/^up$/);
    assert.notEqual(processState(leader)?.session, processState(runaway)?.session, 'the runaway did not get away');
    assert.equal(findMarked(marker).length >= 3, true, 'the family is not there');
    const servers = forkServersOf(host.pid).map(({pid, startTime}) => ({pid, startTime}));
    assert.equal(servers.length, 1);
    how(host);
    await host.exited;
    // killTimeout is 300: ten times as much, well before the fork server would lose patience with a shepherd.
    await within(line.ended, 'the lifeline to end', 5_000);
    // The shepherd's own title quotes the marker until it has left: it leaves after the tree.
    await until(() => findMarked(marker).length === 0, 'everybody who carries the marker to be gone');
    for (const {pid, startTime} of servers) {
      await until(() => processState(pid)?.startTime !== startTime, 'the fork server to leave');
    }
  } finally {
    line.close();
    await host.end();
  }
}

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  fault(signal === 'SIGKILL' ? '2' : '4', `the host dies of ${signal}`, () => dies((host) => host.kill(signal)));
}

for (const how of ['exit', 'throw', 'abort', 'segfault']) {
  fault('3', `the host ends by ${how}`, () => dies((host) => host.tell(how)));
}

fault('1', 'the host is killed while its event loop is blocked', () =>
  dies((host) => {
    host.tell('block');
    host.kill();
  }),
);

for (const play of ['spawning', 'reading']) {
  fault('1', `the host is killed in the middle of ${play}`, async ({marker, line, gone}) => {
    const host = startHost('busy', {args: [play, marker], fd3: line.fd});
    line.letGo();
    try {
      await host.says(/^started/);
      await until(() => play === 'reading' || host.lines.length >= 8, 'some turns');
      host.kill();
      await host.exited;
      await gone(5_000);
    } finally {
      await host.end();
    }
  });
}

fault('12', 'the host and the fork server are killed together', () =>
  dies((host) => {
    const [server] = forkServersOf(host.pid);
    assert.ok(server);
    process.kill(server.pid, 'SIGKILL');
    host.kill();
  }),
);

test('a shell that captures the output of a host gets its end', async () => {
  const marker = newMarker();
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-captured-'));
  const up = path.join(folder, 'up');
  const script = `x=$("$0" "$@" </dev/null & p=$!; while [ ! -e ${up} ]; do sleep 0.05; done; kill -9 $p); echo "got: $x"`;
  const {stdout} = await promisify(execFile)('sh', ['-c', script, process.execPath, hostFile('captured'), marker, up], {timeout: 20_000});
  rmSync(folder, {recursive: true});
  assert.match(stdout, /^got: started/);
  await until(() => findMarked(marker).length === 0, 'the job to be gone');
});

test('without our layer the same death leaves somebody behind (negative control)', async () => {
  const marker = newMarker();
  const host = startHost('unprotected', {args: [marker]});
  try {
    const survivors = (await host.says(/^pids (.*)$/))[1]!.split(' ').map(Number);
    host.kill();
    await host.exited;
    assert.ok(findMarked(marker).length >= 2);
    for (const pid of survivors) if (findMarked(marker).some((one) => one.pid === pid)) process.kill(pid, 'SIGKILL');
    await until(() => findMarked(marker).length === 0, 'the control to be cleaned up');
  } finally {
    await host.end();
  }
});
