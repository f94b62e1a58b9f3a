// Owns: examples/web-terminal as its user meets it, in a real browser: typing, resizing, a flood, ^C in the middle of one, and closing the page.
// Never: a browser's own matters; anything but the loopback.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {request} from 'node:http';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

const example = fileURLToPath(new URL('../../examples/web-terminal/', import.meta.url));
const required = createRequire(path.join(example, 'package.json'));
const {chromium} = required('playwright-core');
const {WebSocket} = required('ws');

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const MIB = 1 << 20;

const profile = mkdtempSync(path.join(tmpdir(), 'net-runner-browser-'));
let server;
let url;
let browser;

before(async () => {
  const env = {...process.env, PORT: '0', COMMAND: 'bash --norc', PS1: 'ready> ', HISTFILE: '', LC_ALL: 'C.UTF-8'};
  server = spawn(process.execPath, ['server.mjs'], {cwd: example, env, stdio: ['ignore', 'pipe', 'inherit']});
  const [line] = await once(createInterface({input: server.stdout}), 'line');
  url = new URL(line);
  const executablePath = process.env.CHROMIUM;
  browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: FLAGS,
    viewport: {width: 900, height: 600},
    timeout: 60_000,
  });
});

after(async () => {
  await browser?.close();
  server?.kill('SIGTERM');
  if (server && server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  rmSync(profile, {recursive: true, force: true, maxRetries: 5});
});

async function until(look, what, ms = 60_000) {
  for (const end = performance.now() + ms; ; ) {
    const value = await look();
    if (value) return value;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** All lines of the terminal in the page, also those that were scrolled away. */
const lines = (page) =>
  page.evaluate(() => {
    const {active} = globalThis.webTerminal.terminal.buffer;
    return Array.from({length: active.length}, (_, y) => active.getLine(y).translateToString(true).trimEnd());
  });

const shows = (page, what, name) => until(async () => what(await lines(page)), name);

async function open() {
  const page = await browser.newPage();
  await page.goto(url.href);
  await shows(page, (all) => all.some((line) => line.startsWith('ready>')), 'a prompt');
  await page.locator('.xterm-helper-textarea').focus();
  return page;
}

async function type(page, line) {
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
}

/** The pid of the page's shell. */
async function shellOf(page) {
  await type(page, 'echo shell=$$');
  const line = await shows(page, (all) => all.find((each) => /^shell=\d+$/.test(each)), 'its pid');
  return Number(line.slice('shell='.length));
}

/** The state of a process in /proc; undefined: there is none. */
function stateOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  } catch {
    return undefined;
  }
}

const memory = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'latin1'))[1]) * 1024;

test('what is typed runs, and what it writes is shown', async () => {
  const page = await open();
  await type(page, 'echo $((6*7)) äöü €');
  await shows(page, (all) => all.includes('42 äöü €'), 'the answer');
  await page.close();
});

test('the shell has the size of the page, also after a resize', async () => {
  const page = await open();
  for (const [width, height] of [
    [900, 600],
    [500, 300],
    [1200, 800],
  ]) {
    await page.setViewportSize({width, height});
    const size = await page.evaluate(
      () =>
        new Promise((resolve) =>
          setTimeout(() => resolve([globalThis.webTerminal.terminal.rows, globalThis.webTerminal.terminal.cols]), 300),
        ),
    );
    await type(page, 'clear; stty size');
    await shows(page, (all) => all.includes(size.join(' ')), size.join(' '));
  }
  await page.close();
});

test('a flood of 10 MB arrives whole, at the pace of the page, and the server holds none of it', async (t) => {
  const page = await open();
  const already = await page.evaluate(() => globalThis.webTerminal.received());
  const rss = memory();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, memory() - rss);
  }, 20);
  const began = performance.now();
  await type(page, "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo all of it");
  await shows(page, (all) => all.includes('all of it'), 'its end');
  const ms = performance.now() - began;
  clearInterval(watch);
  const received = (await page.evaluate(() => globalThis.webTerminal.received())) - already;
  assert.ok(received >= 10_000_000 && received < 10_010_000, `${received} bytes`);
  assert.ok(most < 64 * MIB, `the server grew by ${(most / MIB).toFixed(1)} MiB`);
  t.diagnostic(`10 MB in ${ms.toFixed(0)} ms; the server grew by ${(most / MIB).toFixed(1)} MiB at most`);
  await page.close();
});

