// Owns: the manners at a terminal that the host shares with its jobs: ^C, ^Z, fg, a host in the background, `foreground`, a hang-up (FAULTS 39).
// Never: a terminal that a job gets from us (pty).
import assert from 'node:assert/strict';
import {type ChildProcessByStdio, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import process from 'node:process';
import type {Readable, Writable} from 'node:stream';
import {censusOfThisFile} from '../support/census.js';
import {fault, shepherdOf} from '../support/fault.js';
import {child, hostFile} from '../support/places.js';
import {isAlive, processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

censusOfThisFile(() => {});

const skip = spawnSync('bash', ['--version']).status !== 0 && 'bash is not installed';
const noTerminal = skip || (spawnSync(child('open_terminal'), ['true'], {input: ''}).status === 77 && 'there is no pty here');

/** An interactive shell in a terminal. */
class Shell {
  readonly #stage: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  #said = '';
  #hear = () => {};

  constructor(lifeline?: number) {
    this.#stage = spawn(child('open_terminal'), ['bash', '--norc', '--noprofile', '-i'], {
      env: {...process.env, PS1: '$ ', HISTFILE: '', TERM: 'dumb', INPUTRC: '/dev/null'},
      stdio: ['pipe', 'pipe', 'ignore', lifeline ?? 'ignore'],
    }) as unknown as ChildProcessByStdio<Writable, Readable, null>;
    this.#stage.stdin.on('error', () => {}); // it was hung up
    this.#stage.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
      this.#hear();
    });
    this.#exited = once(this.#stage, 'exit');
  }

  type(keys: string): void {
    this.#stage.stdin.write(keys);
  }

  /** Runs a host of test/hosts. */
  host(name: string, ...args: string[]): void {
    this.type(`"${process.execPath}" "${hostFile(name)}" ${args.join(' ')}\n`);
  }

  /** Waits until it has been shown, and forgets all that was shown up to there. */
  async shows(pattern: RegExp): Promise<RegExpMatchArray> {
    let found: RegExpMatchArray | null = null;
    const shown = new Promise<void>((resolve) => {
      this.#hear = () => {
        found = this.#said.match(pattern);
        if (found) resolve();
      };
      this.#hear();
    });
    await within(shown, `${pattern} to be shown, after ${JSON.stringify(this.#said)}`).catch((error: Error) => {
      throw new Error(`${error.message}; shown: ${JSON.stringify(this.#said)}`);
    });
    const match = found as unknown as RegExpMatchArray;
    this.#said = this.#said.slice((match.index ?? 0) + match[0].length);
    return match;
  }

  get said(): string {
    return this.#said;
  }

  hangUp(): void {
    this.#stage.stdin.end();
  }

  async end(): Promise<void> {
    this.hangUp();
    this.#stage.kill('SIGKILL');
    await this.#exited;
  }
}

async function inShell(play: (shell: Shell) => Promise<void>, lifeline?: number): Promise<void> {
  const shell = new Shell(lifeline);
  try {
    await play(shell);
  } finally {
    await shell.end();
  }
}

/** The pids of the host and its child, once both are up. */
async function both(shell: Shell): Promise<[host: number, leader: number]> {
  await until(() => /child up/.test(shell.said) && /host \d+ child \d+\n/.test(shell.said), 'host and child to be up');
  const [, host, leader] = await shell.shows(/host (\d+) child (\d+)/);
  return [Number(host), Number(leader)];
}

const stateOf = (pid: number) => processState(pid)?.state;

fault(
  '39',
  '^C: host and child get it, once each; shepherd and fork server do not care',
  ({marker}) =>
    inShell(async (shell) => {
      shell.host('terminal', 'join', marker);
      const [host, leader] = await both(shell);
      const shepherd = shepherdOf(leader);
      const server = processState(shepherd)!.parent;
      shell.type('\x03');
      await until(() => /host INT/.test(shell.said) && /child INT/.test(shell.said), 'both to have heard it');
      assert.equal(shell.said.match(/host INT/g)?.length, 1);
      assert.equal(shell.said.match(/child INT/g)?.length, 1);
      for (const pid of [host, leader, shepherd, server]) assert.equal(isAlive(pid), true);
      process.kill(host, 'SIGUSR1');
      await shell.shows(/stopped 5 true then 0/);
    }),
  {skip: noTerminal},
);

fault(
  '39',
  '^Z and fg: host and child stop and go on, shepherd and fork server never stop',
  ({marker}) =>
    inShell(async (shell) => {
      shell.host('terminal', 'join', marker);
      const [host, leader] = await both(shell);
      const shepherd = shepherdOf(leader);
      const server = processState(shepherd)!.parent;
      shell.type('\x1a');
      await shell.shows(/Stopped/);
      await until(() => stateOf(host) === 'T' && stateOf(leader) === 'T', 'both to be stopped');
      for (const pid of [shepherd, server]) assert.match(stateOf(pid) ?? '', /[SRD]/);
      shell.type('fg\n');
      await shell.shows(/child CONT/);
      await until(() => stateOf(host) !== 'T', 'the host to go on');
      process.kill(host, 'SIGUSR1');
      await shell.shows(/stopped 5 true then 0/);
      shell.type('echo back $((6 * 7))\n');
      await shell.shows(/back 42/);
    }),
  {skip: noTerminal},
);

fault(
  '39',
  'foreground: the child has the terminal and its keys, alone; stopped or ended it gives it back',
  ({marker}) =>
    inShell(async (shell) => {
      shell.host('terminal', 'foreground', marker);
      await until(() => /child up/.test(shell.said) && /terminal child/.test(shell.said), 'the child to have the terminal');
      shell.type('\x03');
      await until(() => /child INT/.test(shell.said), 'the child to have heard it');
      assert.doesNotMatch(shell.said, /host INT/);
      shell.type('\x1a');
      await shell.shows(/terminal host/);
      await shell.shows(/terminal child/);
      await shell.shows(/stopped 5/);
      await shell.shows(/terminal host/);
      shell.type('echo back $((6 * 7))\n');
      await shell.shows(/back 42/);
    }),
  {skip: noTerminal},
);

fault(
  '39',
  'a host in the background: the terminal is taken from nobody',
  ({marker}) =>
    inShell(async (shell) => {
      shell.type(`"${process.execPath}" "${hostFile('terminal')}" background ${marker} &\n`);
      await shell.shows(/in the background true/);
      await shell.shows(/refused ERR_NOT_A_TERMINAL/);
      await shell.shows(/ran 0/);
      await shell.shows(/same true/);
      shell.type('echo back $((6 * 7))\n');
      await shell.shows(/back 42/);
    }),
  {skip: noTerminal},
);

fault(
  '38',
  'the terminal is hung up: the host dies of it, and takes along who ignores it',
  ({marker, line, gone}) =>
    inShell(async (shell) => {
      line.letGo();
      shell.host('terminal', 'deaf', marker);
      await shell.shows(/child up/);
      shell.hangUp();
      await gone();
    }, line.fd),
  {skip: noTerminal},
);
