// Owns: the public door, in teaching order.
// Never: code.

export {command, defineCommands} from './api/command.js';
export {Daemon} from './api/daemon.js';
export {restartServer} from './api/restart_server.js';
export {run} from './api/run.js';
export {scope} from './api/scope.js';
export {start} from './api/start.js';
export {stream} from './api/stream.js';
export {Supervisor} from './api/supervisor.js';
export {$} from './api/template.js';
export type {Limit, Limits} from './words/bounds.js';
export type {CgroupOptions, IoMax, Isolation} from './words/cgroup.js';
export type {
  Asking,
  Check,
  DaemonEnd,
  DaemonEvents,
  DaemonOptions,
  DaemonState,
  DaemonStats,
  Health,
  LineMatch,
  Logger,
  OnLine,
  OutputName,
  Probe,
  ProbeContext,
  Ready,
  RestartNotice,
  RestartOptions,
  RestartWhen,
  StartDaemon,
} from './words/daemon.js';
export type {Details, Reason} from './words/errors.js';
export {RunError} from './words/errors.js';
export type {Input} from './words/input.js';
export type {Known, Merge, Options, Pty, Reach, Signal, Stdio} from './words/options.js';
export type {Owner} from './words/owner.js';
export type {CommandLine} from './words/quote.js';
export type {FailedResult, HeldBy, Leftover, Result, StageResult} from './words/result.js';
export type {Command, Run, Runnable, StartOptions, StreamOptions} from './words/runnable.js';
export type {OpenScope, Scope, ScopeOptions} from './words/scope.js';
export {resolveSignal} from './words/signals.js';
export type {Value} from './words/split.js';
export type {Stats, Usage} from './words/stats.js';
export type {LineOptions, OpenStream, PipedResult, Stream, StreamResult} from './words/stream.js';
export type {End, EndReason, Foreground, Match, ReadOptions, Start, Started, Subprocess, WaitOptions} from './words/subprocess.js';
export type {
  Condition,
  Service,
  StartSupervisor,
  Strategy,
  SupervisorEnd,
  SupervisorEvents,
  SupervisorOptions,
} from './words/supervisor.js';
export type {ExtraTarget, FdSource, FileTarget, OutputTarget, StderrTarget, Target} from './words/target.js';
export type {Running, Template, TemplateResult} from './words/template.js';
export type {OutputLimit, Truncated, Truncation} from './words/truncation.js';
