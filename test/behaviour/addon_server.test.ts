// Owns: how the addon starts a fork server, with a script in its place: what that inherits, the environment for children, whoever ends.
// Never: a shepherd, or a job.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {constants, tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {test} from 'node:test';
import {addon, exitOf, fdCount, socket, worker} from '../support/addon.js';
import {censusOfThisFile} from '../support/census.js';
import {processState} from '../support/proc.js';
import {until, within} from '../support/wait.js';

const {ENOENT, EACCES, ESRCH} = constants.errno;
censusOfThisFile(() => {});

test('the environment is environ with changes', () => {
  process.env.NR_KEPT = 'kept=1';
  process.env.NR_CHANGED = 'old';
  process.env.NR_REMOVED = 'x';
  const text = String(addon.environment(Buffer.from('NR_CHANGED=new=\0NR_REMOVED\0NR_ADDED=ü\0NR_ABSENT\0')));
  assert.ok(text.endsWith('\0'));
  const rows = text.slice(0, -1).split('\0');
  const wanted = Object.entries({...process.env, NR_CHANGED: 'new=', NR_REMOVED: undefined, NR_ADDED: 'ü'})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${value}`);
  assert.deepEqual(rows.sort(), wanted.sort());
  assert.equal(String(addon.environment(new Uint8Array(0))).split('\0').length, Object.keys(process.env).length + 1);
  for (const key of ['NR_KEPT', 'NR_CHANGED', 'NR_REMOVED']) delete process.env[key];
});

test('a worker gets no environ: its process.env is another', async () => {
  const it = worker(`port.postMessage(addon.environment(new Uint8Array(0)) === undefined);`);
  const ended = exitOf(it);
  const [answer] = await within(once(it, 'message'), 'an answer');
  assert.equal(answer, true);
  assert.equal(await within(ended, 'its end'), 0);
});

test('a fork server inherits nothing but its sockets and a pidfd of the host', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const script = path.join(folder, 'server.sh');
  // It says on its server socket what it has, and waits there for its end. Built-in commands only: others would bring descriptors.
  writeFileSync(
    script,
    `#!/bin/sh
exec >&4
for f in /proc/$$/fd/*; do
  if [ -S $f ]; then kind=socket; elif [ -c $f ]; then kind=device; elif [ -e $f ] && [ ! $f -ef $0 ]; then kind=other; else continue; fi
  echo "\${f##*/} $kind"
done
while read -r row; do case $row in Sig[BI]*) echo "$row";; esac; done </proc/$$/status
read -r row </proc/$$/environ; echo "env '$row'"
read -r row </proc/$$/stat; set -- "$1" $row; echo "group $6 $$ cwd $(pwd) pad \${#1}"
read x <&4`,
    {mode: 0o755},
  );
  const zeros = '0'.repeat(16);
  const said = (pid: number) =>
    `0 device\n1 socket\n2 device\n3 socket\n4 socket\n5 other\nSigBlk:\t${zeros}\nSigIgn:\t${zeros}\nenv ''\ngroup ${pid} ${pid} cwd / pad 240\n`;

  const started = addon.startServer(script, 'net-runner: fork server of a test');
  assert.ok(typeof started === 'object');
  const {pid, pidfd, hire, server} = started;
  const ours = socket(server);
  const text = () => Buffer.concat(ours.got).toString();
  await until(() => text().includes('pad'), 'the server to speak');
  assert.equal(text(), said(pid));
  assert.equal(addon.reap(pid), false);
  assert.equal(addon.signal(pidfd, 0, 0), 0);
  ours.it.write(Buffer.from('\n'));
  await until(() => addon.reap(pid), 'the server to be reaped');
  assert.equal(addon.signal(pidfd, 0, 0), -ESRCH);
  assert.equal(addon.reap(pid), true);
  ours.it.close();
  addon.close(hire);
  addon.close(pidfd);

  // A worker's server ends with the worker, which closes what it has, bare descriptors too, and is reaped after it.
  const it = worker(`const {pid, server} = addon.startServer(${JSON.stringify(script)}, 'from a worker');
    const inbox = new Uint8Array(4096);
    let text = '';
    const socket = new addon.Socket(server, inbox, (n) => {
      text += Buffer.from(inbox.subarray(0, n));
      if (text.includes('pad')) socket.unref(port.postMessage({pid, text}));
    });`);
  const ended = exitOf(it);
  const theirs = await within(new Promise<{pid: number; text: string}>((resolve) => it.on('message', resolve)), 'the server of a worker');
  assert.equal(theirs.text, said(theirs.pid));
  await ended;
  await until(() => processState(theirs.pid) === undefined, 'the worker’s server to be gone');
});

test('a fork server that cannot be started leaves nothing', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'net-runner-'));
  t.after(() => rmSync(folder, {recursive: true}));
  const plain = path.join(folder, 'plain');
  writeFileSync(plain, 'x', {mode: 0o644});
  const before = fdCount();
  assert.equal(addon.startServer('/nonexistent', 'x'), -ENOENT);
  assert.equal(addon.startServer(plain, 'x'), -EACCES);
  assert.throws(() => addon.startServer('x'.repeat(5_000), 'x'), TypeError);
  assert.equal(fdCount(), before);
});
