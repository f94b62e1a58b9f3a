// Owns: what `net-runner up` shows: lines of services with their names before them, a table while they start, or one line of JSON each.
// Never: decides what happens to a service.
import type {DaemonState, OutputName, RestartNotice, SupervisorEnd} from '../index.js';
import {say} from './say.js';
import {showTime} from './units.js';

/** Of a terminal's eight colours, those that are read well on black and on white. */
const COLOURS = [36, 33, 32, 35, 34, 31];
const GREY = 90;
const RED = 31;

export interface Screen {
  line(service: string, line: string, stream: OutputName): void;
  state(service: string, state: DaemonState, previous: DaemonState): void;
  restart(service: string, notice: RestartNotice): void;
  /** It has failed for good. */
  failed(service: string, why: string): void;
  /** All are ready: from now on only what changes is told. */
  started(): void;
  /** One sentence of our own. */
  say(sentence: string): void;
  end(end: SupervisorEnd): void;
  /** Writes what is still kept back. */
  flush(): void;
}

export function newScreen(names: readonly string[], json: boolean): Screen {
  return json ? new JsonScreen() : new TextScreen(names);
}

/** Many lines are one write: each is a call into the kernel, and a terminal is slow. */
class Writer {
  #text = '';
  #planned = false;

  constructor(
    readonly stream: NodeJS.WriteStream,
    readonly around: {before(): string; after(): string} = {before: () => '', after: () => ''},
  ) {}

  put(line: string): void {
    this.#text += `${line}\n`;
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    this.#planned = false;
    if (this.#text === '') return;
    const text = this.#text;
    this.#text = '';
    this.stream.write(this.around.before() + text + this.around.after());
  }
}

class JsonScreen implements Screen {
  readonly #out = new Writer(process.stdout);

  line(service: string, line: string, stream: OutputName): void {
    this.#put({service, stream, line});
  }

  state(service: string, state: DaemonState, previous: DaemonState): void {
    this.#put({service, state, previous});
  }

  restart(service: string, {attempt, delay, why}: RestartNotice): void {
    this.#put({service, restart: {attempt, delayMs: Math.round(delay), why}});
  }

  failed(service: string, why: string): void {
    this.#put({service, failed: why});
  }

  started(): void {
    this.#put({started: true});
  }

  say(sentence: string): void {
    say(sentence);
  }

  end(end: SupervisorEnd): void {
    this.#put({end});
  }

  flush(): void {
    this.#out.flush();
  }

  #put(what: object): void {
    this.#out.put(JSON.stringify({time: new Date().toISOString(), ...what}));
  }
}

class TextScreen implements Screen {
  readonly #names: readonly string[];
  readonly #width: number;
  /** Standard output is a terminal: colours, and a table that is drawn anew. */
  readonly #live: boolean;
  readonly #coloured: boolean;
  readonly #out: Writer;
  readonly #states = new Map<string, {readonly state: DaemonState; readonly began: number; readonly since: number}>();
  readonly #began = performance.now();
  /** Lines of the table that stand below everything else. */
  #drawn = 0;
  #starting = true;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#width = Math.max(...names.map(({length}) => length));
    this.#live = process.stdout.isTTY === true;
    this.#coloured = this.#live && !process.env.NO_COLOR;
    this.#out = new Writer(process.stdout, this.#live ? {before: () => this.#erase(), after: () => this.#draw()} : undefined);
  }

  line(service: string, line: string, stream: OutputName): void {
    const bar = stream === 'stderr' ? this.#colour(RED, '|') : '|';
    this.#out.put(`${this.#prefix(service)} ${bar} ${line}`);
  }

  state(service: string, state: DaemonState, previous: DaemonState): void {
    const now = performance.now();
    const began = state === 'starting' ? now : (this.#states.get(service)?.began ?? now);
    this.#states.set(service, {state, began, since: now});
    if (this.#live && this.#starting) this.#redraw();
    else if (state === 'ready') this.say(`${service} is ready after ${showTime(now - began)}`);
    // Backoff and failure are told with their reasons, and the rest is no news.
    else if (state === 'stopped') this.say(`${service} ${previous === 'stopping' ? 'is stopped' : 'has ended'}`);
  }

  failed(service: string, why: string): void {
    this.say(`${service} has failed: ${why}`);
  }

  restart(service: string, {attempt, delay, why}: RestartNotice): void {
    this.say(`${service}: ${why}; restart ${attempt} in ${showTime(delay)}`);
  }

  started(): void {
    if (this.#live) {
      this.#redraw();
      this.#drawn = 0; // it stays
    }
    this.#starting = false;
  }

  say(sentence: string): void {
    if (this.#live) this.#out.put(this.#colour(GREY, `net-runner: ${sentence}`));
    else {
      this.#out.flush(); // so that what was said before comes before, where both go to one place
      say(sentence);
    }
  }

  end({message, reason}: SupervisorEnd): void {
    if (reason === 'exit-on' || reason === 'gave-up') this.say(message);
  }

  flush(): void {
    this.#out.flush();
  }

  #prefix(service: string): string {
    return this.#colour(COLOURS[this.#names.indexOf(service) % COLOURS.length] ?? GREY, service.padEnd(this.#width));
  }

  #colour(code: number, text: string): string {
    return this.#coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
  }

  #redraw(): void {
    this.#out.flush();
    process.stdout.write(this.#erase() + this.#draw());
  }

  #erase(): string {
    const up = this.#drawn;
    this.#drawn = 0;
    return up === 0 ? '' : `\u001b[${up}A\r\u001b[J`;
  }

  #draw(): string {
    if (!this.#starting) return '';
    // A row that the terminal would break would be two.
    const rows = this.#names.slice(0, Math.max(1, (process.stdout.rows || 24) - 2)).map((name) => {
      const known = this.#states.get(name);
      const state = known?.state ?? 'waiting';
      const at = known === undefined ? '' : showTime(known.since - this.#began);
      const row = `  ${name.padEnd(this.#width)}  ${state.padEnd(9)} ${at}`;
      return this.#colour(
        state === 'ready' || state === 'running' ? 32 : state === 'failed' ? RED : GREY,
        row.slice(0, (process.stdout.columns || 80) - 1),
      );
    });
    this.#drawn = rows.length;
    return rows.map((row) => `${row}\n`).join('');
  }
}
