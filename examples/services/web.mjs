// Owns: the example's web server: a POST becomes a job.
// Never: does a job.
import {createServer} from 'node:http';
import {ask} from './redis.mjs';

createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.method === 'POST') console.log(`job ${await ask('RPUSH', 'jobs', body)} is queued`);
  response.end('ok\n');
}).listen(Number(process.env.PORT), 'localhost', () => console.log(`listening on port ${process.env.PORT}`));
