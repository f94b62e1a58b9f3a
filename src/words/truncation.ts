// Owns: how much of a job's output is kept, as the option `output` says it and as a result reports it.
// Never: keeping anything.

/** The option `output`. */
export interface OutputLimit {
  /** Bytes of stdout, and of stderr, that are kept in memory. Default: 104_857_600 (100 MiB). */
  readonly max?: number | undefined;
  /**
   * What happens beyond: 'error' stops the tree and rejects (reason 'max-output'); 'head' keeps the first `max` bytes, 'tail' the last,
   * 'head+tail' half of each. The command goes on, and the gap is marked in text. Default: 'error'.
   */
  readonly overflow?: 'error' | 'head' | 'tail' | 'head+tail' | undefined;
  /**
   * A file for the whole output of a stream that is too long, mode 0600: a path that must not exist yet (stderr's has '.stderr' behind it),
   * or true for one in the system's directory for temporary files. It is yours to remove. Not with overflow 'error'. Default: none.
   */
  readonly spill?: string | true | undefined;
}

/** What a stream lost. */
export interface Truncation {
  /** Bytes in the result. */
  readonly kept: number;
  /** Bytes that came and are not in the result. */
  readonly dropped: number;
  /** The file that holds all of them. */
  readonly spill?: string | undefined;
}

/** A stream that was not too long is not in it. */
export interface Truncated {
  readonly stdout?: Truncation | undefined;
  readonly stderr?: Truncation | undefined;
}

/** The same, settled. */
export interface Keeping {
  /** Bytes at the beginning and at the end. */
  readonly head: number;
  readonly tail: number;
  /** One byte more than head + tail ends the job. */
  readonly isLimit: boolean;
  readonly spill: string | true | undefined;
}
