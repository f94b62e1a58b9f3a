// Owns: the command line of `net-runner up`, as one table that parses, explains and is tested row by row; and its exit statuses.
// Never: reads a file, or runs anything.
import {type Flag, helpRows, isOption, type OptionTable, type Statuses, statusRows, takeOption, UsageError} from './option_table.js';

/** What the words after `net-runner up` mean. */
export interface UpFlags {
  /** undefined: the file that is looked for, unless there are services on the command line. */
  readonly file: string | undefined;
  /** NAME=COMMAND words, in their order. */
  readonly services: ReadonlyMap<string, string>;
  readonly only: readonly string[] | undefined;
  readonly except: readonly string[] | undefined;
  readonly exitOn: string | undefined;
  readonly json: boolean;
  readonly help: boolean;
}

type Draft = {-readonly [K in keyof UpFlags]: UpFlags[K]};

function names(flag: string, text: string): readonly string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes('')) throw new UsageError(`${flag} needs names of services: ${flag} web,api`);
  return list;
}

/** Every option of `net-runner up`, in the order of the help. */
export const UP_FLAGS: readonly Flag<Draft>[] = [
  {
    name: '--only',
    value: 'NAMES',
    doc: 'start these services (a,b) and what they depend on',
    set(draft, value) {
      draft.only = names('--only', value);
    },
  },
  {
    name: '--except',
    value: 'NAMES',
    doc: 'leave these out, as if they were there already for those that depend on them',
    set(draft, value) {
      draft.except = names('--except', value);
    },
  },
  {
    name: '--exit-on',
    value: 'WHAT',
    doc: 'stop everything when a service has failed for good (failure), when any is over (any), or when this one is (its name)',
    set(draft, value) {
      draft.exitOn = value;
    },
  },
  {
    name: '--json',
    doc: 'print each line, state and restart on stdout as one line of JSON',
    set(draft) {
      draft.json = true;
    },
  },
  {
    name: '--help',
    short: '-h',
    doc: 'print this',
    set(draft) {
      draft.help = true;
    },
  },
];

/** Exit statuses of `net-runner up`, in the order of the help. */
export const UP_STATUSES: Statuses = [
  ['0', 'all ended well, or everything was stopped by SIGTERM'],
  ['1', 'a service failed, or did not come up'],
  ['125', 'net-runner itself failed: a wrong option, a file that cannot be read or is wrong, a lost or unkillable tree'],
  ['SIGINT', 'after ^C everything is stopped in order, and net-runner ends by the signal; a second one means SIGKILL at once'],
];

const TABLE: OptionTable<Draft> = {of: 'net-runner up', flags: UP_FLAGS, hint: ''};

/** Options may stand anywhere. Throws UsageError. */
export function parseUp(words: readonly string[]): UpFlags {
  const services = new Map<string, string>();
  const draft: Draft = {
    file: undefined,
    services,
    only: undefined,
    except: undefined,
    exitOn: undefined,
    json: false,
    help: false,
  };
  for (let at = 0; at < words.length; ) {
    const word = words[at] as string;
    if (isOption(word)) at = takeOption(TABLE, draft, words, at);
    else {
      takeWord(draft, services, word);
      at++;
    }
  }
  return draft;
}

function takeWord(draft: Draft, services: Map<string, string>, word: string): void {
  const [, name, command] = word.match(/^([A-Za-z0-9_][\w.-]*)=(.*)$/s) ?? [];
  if (name === undefined || command === undefined) {
    if (draft.file !== undefined)
      throw new UsageError(`there are two files, ${draft.file} and ${word}; a service is written as name='command'`);
    draft.file = word;
  } else if (services.has(name)) throw new UsageError(`there are two services named ${name}`);
  else services.set(name, command);
}

/** Its part of `net-runner --help`. */
export function upHelp(): string {
  return ['options of up:', ...helpRows(TABLE), '', 'exit status of up:', ...statusRows(UP_STATUSES), ''].join('\n');
}
