// Owns: the few words of redis's protocol that the example needs.
// Never: a client for anything else.
import {connect} from 'node:net';

/** One command, one reply: a string, or null. */
export function ask(...words) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(process.env.REDIS_PORT), 'localhost');
    let reply = '';
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('end', () => reject(new Error('redis has gone')));
    socket.on('data', (text) => {
      reply += text;
      if (!reply.endsWith('\r\n')) return;
      socket.destroy();
      if (reply.startsWith('-')) reject(new Error(reply));
      else resolve(/^[*$]-1/.test(reply) ? null : reply.trim().split('\r\n').at(-1).replace(/^[:+]/, ''));
    });
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  });
}