test('^C in the middle of an endless flood is heard', async () => {
  const page = await open();
  await type(page, 'yes');
  await until(() => page.evaluate(() => globalThis.webTerminal.received() > 1_000_000), 'the flood');
  await page.keyboard.press('Control+c');
  await shows(page, (all) => all.at(-1)?.startsWith('ready>') || all.some((line) => line.startsWith('^C')), 'the prompt');
  await type(page, 'echo still $((40+2))');
  await shows(page, (all) => all.includes('still 42'), 'the shell to go on');
  await page.close();
});

test('the page closes: the shell and all it runs are gone; another page does not notice', async () => {
  const other = await open();
  const page = await open();
  const pid = await shellOf(page);
  await type(page, "(trap '' HUP TERM; sleep 300) & echo child=$!");
  const line = await shows(page, (all) => all.find((each) => /^child=\d+$/.test(each)), 'the pid of a deaf child');
  const deaf = Number(line.slice('child='.length));
  assert.ok(stateOf(pid) && stateOf(deaf));
  await page.close();
  await until(() => stateOf(pid) === undefined, 'the shell to be gone', 20_000);
  await until(() => stateOf(deaf) === undefined, 'its deaf child to be gone', 20_000);
  await type(other, 'echo here $((40+2))');
  await shows(other, (all) => all.includes('here 42'), 'the other page to work');
  await other.close();
});

test('the shell exits: the page says so', async () => {
  const page = await open();
  await type(page, 'exit 3');
  await shows(page, (all) => all.includes('[closed: exit 3]'), 'the exit code');
  await page.close();
});

/** The status of a plain request. */
function statusOf(target, headers = {}) {
  return new Promise((resolve, reject) => {
    request({host: '127.0.0.1', port: url.port, path: target, headers}, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** The status that refuses a WebSocket; 101: it was accepted. */
function upgrade(target, headers) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${url.port}${target}`, {headers});
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      socket.terminate();
      resolve(response.statusCode);
    });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('error', () => {});
  });
}

test('nobody else gets a shell: token, Origin and Host are checked, and only the loopback listens', async () => {
  const good = `/pty${url.search}`;
  const origin = url.origin;
  assert.equal(await statusOf('/'), 403);
  assert.equal(await statusOf('/?token=no'), 403);
  assert.equal(await statusOf(`/${url.search}`), 200);
  assert.equal(await statusOf(`/${url.search}`, {host: `evil.example:${url.port}`}), 403);
  assert.equal(await statusOf(`/../server.mjs${url.search}`), 404);
  assert.equal(await upgrade(good, {origin}), 101);
  assert.equal(await upgrade('/pty?token=no', {origin}), 403);
  assert.equal(await upgrade('/pty', {origin}), 403);
  assert.equal(await upgrade(good, {}), 403);
  assert.equal(await upgrade(good, {origin: 'http://evil.example'}), 403);
  assert.equal(await upgrade(good, {origin: `http://localhost:${url.port}`}), 403);
  assert.equal(await upgrade(`/other${url.search}`, {origin}), 403);
  const table = readFileSync('/proc/net/tcp', 'latin1');
  const port = Number(url.port).toString(16).toUpperCase().padStart(4, '0');
  const listening = table.split('\n').filter((line) => line.includes(`:${port} 00000000:0000 0A`));
  assert.deepEqual(
    listening.map((line) => line.trim().split(/\s+/)[1]),
    [`0100007F:${port}`],
  );
});

test('the server is killed: no shell is left', async () => {
  const page = await open();
  const pid = await shellOf(page);
  server.kill('SIGKILL');
  await until(() => stateOf(pid) === undefined, 'the shell to be gone', 20_000);
});
