// Owns: `net-runner demo`: the promise, shown in three seconds with every number measured; says at the end what is left behind.
// Never: signals a process that its own hosts did not start; prints a number that was not measured just now.
import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {becomeSubreaper, children, reapZombies} from './orphans.js';
import {print, say} from './say.js';

const MEMBERS = [
  ['server', 'the child'],
  ['worker', 'ignores SIGTERM'],
  ['runaway', 'setsid + double fork'],
] as const;
/** Longer than grace and SIGKILL may take on a busy machine. What is still there then stays. */
const WAIT_MS = 5_000;
/** How long child_process gets to show that it leaves nothing either. */
const FAIR_MS = 1_000;
const GREEN = '\u001b[32m';
const RED = '\u001b[31m';

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const tell = (line = '') => print(`${line}\n`);
const colour = (code: string, text: string) => (process.stdout.isTTY ? `${code}${text}\u001b[0m` : text);

/** The exit status. */
export async function demo(): Promise<number> {
  if (process.platform !== 'linux') {
    say('the demo looks at /proc, so it needs Linux');
    return 125;
  }
  const began = performance.now();
  const pipesBefore = openPipes();
  try {
    becomeSubreaper(); // so that what the hosts leave comes to us, and can be counted and reaped
  } catch (error) {
    say((error as Error).message);
    return 125;
  }
  tell('1  A command, through the shepherd');
  const worked = showCommand();
  tell();
  tell('2  The promise: kill -9 the host, then look what is left');
  const kept = await showPromise();
  tell();
  tell('3  Your turn');
  tell("   npx net-runner run --timeout 2s sh -c 'sleep 60 & sleep 60'   ->  exit 124, nothing left");
  tell('   npm test    examples/    docs/guarantees.md: what is promised, and what is not');
  tell();
  const left = await whatIsLeft(pipesBefore);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  tell(`left behind: ${left.processes} processes, ${left.zombies} zombies, ${left.pipes} open pipes (${seconds} s)`);
  return worked && kept && left.processes + left.zombies + left.pipes === 0 ? 0 : 1;
}

function showCommand(): boolean {
  const words = ['run', '--stats', 'sha256sum', 'package.json'];
  tell(`   $ net-runner ${words.join(' ')}`);
  const {stdout, stderr, status} = spawnSync(process.execPath, [here('./main.js'), ...words], {cwd: here('../../'), encoding: 'utf8'});
  for (const line of `${stdout}${stderr}`.trimEnd().split('\n'))
    tell(`   ${line.replace(/^([0-9a-f]{8})[0-9a-f]{52}([0-9a-f]{4}) /, '$1...$2 ')}`);
  return status === 0;
}

async function showPromise(): Promise<boolean> {
  tell('   Two hosts each start the same three programs. When all are up, the host gets SIGKILL.');
  const [plain, ours] = await Promise.all([Family.start('child_process'), Family.start('net-runner')]);
  plain.killHost();
  ours.killHost();
  await Promise.all([ours.watch(WAIT_MS), plain.watch(FAIR_MS)]);

  const row = (name: string, what: string, left: string, right: string) => tell(`   ${name.padEnd(10)}${what.padEnd(30)}${left}${right}`);
  row('', '', 'child_process     ', 'net-runner');
  for (const [name, what] of MEMBERS) row(name, what, plain.fate(name), ours.fate(name));
  row('pipe', 'write end, held by all', plain.pipeFate(), ours.pipeFate());
  tell('   How: SIGTERM at once, SIGKILL after 500 ms (killTimeout: 500), then proof: waitpid says ECHILD.');

  const survivors = await plain.endSurvivors();
  if (survivors.length === 0) tell('   child_process left nothing this time.');
  else tell(`   The ${inWords(survivors.length)} that child_process left (pids ${survivors.join(', ')}) were ended by this demo.`);
  const escaped = await ours.endSurvivors();
  if (escaped.length > 0) tell(`   net-runner broke its promise: pids ${escaped.join(', ')} were left, and ended by this demo.`);
  return escaped.length === 0 && ours.pipeClosedAt !== undefined;
}

const inWords = (count: number) => ['none', 'one', 'two', 'three'][count] ?? String(count);

