// Owns: whether a process is ready, and whether it stays healthy: its probe asked again and again.
// Never: asks itself (probe.ts); decides what follows from it.
import type {HealthSetting, ReadySetting} from '../words/daemon_settings.js';
import {pause} from './pause.js';
import {type Asked, ask, nameOf} from './probe.js';

/** How long one question may take: a hung answer must not use up the whole time. */
const ONE_QUESTION_MS = 5_000;

/**
 * true: ready, as whoever is asked nothing is at once. A string: why not. undefined: it does not matter any more. Never rejects unless `said` does, which is what the process
 * tells by itself: a line that matches, or whether it wrote to descriptor 3.
 */
export async function untilReady(
  ready: ReadySetting | undefined,
  said: Promise<boolean> | undefined,
  asked: Asked,
): Promise<true | string | undefined> {
  if (ready === undefined) return true;
  const {probe, timeout, interval} = ready;
  const deadline = performance.now() + timeout;
  if (probe.kind === 'line') return within(said as Promise<boolean>, timeout, asked.signal, `no line matched ${probe.line}`);
  if (probe.kind === 'fd') {
    const noted = said as Promise<boolean>;
    const why = await within(noted, timeout, asked.signal, 'it wrote nothing to descriptor 3');
    return why !== true || (await noted) ? why : 'it closed descriptor 3 without a word';
  }
  let why = `${nameOf(probe)} gave no answer`;
  for (;;) {
    const left = deadline - performance.now();
    if (asked.signal.aborted) return undefined;
    if (left <= 0) return why;
    const answer = await ask(probe, asked, Math.min(left, ONE_QUESTION_MS));
    if (answer === true) return asked.signal.aborted ? undefined : true;
    why = answer ?? why;
    await pause(Math.min(interval, Math.max(0, deadline - performance.now())), asked.signal);
  }
}

/** Why it is not healthy, once it has failed often enough; undefined: it does not matter any more. Never rejects. */
export async function untilUnhealthy({probe, timeout, interval, failures}: HealthSetting, asked: Asked): Promise<string | undefined> {
  for (let failed = 0; ; ) {
    await pause(interval, asked.signal);
    if (asked.signal.aborted) return undefined;
    const answer = await ask(probe, asked, timeout);
    if (asked.signal.aborted) return undefined;
    const why = answer ?? `${nameOf(probe)} gave no answer within ${timeout} ms`;
    failed = answer === true ? 0 : failed + 1;
    if (failed >= failures) return `${why}, ${failed} times in a row`;
  }
}

async function within(wanted: Promise<unknown>, ms: number, signal: AbortSignal, why: string): Promise<true | string | undefined> {
  const over = new AbortController();
  try {
    const either = AbortSignal.any([signal, over.signal]);
    const answer = await Promise.race([wanted, pause(ms, either).then(() => why)]);
    if (signal.aborted) return undefined;
    return answer === why ? why : true;
  } finally {
    over.abort();
  }
}
