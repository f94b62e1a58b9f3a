// Owns: recording a terminal session as asciicast v2: what was written and when, and every resize. `node examples/record.mjs [FILE [command...]]`
// Never: reads faster than it writes the file.
// Play it with `asciinema play FILE`.
import {once} from 'node:events';
import {createWriteStream, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {finished} from 'node:stream/promises';
import {StringDecoder} from 'node:string_decoder';
import {start} from 'net-runner';

/** A Subprocess in a terminal, recorded until it ends. `done` resolves when the file is whole. */
async function record(file, command, {cols = 80, rows = 24} = {}) {
  const p = await start(command, {pty: {cols, rows}, env: {PS1: '$ '}});
  const began = performance.now();
  const out = createWriteStream(file);
  const put = (row) => out.write(`${JSON.stringify(row)}\n`);
  const event = (code, data) => put([Number(((performance.now() - began) / 1000).toFixed(6)), code, data]);
  put({version: 2, width: cols, height: rows, timestamp: Math.floor(Date.now() / 1000), env: {TERM: 'xterm-256color'}});

  let said = '';
  /** Until that was written. (waitFor() would read it, and then the recording could not.) */
  const shown = async (pattern) => {
    while (!pattern.test(said)) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  async function pump() {
    const decoder = new StringDecoder('utf8'); // a character may be cut between two reads
    for (let chunk = await p.read(); chunk !== null; chunk = await p.read()) {
      const text = decoder.write(chunk);
      said += text;
      if (text !== '' && !event('o', text)) await once(out, 'drain');
    }
    out.end();
    await finished(out);
  }

  const resize = (to) => {
    p.resize(to.cols, to.rows);
    event('r', `${to.cols}x${to.rows}`);
  };
  return {p, resize, shown, done: pump()};
}

const [target, ...words] = process.argv.slice(2);
const folder = target === undefined ? mkdtempSync(path.join(tmpdir(), 'net-runner-record-')) : undefined;
const file = target ?? path.join(folder, 'session.cast');
const {p, resize, shown, done} = await record(file, words.length > 0 ? words : ['bash', '--norc']);
if (words.length === 0) {
  await p.write('echo "grüße from $(tput cols) columns"\r');
  await shown(/grüße from \d+/);
  resize({cols: 60, rows: 20});
  await p.write('echo "and from $(tput cols)"; exit\r');
}
await done;

const [header, ...events] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
console.log(`asciicast v${header.version}, ${header.width}x${header.height}`);
console.log(`output and resizes: ${[...new Set(events.map(([, code]) => code))].sort().join(' ')}`);
console.log(`in order: ${events.every(([at], i) => i === 0 || at >= events[i - 1][0])}`);
const said = events
  .filter(([, code]) => code === 'o')
  .map(([, , data]) => data)
  .join('');
for (const line of said.match(/^(?:grüße|and) from \d+.*$/gm) ?? []) console.log(line.trimEnd());
if (folder !== undefined) rmSync(folder, {recursive: true});
