// Owns: the figures of one job, as users read them.
// Never: measuring anything.

/** What the operating system says a job has cost. */
export interface Usage {
  /** CPU time in user mode, in milliseconds (fractions count). */
  readonly userMs: number;
  /** CPU time in the kernel, in milliseconds (fractions count). */
  readonly systemMs: number;
  /** Peak resident memory of the largest single process of the tree, in bytes; not the sum of all. */
  readonly maxRssBytes: number;
  /** Page faults served without I/O. */
  readonly minorFaults: number;
  /** Page faults served with I/O. */
  readonly majorFaults: number;
  /** How often a process of the tree gave the CPU away by itself. */
  readonly voluntarySwitches: number;
  /** How often one was made to. */
  readonly involuntarySwitches: number;
  /** Memory charged to the job's cgroup now, in bytes; null without a cgroup, without its memory controller, and when the job is over. */
  readonly memoryBytes: number | null;
  /** The most that was charged to it so far: all of the tree together, files in memory included. */
  readonly memoryPeakBytes: number | null;
  /** Processes in it now; null without a cgroup, and when the job is over. */
  readonly processes: number | null;
  /** Bytes read from block devices; null without a cgroup or its io controller. */
  readonly ioReadBytes: number | null;
  /** Bytes written to block devices. */
  readonly ioWrittenBytes: number | null;
  /** Who was counted: 'reaped' = everything that was reaped below the shepherd for this job; 'cgroup' = CPU, memory and
   * io of the job's own cgroup, whoever was or was not reaped; the other figures as with 'reaped'. */
  readonly scope: 'reaped' | 'cgroup';
}

/** The counters of one Subprocess. They keep their final values after the exit. */
export interface Stats {
  /** Bytes written to the child's stdin. */
  readonly bytesIn: number;
  /** Bytes read from its stdout. */
  readonly bytesOut: number;
  /** Bytes read from its stderr. */
  readonly bytesErr: number;
  /** Reads that moved bytes, stdout and stderr together. */
  readonly readCount: number;
  /** Writes that moved bytes. */
  readonly writeCount: number;
  /** Milliseconds from the birth of the child until now, or until the child's exit. */
  readonly durationMs: number;
  /** The exit code, or 128 + n after signal n; null while it runs, or when it was lost. */
  readonly exitStatus: number | null;
  /** What it has cost, as far as it is known: all of it once the tree is empty; null before the exit, unless usage() has asked. */
  readonly usage: Usage | null;
}
