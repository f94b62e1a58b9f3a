// Owns: bytes through `cat`, stdin and stdout at once, in one way: `node cat.mjs WAY MIB`; prints GB/s.
// Never: looks at a byte.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {start} from '../../dist/index.js';
import {rateOf} from './rate.mjs';

const [way, mib] = process.argv.slice(2);
const piece = Buffer.alloc(1 << 20, 'x');

/** Writes while `read` reads all of it. */
async function through(pieces, read) {
  const p = await start(['cat'], {stderr: 'ignore'});
  const written = (async () => {
    for (let i = 0; i < pieces; i++) await p.write(piece);
    p.closeStdin();
  })();
  let total = 0;
  for (;;) {
    const got = await read(p);
    if (got === 0) break;
    total += got;
  }
  await written;
  return total;
}

const target = new Uint8Array(256 << 10);

const ways = {
  readInto: (pieces) => through(pieces, (p) => p.readInto(target)),
  read: (pieces) => through(pieces, async (p) => (await p.read(1 << 20))?.length ?? 0),
  async childProcess(pieces) {
    const child = spawn('cat', {stdio: ['pipe', 'pipe', 'ignore']});
    const written = (async () => {
      for (let i = 0; i < pieces; i++) if (!child.stdin.write(piece)) await once(child.stdin, 'drain');
      child.stdin.end();
    })();
    let total = 0;
    for await (const chunk of child.stdout) total += chunk.length;
    await written;
    return total;
  },
};

await ways[way](32);
console.log(await rateOf(() => ways[way](Number(mib)), Number(mib) << 20));
