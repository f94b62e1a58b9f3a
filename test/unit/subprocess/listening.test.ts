// Owns: that who listens to a port is read from /proc as it is: addresses of both kinds, sockets, holders.
// Never: starts a process.
import assert from 'node:assert/strict';
import type {AddressInfo} from 'node:net';
import {createServer, type Server} from 'node:net';
import process from 'node:process';
import {test} from 'node:test';
import {covers, holderOf, holds, listeningTo, treeBelow} from '../../../src/subprocess/listening.js';

/** undefined: this machine has no such address. */
function listen(port: number, host: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen({port, host, ipv6Only: true}, () => resolve(server));
  });
}

for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
  test(`a server on ${host}`, async (t) => {
    const server = await listen(0, host);
    if (server === undefined) return t.skip(`this machine has no ${host}`);
    const {port} = server.address() as AddressInfo;
    const found = await listeningTo(port);
    assert.deepEqual(
      found?.map(({address}) => address),
      [host],
    );
    const inodes = (found ?? []).map(({inode}) => inode);
    assert.equal(holds([process.pid], inodes), true);
    assert.equal(holds([process.ppid], inodes) ?? false, false);
    assert.deepEqual(holderOf(inodes)?.pid, process.pid);
    await new Promise((resolve) => server.close(resolve));
    assert.deepEqual(await listeningTo(port), []);
  });
}

test('what covers what', () => {
  assert.equal(covers('0.0.0.0', ['127.0.0.1']), true);
  assert.equal(covers('::', ['127.0.0.1']), true);
  assert.equal(covers('127.0.0.1', ['127.0.0.1', '::1']), true);
  assert.equal(covers('10.0.0.1', ['127.0.0.1', '::1']), false);
  assert.equal(covers('10.0.0.1', ['0.0.0.0']), true);
});

test('a tree begins with its root, and one that is gone holds nothing', () => {
  assert.equal(treeBelow(process.pid)[0], process.pid);
  assert.equal(holds([2 ** 22 + 1], ['1']), false);
});
