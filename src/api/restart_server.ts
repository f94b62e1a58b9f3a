// Owns: restartServer().
// Never: when a fork server is replaced by itself (shepherd/server.ts).
import {retireServer} from '../shepherd/server.js';

/**
 * The next job gets a new fork server, and with it the umask, resource limits, nice value, affinity and namespaces that the host has then.
 * Without this they are those of the moment the first job was started; directory, environment, identity and cgroup are always those of now.
 * Jobs that run are not touched. Costs about two milliseconds at the next start. Never throws.
 * @example
 * process.umask(0o077);
 * restartServer();
 */
export function restartServer(): void {
  retireServer();
}
