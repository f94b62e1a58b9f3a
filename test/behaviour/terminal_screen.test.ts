// Owns: full-screen programs driven through a pty, with what a terminal emulator shows of them.
// Never: a program of ours: these are Debian's own; one that is not installed is skipped by name.
import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';
import headless from '@xterm/headless';
import {type Options, type Subprocess, start} from '../../src/index.js';
import {censusOfThisFile} from '../support/census.js';
import {until, within} from '../support/wait.js';

const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-screen-'));
const screens: Screen[] = [];
after(async () => {
  await Promise.all(screens.map(({p}) => p[Symbol.asyncDispose]()));
  rmSync(folder, {recursive: true});
});
censusOfThisFile();

const installed = (name: string) => ['/usr/bin', '/bin', '/usr/local/bin'].some((place) => existsSync(path.join(place, name)));
const unless = (name: string) => ({skip: !installed(name) && `${name} is not installed`});

/** A program and the screen it draws on. */
class Screen {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  readonly #over: Promise<void>;

  constructor(
    readonly p: Subprocess,
    cols: number,
    rows: number,
  ) {
    this.#terminal = new headless.Terminal({cols, rows, allowProposedApi: true});
    // What a program asks of its terminal is answered by it: some wait for that.
    this.#terminal.onData((answer) => void p.write(answer));
    this.#over = this.#show();
  }

  async #show(): Promise<void> {
    for (let chunk = await this.p.read(); chunk !== null; chunk = await this.p.read()) {
      const bytes = chunk;
      await new Promise<void>((shown) => this.#terminal.write(bytes, shown));
    }
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    assert.equal(this.p.resize(cols, rows), true);
  }

  get lines(): string[] {
    const {active} = this.#terminal.buffer;
    return Array.from(
      {length: this.#terminal.rows},
      (_, y) =>
        active
          .getLine(active.baseY + y)
          ?.translateToString(true)
          .trimEnd() ?? '',
    );
  }

  shows(what: (lines: string[]) => unknown, name: string): Promise<unknown> {
    return until(() => what(this.lines), `${name}; the screen:\n${this.lines.join('\n')}`).catch((error) => {
      throw new Error(`${error.message}\nnow:\n${this.lines.join('\n')}`);
    });
  }

  async end(): Promise<void> {
    await within(this.#over, 'the last of its output');
    await this.p.closed;
  }
}

async function open(command: readonly string[], cols = 80, rows = 24, options: Options = {}): Promise<Screen> {
  const env = {LC_ALL: 'C.UTF-8', ...options.env};
  const screen = new Screen(await start([...command], {pty: {cols, rows}, env, cwd: folder}), cols, rows);
  screens.push(screen);
  return screen;
}

const numbered = path.join(folder, 'numbered');
writeFileSync(numbered, Array.from({length: 200}, (_, i) => `line ${i + 1}\n`).join(''));

test('less: pages, follows a resize, and leaves the screen as it was', unless('less'), async () => {
  const screen = await open(['less', '--quit-if-one-screen', numbered], 40, 10);
  await screen.shows((lines) => lines[0] === 'line 1' && lines[8] === 'line 9' && lines[9]?.includes('numbered'), 'the first page');
  await screen.p.write(' ');
  await screen.shows((lines) => lines[0] === 'line 10' && lines[8] === 'line 18', 'the second page');
  screen.resize(30, 5);
  // The emulator's own doing would show the lines before the prompt, 15 to 18: this is less having heard of it. What is typed earlier it may drop.
  await screen.shows((lines) => lines[0] === 'line 10' && lines[3] === 'line 13' && lines[4]?.startsWith(':'), 'four lines and a prompt');
  await screen.p.write('G');
  await screen.shows((lines) => lines[3] === 'line 200' && lines[4]?.includes('END'), 'the end');
  await screen.p.write('q');
  await screen.end();
  assert.equal((await screen.p.closed).exitCode, 0);
});

test('vim: typed text is on the screen and in the file; a resize moves its status line', unless('vim'), async () => {
  const file = path.join(folder, 'written');
  const screen = await open(['vim', '-u', 'NONE', '-i', 'NONE', '-n', '--cmd', 'set ruler', 'written'], 60, 12);
  await screen.shows((lines) => lines[1] === '~' && lines[11]?.includes('written'), 'an empty file');
  await screen.p.write('ihello from a pty\rzweite Zeile: äöü €\x1b');
  await screen.shows((lines) => lines[0] === 'hello from a pty' && lines[1] === 'zweite Zeile: äöü €', 'two lines');
  screen.resize(44, 7);
  await screen.shows((lines) => lines.length === 7 && lines[5] === '~' && /2,\d+/.test(lines[6] ?? ''), 'the ruler in the last line');
  await screen.p.write(':wq\r');
  await screen.end();
  assert.equal(readFileSync(file, 'utf8'), 'hello from a pty\nzweite Zeile: äöü €\n');
});

test('tmux: a terminal within the terminal, of the right size', unless('tmux'), async () => {
  const socket = path.join(folder, 'tmux');
  const command = ['tmux', '-S', socket, '-f', '/dev/null', 'new-session', 'env PS1="inner> " bash --norc'];
  const screen = await open(command, 70, 15, {env: {TMUX: undefined}});
  await screen.shows((lines) => lines[0]?.startsWith('inner>') && lines[14]?.startsWith('['), 'a prompt and a status line');
  await screen.p.write('stty size\r');
  await screen.shows((lines) => lines.includes('14 70'), 'one row less than the outer one');
  screen.resize(50, 10);
  await screen.shows((lines) => lines.length === 10 && lines[9]?.startsWith('['), 'the status line below');
  await screen.p.write('clear; stty size\r');
  await screen.shows((lines) => lines.includes('9 50'), 'the new size, inside');
  await screen.p.write('exit\r');
  await screen.end();
  assert.equal((await screen.p.closed).exitCode, 0);
});

test('the size is right in every program that starts after a resize', async () => {
  const screen = await open(['bash', '--norc'], 80, 24, {env: {PS1: '> '}});
  await screen.shows((lines) => lines.some((line) => line.startsWith('>')), 'a prompt');
  for (const [cols, rows] of [
    [100, 30],
    [20, 5],
    [200, 60],
  ] as const) {
    screen.resize(cols, rows);
    await screen.p.write('stty size\r');
    await screen.shows((lines) => lines.includes(`${rows} ${cols}`), `${rows} ${cols}`);
  }
  await screen.p.write('exit\r');
  await screen.end();
});
