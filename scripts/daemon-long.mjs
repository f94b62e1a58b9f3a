// Owns: `npm run test:daemon:long`: what takes its time to show about daemons: 1,000 restarts, and floods of half a minute.
// Never: what `npm test` shows already; more than six minutes.
//   NET_RUNNER_SECONDS: how long each flood lasts (30).
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {Daemon, Supervisor} from '../dist/index.js';

const SECONDS = Number(process.env.NET_RUNNER_SECONDS ?? 30);
const counts = {passed: 0, failed: 0};
process.on('warning', () => {}); // each kind is said once, which is counted below

async function show(name, act) {
  const began = performance.now();
  try {
    const seen = await act();
    counts.passed++;
    console.log(`ok    ${name}: ${seen} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL  ${name}: ${error.message}`);
  }
}

function must(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

const fds = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return !readlinkSync(`/proc/self/fd/${fd}`).startsWith('anon_inode:[event');
    } catch {
      return false;
    }
  }).length;

/** Zombies and living processes below this one, fork servers and idle shepherds excepted. */
function family() {
  const all = readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${Number(name)}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{pid: Number(name), comm: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), state, parent: Number(parent)}];
    } catch {
      return [];
    }
  });
  const below = new Set([process.pid]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const {pid, parent} of all)
      if (below.has(parent) && !below.has(pid)) {
        below.add(pid);
        grown = true;
      }
  }
  return all.filter(({pid, comm, state}) => pid !== process.pid && below.has(pid) && (state === 'Z' || !/^nr-/.test(comm)));
}

const rss = () => {
  globalThis.gc?.();
  return process.memoryUsage.rss();
};

const MB = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

await show('1,000 restarts leave nothing', async () => {
  const daemon = await Daemon.start(['sh', '-c', 'echo again; exit 1'], {restart: {max: Infinity, backoff: {min: 0, max: 0}}});
  while (daemon.restarts < 200) await sleep(5);
  const before = {fds: fds(), rss: rss()};
  while (daemon.restarts < 1_200) await sleep(5);
  await daemon.stop();
  await sleep(200);
  const grown = rss() - before.rss;
  const left = family();
  must(left.length === 0, `left: ${left.map(({pid, comm, state}) => `${pid} (${comm}, ${state})`).join(', ')}`);
  must(fds() <= before.fds, `${fds() - before.fds} descriptors more`);
  must(grown < 30e6, `${MB(grown)} more memory`);
  return `${fds()} descriptors (${before.fds} before), ${MB(grown)} more memory, no process, no zombie`;
});

async function flood(onOutput) {
  const script = 'yes "a line of output as they are" & exec yes "another one, on stderr" >&2';
  const daemon = await Daemon.start(['sh', '-c', script], {killTimeout: 500, ...(onOutput && {onOutput})});
  await sleep(2_000);
  const before = {...daemon.stats(), rss: rss()};
  let most = 0;
  let last = before;
  for (let second = 0; second < SECONDS; second++) {
    await sleep(1_000);
    most = Math.max(most, rss() - before.rss);
    const now = daemon.stats();
    must(now.bytesOut > last.bytesOut && now.bytesErr > last.bytesErr, `second ${second}: the program waits`);
    last = now;
  }
  await daemon.stop();
  must(most < 60e6, `${MB(most)} more memory`);
  const speed = (last.bytesOut + last.bytesErr - before.bytesOut - before.bytesErr) / SECONDS;
  return `${MB(speed)}/s for ${SECONDS} s, at most ${MB(most)} more memory`;
}

await show("a flood on both streams with 'discard'", () => flood(undefined));
let calls = 0;
await show('a flood with a callback that throws each time', async () => {
  const seen = await flood(() => {
    calls++;
    throw new Error('as told');
  });
  return `${seen}, ${calls} calls`;
});
await show('a flood with a callback that never answers', () => flood(() => new Promise(() => {})));

await show('100 group restarts of four services leave nothing', async () => {
  const service = (dependsOn) => ({
    command: ['sh', '-c', 'echo up; exec sleep 60'],
    ready: {line: 'up'},
    dependsOn,
    restart: {max: Infinity, backoff: {min: 1, max: 2}},
  });
  const services = {a: service([]), b: service(['a']), c: service(['b']), d: service(['c'])};
  const supervisor = await Supervisor.start({services, strategy: 'one-for-all', intensity: {max: Infinity}});
  const round = async (n) => {
    const victim = [...supervisor.services.values()][n % 4];
    const pid = victim.pid;
    await victim.kill('SIGKILL');
    const end = performance.now() + 20_000;
    while (victim.pid === pid || [...supervisor.services.values()].some(({state}) => state !== 'ready')) {
      must(performance.now() < end, `round ${n}: ${[...supervisor.services].map(([name, {state}]) => `${name} ${state}`).join(', ')}`);
      await sleep(2);
    }
  };
  for (let n = 0; n < 10; n++) await round(n);
  const before = fds();
  for (let n = 0; n < 100; n++) await round(n);
  must(fds() <= before, `${fds() - before} descriptors more`);
  await supervisor.stop();
  await sleep(200);
  must(family().length === 0, 'processes are left');
  return `${before} descriptors before and after`;
});

console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
