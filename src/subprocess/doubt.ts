// Owns: the host's own clock beside one job's shepherd: what is overdue, what is done about it, and when it is given up.
// Never: the grace or the timeout itself, which the shepherd keeps; a promise of the job.
import type {Control} from '../shepherd/control.js';
import type {ForkServer} from '../shepherd/server.js';
import {Deadline} from './deadline.js';

/** ms beyond the grace in which a stopped job must be proven gone or reported: the shepherd reports at 5 s. */
export const REPORT_MS = 6_000;
/** ms beyond timeout + killTimeout after which a silent shepherd is no longer believed to keep time. */
const TIMEOUT_SLACK_MS = 2_000;
/** ms in which a question is answered, and a grace that is over is heard of; then the shepherd is doubted. */
const ANSWER_MS = 500;
/** A doubted shepherd is woken at once, killed after so many ms if it is stopped again, and after so many more if it says nothing. */
const STOPPED_AGAIN_MS = 500;
const SILENT_MS = 4_500;
/** ms that the fork server has to sweep the tree of a shepherd that was killed for its silence. */
const SWEEP_MS = 3_000;

/** What is doubted. */
export interface Doubted {
  readonly server: ForkServer;
  readonly control: Control;
  /** The shepherd's pid; -1 until it has said it. */
  readonly shepherd: number;
  /** Nothing is waited for any more. */
  readonly over: boolean;
  /** Nobody could be brought to say how the job ended. */
  giveUp(): void;
}

type Name = 'ending' | 'grace' | 'answer' | 'backup' | 'patience';

export class Doubt {
  #of: Doubted;
  /** When an ending that began is given up; when the shepherd is doubted: a grace that nobody hears the end of, an answer, a timeout; and the next
   * step against it. Most jobs need none of them. */
  #deadlines: Partial<Record<Name, Deadline>> = {};
  #step: (() => void) | undefined;
  #graceOver = Number.POSITIVE_INFINITY;
  #lost = false;
  #extended = false;

  constructor(of: Doubted) {
    this.#of = of;
  }

  /** The job's own time limit is the shepherd's to keep: this is how long that is believed. */
  limited(timeout: number, killTimeout: number): void {
    this.#deadline('backup').within(timeout + killTimeout + TIMEOUT_SLACK_MS);
  }

  /** The limit was kept, or counts no more. */
  unlimited(): void {
    this.#deadlines.backup?.clear();
  }

  /** An ending has begun. */
  endsWithin(graceMs: number): void {
    this.#graceOver = Math.min(this.#graceOver, performance.now() + graceMs);
    this.#deadline('grace').within(graceMs + ANSWER_MS);
    if (!this.#lost) this.#deadline('ending').within(graceMs + REPORT_MS);
  }

  /** The shepherd is gone: its tree is swept, and whoever waits for that has a limit of his own. */
  lose(): void {
    this.#lost = true;
    this.#deadlines.ending?.clear();
  }

  /** A question was asked: its answer is due. */
  asked(answer: Promise<number>): Promise<number> {
    this.#deadline('answer').within(ANSWER_MS);
    void answer.then(() => {
      if (!this.#of.control.waits) this.#deadlines.answer?.clear();
    });
    return answer;
  }

  /** The job is over, or given up. */
  end(): void {
    for (const each of Object.values(this.#deadlines)) each.clear();
  }

  #deadline(name: Name): Deadline {
    this.#deadlines[name] ??= new Deadline(
      () => this.#of.control.drain(),
      () => this.#overdue(name),
    );
    return this.#deadlines[name];
  }

  #overdue(name: Name): void {
    if (name === 'ending') this.#endIsOverdue();
    else if (name === 'patience') this.#next();
    else if (name !== 'answer' || this.#of.control.waits) this.#doubt();
  }

  /** On a busy machine the steps against a silent shepherd come late: they are all taken before anything is given up. */
  #endIsOverdue(): void {
    if (this.#step === undefined || this.#extended) return this.#of.giveUp();
    this.#extended = true;
    this.#deadline('ending').within(STOPPED_AGAIN_MS + SILENT_MS + SWEEP_MS);
  }

  /**
   * Something is overdue, though the sockets were read: the shepherd is woken, killed if it is stopped again, and killed if it says nothing
   * at all. One that answers and is not stopped is healthy, however late its job is: it is only asked again.
   */
  #doubt(): void {
    const of = this.#of;
    if (of.over || this.#step) return;
    of.server.wake();
    void of.control.ping();
    const {reads} = of.control;
    this.#then(STOPPED_AGAIN_MS, () => {
      if (of.over || of.shepherd < 0) return;
      of.server.replace(of.shepherd, 'stopped');
      if (of.control.reads !== reads) return this.#askAgain();
      this.#then(SILENT_MS, () => {
        if (of.over) return;
        if (of.control.reads === reads) this.#replace();
        else this.#askAgain();
      });
    });
  }

  #replace(): void {
    this.#of.server.replace(this.#of.shepherd, 'anyway');
    if (this.#lost || this.#graceOver === Number.POSITIVE_INFINITY) return;
    this.#deadlines.ending?.clear();
    this.#deadline('ending').within(SWEEP_MS);
  }

  /** A grace that is over stays a reason for doubt; a late answer that has come does not. */
  #askAgain(): void {
    if (performance.now() >= this.#graceOver) this.#then(STOPPED_AGAIN_MS, () => this.#doubt());
  }

  #then(ms: number, step: () => void): void {
    this.#step = step;
    this.#deadline('patience').within(ms);
  }

  #next(): void {
    const step = this.#step;
    this.#step = undefined;
    step?.();
  }
}
