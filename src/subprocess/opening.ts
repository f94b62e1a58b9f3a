// Owns: the wait until what a job is given is open, for as long as its signals and its timeout let it take.
// Never: opens anything (files.ts).
import {EndedBeforeStart, refuseEnded} from './birth_error.js';
import type {Files} from './files.js';
import {Patience} from './patience.js';

/** A FIFO may wait for its other end for ever. Rejects with EndedBeforeStart, whatever became of the opening itself. */
export async function opened(
  opening: Promise<void>,
  files: Files,
  signals: readonly AbortSignal[],
  timeout: number | undefined,
): Promise<void> {
  const patience = new Patience(timeout, undefined);
  const ends = patience.signal ? [...signals, patience.signal] : signals;
  const giveUp = () => files.giveUp();
  for (const end of ends) end.addEventListener('abort', giveUp, {once: true});
  try {
    await opening;
  } catch (error) {
    refuse(signals, patience);
    throw error;
  } finally {
    patience.end();
    for (const end of ends) end.removeEventListener('abort', giveUp);
  }
  refuse(signals, patience);
}

function refuse(signals: readonly AbortSignal[], {isOver}: Patience): void {
  refuseEnded(signals);
  if (isOver) throw new EndedBeforeStart('timeout');
}
