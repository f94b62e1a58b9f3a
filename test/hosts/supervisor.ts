// Owns: a host with a supervisor of two services that note their starts and ends: `supervisor FILE handle|MARKER`.
// Never: ends by itself: it is told by a signal.
import process from 'node:process';
import {Supervisor} from '../../src/index.js';

const [file = '/dev/null', marker = ''] = process.argv.slice(2);
const noting = (name: string) => ({
  command: [
    'sh',
    '-c',
    `trap 'echo "${name} down" >> ${file}; exit 0' TERM; echo "${name} up" >> ${file}; echo ready; while :; do sleep 0.02; done`,
    marker,
  ],
  ready: {line: 'ready'},
});
await Supervisor.start({
  services: {db: noting('db'), web: {...noting('web'), dependsOn: {db: 'ready'}}},
  handleSignals: marker === 'handle',
});
console.log('up');
