// Owns: what a job has cost, as users read it, from the rows that its shepherd has sent.
// Never: counts anything itself.
import type {FigureName, ScopeName} from '../shepherd/control.js';
import type {Usage} from '../words/stats.js';

type Row = Partial<Record<FigureName, number>>;

/** Sums by scope and figure (USAGE rows). */
export type Figures = Partial<Record<ScopeName, Row>>;

/** null: nothing was told, for nobody has ended yet. `over`: of what a cgroup has at this moment there is nothing any more. */
export function usageFrom({REAPED: row, CGROUP: cgroup}: Figures, over: boolean): Usage | null {
  if (row === undefined) return null;
  return {
    userMs: (row.USER_US ?? 0) / 1_000,
    systemMs: (row.SYSTEM_US ?? 0) / 1_000,
    maxRssBytes: row.MAX_RSS ?? 0,
    minorFaults: row.MINOR_FAULTS ?? 0,
    majorFaults: row.MAJOR_FAULTS ?? 0,
    voluntarySwitches: row.VOLUNTARY ?? 0,
    involuntarySwitches: row.INVOLUNTARY ?? 0,
    memoryBytes: null,
    memoryPeakBytes: null,
    processes: null,
    ioReadBytes: null,
    ioWrittenBytes: null,
    scope: 'reaped',
    ...(cgroup && cgroupUsage(cgroup, over)),
  };
}

/** The kernel's own count of the job's cgroup, whoever was or was not reaped. */
function cgroupUsage(row: Row, over: boolean): Partial<Usage> {
  return {
    ...(row.USER_US !== undefined && {userMs: row.USER_US / 1_000}),
    ...(row.SYSTEM_US !== undefined && {systemMs: row.SYSTEM_US / 1_000}),
    memoryBytes: over ? null : (row.MEMORY ?? null),
    memoryPeakBytes: row.MEMORY_PEAK ?? null,
    processes: over ? null : (row.PROCESSES ?? null),
    ioReadBytes: row.IO_READ ?? null,
    ioWrittenBytes: row.IO_WRITTEN ?? null,
    scope: 'cgroup',
  };
}