/** One host and its three programs. Their common stdout is the lifeline: it ends with the last of them. */
class Family {
  readonly #host: ChildProcess;
  readonly #hostOver: Promise<unknown>;
  readonly #members = new Map<string, {readonly pid: number; readonly startTime: string | undefined; goneAt?: number}>();
  pipeClosedAt: number | undefined;
  #killedAt = 0;

  private constructor(kind: string) {
    this.#host = spawn(process.execPath, [here('./demo_host.js'), kind], {stdio: ['ignore', 'pipe', 'inherit']});
    this.#hostOver = new Promise((resolve) => this.#host.on('exit', resolve));
  }

  /** Resolves when all three have said that they are up. */
  static async start(kind: 'child_process' | 'net-runner'): Promise<Family> {
    const family = new Family(kind);
    const stdout = family.#host.stdout!;
    await new Promise<void>((resolve, reject) => {
      createInterface({input: stdout}).on('line', (line) => {
        const [name = '', pid] = line.split(' ');
        family.#members.set(name, {pid: Number(pid), startTime: startTime(Number(pid))});
        if (family.#members.size === MEMBERS.length) resolve();
      });
      stdout.on('end', () => {
        family.pipeClosedAt = performance.now();
        reject(new Error(`the host that uses ${kind} ended before its programs were up`));
      });
    });
    return family;
  }

  killHost(): void {
    this.#killedAt = performance.now();
    this.#host.kill('SIGKILL');
  }

  /** Notes when each is gone, until all are and the pipe is closed, or the time is over. */
  async watch(ms: number): Promise<void> {
    await this.#hostOver;
    while (performance.now() - this.#killedAt < ms) {
      for (const member of this.#members.values()) if (!isThere(member)) member.goneAt ??= performance.now();
      if (this.pipeClosedAt !== undefined && this.#alive().length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #alive(): number[] {
    return [...this.#members.values()].filter(({goneAt}) => goneAt === undefined).map(({pid}) => pid);
  }

  fate(name: string): string {
    const goneAt = this.#members.get(name)?.goneAt;
    return goneAt === undefined ? colour(RED, 'still running     ') : colour(GREEN, `gone after ${this.#ms(goneAt)}`.padEnd(18));
  }

  pipeFate(): string {
    const {pipeClosedAt} = this;
    return pipeClosedAt === undefined
      ? colour(RED, 'still open        ')
      : colour(GREEN, `closed at  ${this.#ms(pipeClosedAt)}`.padEnd(18));
  }

  #ms(at: number): string {
    return `${(at - this.#killedAt).toFixed(0).padStart(4)} ms`;
  }

  /** Ends what this host's death has left, each by the pid it said and the start time it had then, and waits until it is gone. */
  async endSurvivors(): Promise<number[]> {
    const survivors = [...this.#members.values()].filter(isThere);
    for (const {pid} of survivors) process.kill(pid, 'SIGKILL');
    const end = performance.now() + WAIT_MS;
    while (survivors.some(isThere) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 1));
    return survivors.map(({pid}) => pid).sort((a, b) => a - b);
  }
}

function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function startTime(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** Whether this very process lives: same pid, same start time, no zombie. */
function isThere({pid, startTime}: {readonly pid: number; readonly startTime: string | undefined}): boolean {
  const stat = statOf(pid);
  return stat !== undefined && stat[19] === startTime && stat[0] !== 'Z' && stat[0] !== 'X';
}

function openPipes(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^(pipe|socket):/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false; // the descriptor of this listing
    }
  }).length;
}

/** Counts after the fork servers and shepherds of the killed host have had the moment they need to notice. */
async function whatIsLeft(pipesBefore: number): Promise<{processes: number; zombies: number; pipes: number}> {
  const end = performance.now() + 2_000;
  for (;;) {
    reapZombies();
    const left = children();
    const zombies = left.filter(({zombie}) => zombie).length;
    const counts = {processes: left.length - zombies, zombies, pipes: Math.max(0, openPipes() - pipesBefore)};
    if (counts.processes + counts.zombies + counts.pipes === 0 || performance.now() >= end) return counts;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
