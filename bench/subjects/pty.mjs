// Owns: one subject of the pty figures in a process of its own: `pty.mjs WHO WHAT N` prints one number. WHO: ours, node-pty.
//   bytes N: MB/s until all N bytes of a terminal are read. spawns N AT_ONCE: jobs per second. blocked MS: CPU ms per second with a MiB to write
//   to a program that does not read, and nobody reading it.
// Never: compares.
import {createRequire} from 'node:module';
import process from 'node:process';

const [who, what, amount, atOnce] = process.argv.slice(2);
const n = Number(amount);
const bench = createRequire(new URL('../package.json', import.meta.url));

const ours = {
  async bytes(n) {
    const {start} = await import('../../dist/index.js');
    const p = await start(['head', '-c', String(n), '/dev/zero'], {pty: true});
    let got = 0;
    for await (const chunk of p.stdout) got += chunk.length;
    return {got, last: performance.now()};
  },
  async spawn() {
    const {start} = await import('../../dist/index.js');
    const p = await start(['/bin/true'], {pty: true});
    while ((await p.read()) !== null);
    await p.closed;
  },
  async block() {
    const {start} = await import('../../dist/index.js');
    const p = await start(['sh', '-c', 'stty raw -echo; echo ready; sleep 60'], {pty: true});
    await p.waitFor('ready');
    void p.write(Buffer.alloc(1 << 20, 'x'));
    return () => p.stop();
  },
};

const peer = {
  bytes(n) {
    const p = bench('node-pty').spawn('head', ['-c', String(n), '/dev/zero'], {encoding: null});
    let got = 0;
    let last = performance.now();
    // onExit may come before the last data: all of it is waited for, and a second more, which does not count.
    return new Promise((resolve) => {
      p.onData((chunk) => {
        got += chunk.length;
        last = performance.now();
        if (got >= n) resolve({got, last});
      });
      p.onExit(() => setTimeout(() => resolve({got, last}), 1_000));
    });
  },
  spawn: () => new Promise((resolve) => bench('node-pty').spawn('/bin/true', []).onExit(resolve)),
  async block() {
    const p = bench('node-pty').spawn('sh', ['-c', 'stty raw -echo; echo ready; sleep 60'], {encoding: null});
    await new Promise((resolve) => p.onData((chunk) => String(chunk).includes('ready') && resolve()));
    p.write(Buffer.alloc(1 << 20, 'x'));
    return () => p.kill();
  },
};

const subject = who === 'ours' ? ours : peer;
const figures = {
  async bytes() {
    await subject.bytes(4 << 20);
    const began = performance.now();
    const {got, last} = await subject.bytes(n);
    if (got < n) console.error(`bench: ${who} lost ${n - got} of ${n} bytes`);
    return got / 1e3 / (last - began);
  },
  async spawns() {
    await subject.spawn();
    let left = n;
    const worker = async () => {
      while (left-- > 0) await subject.spawn();
    };
    const began = performance.now();
    await Promise.all(Array.from({length: Number(atOnce)}, worker));
    return n / ((performance.now() - began) / 1_000);
  },
  async blocked() {
    const end = await subject.block();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, n));
    const {user, system} = process.cpuUsage(before);
    await end();
    return (user + system) / n;
  },
};
console.log(await figures[what]());
process.exit(0);
