// Owns: tracing. NODE_DEBUG=net-runner is the only switch, in both languages.
// Never: a byte on stderr unless that switch is set; a value of the environment.
import {debuglog} from 'node:util';

/** Writes one formatted line (as `util.format`) to stderr when NODE_DEBUG=net-runner; `trace.enabled` guards costly arguments. */
export const trace = debuglog('net-runner');
