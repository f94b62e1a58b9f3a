// Owns: every way to put an end to a command: time, size, AbortSignal, stop().
// Never: waits longer than it says.
import {RunError, run, start} from 'net-runner';

async function reasonOf(promise) {
  try {
    await promise;
    return 'none';
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return `${error.reason} (${error.code})`;
  }
}

// The whole tree is stopped, the grandchild that holds the pipe too. The shepherd counts, so a busy event loop delays nothing.
console.log(`time limit: ${await reasonOf(run(['sh', '-c', 'sleep 60 & sleep 60'], {timeout: 200}))}`);

// What was written until then is in the error.
const error = await run(['sh', '-c', 'echo half; sleep 60'], {timeout: 200}).catch((reason) => reason);
console.log(`with the output so far: ${error.result.stdout.trim()}`);

console.log(`output limit: ${await reasonOf(run(['yes'], {maxOutputSize: 1_000}))}`);
console.log(`AbortSignal: ${await reasonOf(run(['sleep', '60'], {signal: AbortSignal.timeout(100)}))}`);

// Politely first: the program may clean up. One that will not gets SIGKILL after killTimeout.
const polite = await start(['sh', '-c', 'trap "exit 0" TERM; echo up; sleep 60 & wait'], {killTimeout: 5_000});
const deaf = await start(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 1; done'], {killTimeout: 100});
await Promise.all([polite.read(), deaf.read()]); // both have set their traps
console.log(`polite: ${JSON.stringify(shown(await polite.stop()))}`);
console.log(`deaf: ${JSON.stringify(shown(await deaf.stop()))}`);

function shown({exitCode, signal, forced}) {
  return {exitCode, signal, forced};
}
