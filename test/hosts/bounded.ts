// Owns: a host that is nobody, asks for what only root may have, and says how each of it fails.
// Never: keeps a privilege. It is started where more than 512 descriptors are out of reach.
import path from 'node:path';
import process from 'node:process';
import {type Options, RunError, run} from '../../src/index.js';

process.setgroups?.([]);
process.setgid?.(65_534);
process.setuid?.(65_534);
const asked: Record<string, Options> = {
  uid: {uid: 0, gid: 65_534},
  gid: {gid: 0},
  groups: {groups: [0]},
  nice: {nice: -5},
  oomScoreAdj: {oomScoreAdj: -900},
  limits: {limits: {nofile: 1_024}},
};
for (const [name, options] of Object.entries(asked)) {
  const error: unknown = await run(['true'], {cwd: '/', ...options}).catch((reason: unknown) => reason);
  console.log(error instanceof RunError && error.reason === 'spawn' ? `${name} ${error.stage} ${error.code}` : `${name} ${String(error)}`);
}
const program = path.join(path.dirname(process.env.NET_RUNNER_SHEPHERD as string), 'print_death_signal');
const own = await run(['sh', '-c', 'id -u; id -g; echo death; exec "$0"', program], {cwd: '/', uid: 65_534, gid: 65_534});
console.log(`own ${own.stdout.trim().split('\n').join(' ')}`);
