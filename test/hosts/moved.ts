// Owns: a host that sits in the cgroup that has to be divided for a limit, with a job that sits there too.
// Never: in anything but a cgroup that was handed to it.
import {readFileSync} from 'node:fs';
import {RunError, run, start} from '../../src/index.js';
import {takeStanding} from '../support/standing.js';

const standing = takeStanding();
const cgroup = {memoryMax: '64M'};
const first = await start(['sleep', '60'], {...standing, stdio: 'ignore'});
const error: unknown = await run(['true'], {...standing, cgroup}).catch((reason: unknown) => reason);
console.log(error instanceof RunError && error.reason === 'spawn' ? `refused ${error.stage} ${error.code}` : `refused ${String(error)}`);
const moved = await run(['true'], {...standing, cgroup, cgroupSetup: 'move-host'});
console.log(`moved ${moved.isolation} ${/^0::.*$/m.exec(readFileSync('/proc/self/cgroup', 'latin1'))?.[0]}`);
console.log(`again ${(await run(['true'], {...standing, cgroup})).isolation}`);
console.log(`first ${first.alive}`);
await first.stop();
