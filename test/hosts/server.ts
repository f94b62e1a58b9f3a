// Owns: an HTTP server that is ready a while after it listens: 503 until then. `server PORT [MS]`; /sick makes /health answer 500.
// Never: outlives its two minutes.
import {createServer} from 'node:http';
import process from 'node:process';

const [port = '0', ms = '0'] = process.argv.slice(2);
const readyAt = performance.now() + Number(ms);
let sick = false;
createServer((request, response) => {
  if (request.url === '/sick') sick = true;
  response.statusCode = performance.now() < readyAt ? 503 : sick && request.url === '/health' ? 500 : 200;
  response.end('ok\n');
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
setTimeout(() => process.exit(), 120_000);
