// Owns: a shell in a browser: an HTTP server on the loopback, one pty per WebSocket, and bytes only as fast as the page shows them.
// Never: another interface, another site's page, a shell without its page.
//   npm install && npm start        PORT (7681; 0: any), COMMAND (a shell; split on blanks)
import {randomBytes, timingSafeEqual} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createServer} from 'node:http';
import process from 'node:process';
import {start} from 'net-runner';
import {WebSocketServer} from 'ws';

/** Bytes that may be on their way to the page. It says which it has shown; past this nothing is read, and the program waits in its write. */
const WINDOW = 256 * 1024;
/** What a page may send at once: a large paste. */
const MOST_INPUT = 1 << 20;

const token = randomBytes(24).toString('hex');
const command = (process.env.COMMAND ?? process.env.SHELL ?? 'bash').split(' ');

const here = (file) => readFileSync(new URL(file, import.meta.url));
const FILES = {
  '/': ['text/html; charset=utf-8', here('page.html')],
  '/page.js': ['text/javascript', here('page.js')],
  '/xterm.mjs': ['text/javascript', here('node_modules/@xterm/xterm/lib/xterm.mjs')],
  '/fit.mjs': ['text/javascript', here('node_modules/@xterm/addon-fit/lib/addon-fit.mjs')],
  '/xterm.css': ['text/css', here('node_modules/@xterm/xterm/css/xterm.css')],
};
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer', // the token is in the URL
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

function knows(url) {
  const given = Buffer.from(url.searchParams.get('token') ?? '');
  return given.length === token.length && timingSafeEqual(given, Buffer.from(token));
}

/** A name that resolves to 127.0.0.1 is no proof of a local page: only our own two names are. */
const hosts = () => [`127.0.0.1:${server.address().port}`, `localhost:${server.address().port}`];
const urlOf = (request) => new URL(request.url, 'http://localhost');

const server = createServer((request, response) => {
  const url = urlOf(request);
  const file = FILES[url.pathname];
  const allowed = hosts().includes(request.headers.host) && (url.pathname !== '/' || knows(url));
  if (!allowed || request.method !== 'GET') return response.writeHead(403, HEADERS).end('403\n');
  if (!file) return response.writeHead(404, HEADERS).end('404\n');
  return response.writeHead(200, {...HEADERS, 'Content-Type': file[0]}).end(file[1]);
});

const sockets = new WebSocketServer({noServer: true, maxPayload: MOST_INPUT});

server.on('upgrade', (request, socket, head) => {
  const url = urlOf(request);
  const {host, origin} = request.headers;
  const ours = hosts().includes(host) && origin === `http://${host}`;
  if (!ours || url.pathname !== '/pty' || !knows(url)) {
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (page) => {
    serve(page, url).catch((error) => {
      console.error(error.message);
      page.close(1011, 'the shell could not be started');
    });
  });
});

async function serve(page, url) {
  const size = (name, otherwise) => Math.min(Math.max(Number.parseInt(url.searchParams.get(name), 10) || otherwise, 1), 1_000);
  const gone = new AbortController();
  // A page that is closed while its shell is being started gets none; later this stops it, and all it has started.
  page.on('close', () => gone.abort());
  const starting = start(command, {pty: {cols: size('cols', 80), rows: size('rows', 24)}, killTimeout: 2_000, signal: gone.signal});

  let onTheWay = 0;
  let goOn = () => {};
  gone.signal.addEventListener('abort', () => goOn());
  page.on('error', () => {}); // 'close' follows

  let writing = 0;
  page.on('message', async (data, isBinary) => {
    try {
      const term = await starting;
      if (isBinary) {
        // While the program does not read, nothing more is taken from the page.
        if (writing++ === 0) page.pause();
        await term.write(data);
        if (--writing === 0) page.resume();
        return;
      }
      const {shown, resize} = JSON.parse(data);
      if (resize) term.resize(...resize);
      if (shown > 0) onTheWay -= shown;
      goOn();
    } catch {
      page.close(1007, 'that was no message of ours');
    }
  });

  const term = await starting;
  for (let chunk = await term.read(); chunk !== null; chunk = await term.read()) {
    onTheWay += chunk.length;
    page.send(chunk);
    while (onTheWay > WINDOW && !gone.signal.aborted) {
      await new Promise((resolve) => {
        goOn = resolve;
      });
    }
    if (gone.signal.aborted) break;
  }
  const {signal, exitCode} = await term.closed;
  page.close(1000, signal ?? `exit ${exitCode}`);
  await term[Symbol.asyncDispose]();
}

server.listen(Number(process.env.PORT ?? 7681), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/?token=${token}`);
});
