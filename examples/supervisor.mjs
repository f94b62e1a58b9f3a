// Owns: an application that runs its helpers under a supervisor: order, a crash, a change at run time, an ordered end.
// Never: more than the API needs.
//   node examples/supervisor.mjs
import {Supervisor} from 'net-runner';

const node = (script) => ['node', '-e', script];

const supervisor = await Supervisor.start({
  strategy: 'rest-for-one', // who comes after the one that failed is started again too
  services: {
    store: {
      command: node(`setTimeout(() => console.log('store is open'), 100); setInterval(() => {}, 1000)`),
      ready: {line: /open/},
      restart: {backoff: {min: 10}},
    },
    cache: {
      command: node(`console.log('cache is warm'); setInterval(() => {}, 1000)`),
      ready: {line: 'warm'},
      dependsOn: {store: 'ready'},
    },
  },
  // handleSignals: true would stop them in order at ^C, and then let the signal end this process.
});
console.log('up:', [...supervisor.services.keys()].join(', '));

supervisor.on('restart', (service, {why}) => console.log(`${service}: ${why}`));
const {store, cache} = Object.fromEntries(supervisor.services);
const before = cache.pid;
const again = new Promise((resolve) => {
  supervisor.on('state', (service, state) => service === 'cache' && state === 'ready' && resolve());
});
await store.kill('SIGKILL');
await again;
console.log('both are back, cache as another process:', cache.pid !== before);

await supervisor.add('report', {command: node(`console.log('report is written')`), dependsOn: ['cache']});
const {reason} = await supervisor.services.get('report').ended;
console.log('report:', reason, '|', supervisor.services.get('report').tail().join());

const end = await supervisor.stop();
console.log('stopped:', end.ok, [...supervisor.services.values()].map(({state}) => state).join(', '));
