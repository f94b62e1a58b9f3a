// Owns: `npm run test:vm`: a virtual machine with cgroup controllers, booted from Debian's own kernel, and in it the tests of limits and isolation.
// Never: a network, a disk or a right of this machine for it; a timing that its emulation would make a lie.
//   Needs qemu-system-x86, busybox-static and cpio, and apt for the kernel; where it cannot have them it says so and counts as skipped.
import {spawnSync} from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';

const HOME = path.resolve('build/vm');
const LIMIT_MS = 6 * 60_000;
/** Bytes of each of its two disks, which hold nothing. */
const DISK = 64 * 2 ** 20;
/** Compiled test files, in the order in which they run. */
const TESTS = ['vm/limits.test.js', 'survival/isolation.test.js', 'behaviour/cgroup.test.js', 'behaviour/relay.test.js'];
const COMMANDS =
  'sh mount cat ls echo mkdir rmdir mkfifo sleep ps kill sed grep awk head tail true false env tr cp mv rm ln seq cut sort setsid test chmod poweroff'.split(
    ' ',
  );

const scratch = mkdtempSync(path.join(tmpdir(), 'net-runner-vm-'));
process.on('exit', () => rmSync(scratch, {recursive: true, force: true}));

function skip(why) {
  console.log(`  skip  the virtual machine: ${why}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(0);
}

function must(command, args, options = {}) {
  const {status, stdout, error} = spawnSync(command, args, {stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', ...options});
  if (status === 0) return stdout;
  console.log(`test:vm: failed: ${[command, ...args].join(' ')} ${error?.message ?? `(${status})`}`);
  console.log('0 passed, 1 failed');
  process.exit(1);
}

function where(command) {
  return (process.env.PATH ?? '')
    .split(':')
    .map((folder) => path.join(folder, command))
    .find(existsSync);
}

/** Debian's kernel for clouds, unpacked, never installed. */
function kernel() {
  const boot = path.join(HOME, 'kernel/boot');
  const found = () => (existsSync(boot) ? readdirSync(boot).find((name) => name.startsWith('vmlinuz-')) : undefined);
  if (!found()) {
    const depends = spawnSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], {encoding: 'utf8'}).stdout ?? '';
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1];
    if (!name) skip('apt knows no linux-image-cloud-amd64 (apt-get update)');
    const folder = path.join(scratch, 'deb');
    mkdirSync(folder);
    spawnSync('apt-get', ['download', '-qq', name], {cwd: folder, stdio: 'ignore'});
    const [file] = readdirSync(folder);
    if (!file) skip(`${name} could not be downloaded`);
    must('dpkg', ['-x', path.join(folder, file), path.join(HOME, 'kernel')]);
  }
  return path.join(boot, found());
}

/** What dynamic programs need beside them; ldd(1) fails on a static one, which needs nothing. */
function copyLibraries(file, root) {
  const {stdout} = spawnSync('ldd', [file], {encoding: 'utf8'});
  for (const [, library] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    const target = path.join(root, library);
    mkdirSync(path.dirname(target), {recursive: true});
    if (!existsSync(target)) copyFileSync(library, target);
  }
}

function pack(root, file) {
  const list = must('find', ['.', '-print0'], {cwd: root, maxBuffer: 64 * 2 ** 20});
  const {status, stdout} = spawnSync('cpio', ['--null', '-o', '-H', 'newc', '--quiet'], {cwd: root, input: list, maxBuffer: 2 ** 30});
  if (status !== 0) must('false', []);
  writeFileSync(file, stdout);
}

/** The first process of the machine: everything mounted, every controller handed down, one command, off. */
const INIT = `#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts -o ptmxmode=666; mount -t tmpfs tmpfs /dev/shm; mount -t tmpfs tmpfs /tmp; chmod 1777 /tmp
mount -t cgroup2 none /sys/fs/cgroup
for c in cpu memory pids io; do echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control; done
ln -s /proc/self/fd /dev/fd
export HOME=/root PATH=/usr/bin:/bin TERM=dumb NET_RUNNER_SHEPHERD=/job/build/net-runner-shepherd NET_RUNNER_ADDON=/job/build/net_runner.node
cd /job
echo VM-BOOTED
for t in ${TESTS.join(' ')}; do
  echo "VM-FILE $t"
  node --test --test-reporter=tap /job/build/js/test/$t </dev/null
  echo "VM-STATUS $?"
done
ls -d /sys/fs/cgroup/*/ 2>/dev/null | grep -v -e init.scope -e /net-runner-test-.*-host/ | sed 's/^/VM-LEFT /'
echo VM-DONE
echo o >/proc/sysrq-trigger; sleep 5; poweroff -f
`;

function image() {
  const root = path.join(scratch, 'root');
  for (const folder of ['bin', 'usr/bin', 'proc', 'sys', 'dev', 'tmp', 'etc', 'root', 'job/build'])
    mkdirSync(path.join(root, folder), {recursive: true});
  const busybox = path.join(root, 'bin/busybox');
  copyFileSync(where('busybox'), busybox);
  chmodSync(busybox, 0o755);
  for (const name of COMMANDS) symlinkSync('busybox', path.join(root, 'bin', name));
  symlinkSync('/bin/sh', path.join(root, 'usr/bin/sh'));
  copyFileSync(process.execPath, path.join(root, 'usr/bin/node'));
  chmodSync(path.join(root, 'usr/bin/node'), 0o755);
  for (const file of [process.execPath, 'build/net-runner-shepherd', 'build/net_runner.node']) copyLibraries(path.resolve(file), root);
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  writeFileSync(path.join(root, 'init'), INIT, {mode: 0o755});
  copyFileSync('package.json', path.join(root, 'job/package.json'));
  for (const name of ['net-runner-shepherd', 'net_runner.node', 'js', 'children'])
    cpSync(path.join('build', name), path.join(root, 'job/build', name), {recursive: true});
  // The command line, and what it loads.
  for (const name of ['dist', 'node_modules/yaml']) cpSync(name, path.join(root, 'job', name), {recursive: true});
  const file = path.join(scratch, 'initrd');
  pack(root, file);
  return file;
}

/** Boots, and gives what came out of its serial port. */
function boot(kernelFile, initrd) {
  const serial = path.join(scratch, 'serial');
  const words = '-machine q35,accel=tcg -cpu max -smp 2 -m 1536 -display none -monitor none -no-reboot -nic none'.split(' ');
  const append = 'console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off tsc=reliable no_timer_check random.trust_cpu=on edd=off';
  const disks = [0, 1].flatMap((n) => {
    const file = path.join(scratch, `disk${n}`);
    writeFileSync(file, '');
    truncateSync(file, DISK);
    return ['-drive', `if=none,format=raw,id=d${n},file=${file}`, '-device', `nvme,drive=d${n},serial=d${n}`];
  });
  const args = [...words, ...disks, '-kernel', kernelFile, '-initrd', initrd, '-append', append, '-serial', `file:${serial}`];
  const {error, stderr} = spawnSync('qemu-system-x86_64', args, {timeout: LIMIT_MS, killSignal: 'SIGKILL', encoding: 'utf8'});
  const text = existsSync(serial) ? readFileSync(serial, 'utf8').replaceAll('\r', '') : '';
  if (error) console.log(`test:vm: ${error.message}`);
  else if (!text.includes('VM-DONE') && stderr) console.log(stderr);
  return text;
}

if (process.arch !== 'x64') skip(`there is a machine for x64 only, and this is ${process.arch}`);
const missing = Object.entries({
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  cpio: 'cpio',
  dpkg: 'dpkg',
  'apt-get': 'apt',
})
  .filter(([command]) => !where(command))
  .map(([, name]) => name);
if (missing.length > 0) skip(`please install ${missing.join(', ')}`);
mkdirSync(HOME, {recursive: true});
const kernelFile = kernel();
must('make', ['-s', '-j2', 'all', 'children']);
must(process.execPath, ['scripts/dist.mjs']);
must('node_modules/.bin/tsc', ['-p', 'tsconfig.test.json']);

const text = boot(kernelFile, image());
const counts = {passed: 0, failed: 0, skipped: 0};
let details = false;
for (const line of text.split('\n')) {
  const [, file] = /^VM-FILE (.*)\.js$/.exec(line) ?? [];
  if (file) console.log(`${file}.ts (in the virtual machine)`);
  const [, not, name, directive] = /^\s*(not )?ok \d+ - (.*?)( # SKIP.*)?$/.exec(line) ?? [];
  if (name !== undefined && !name.endsWith('.js')) {
    const outcome = directive ? 'skipped' : not ? 'failed' : 'passed';
    counts[outcome]++;
    details = outcome === 'failed';
    console.log(`  ${{passed: 'ok   ', failed: 'FAIL ', skipped: 'skip '}[outcome]} ${name}${directive ?? ''}`);
  } else if (details || /^# (?!Subtest|tests|suites|pass|fail|cancelled|skipped|todo|duration)/.test(line)) {
    if (line.trim() !== '') console.log(`        ${line}`);
    if (line.trim() === '...') details = false;
  }
  if (line.startsWith('VM-LEFT ')) {
    counts.failed++;
    console.log(`  FAIL  left behind: ${line.slice(8)}`);
  }
}
if (!text.includes('VM-DONE')) {
  counts.failed++;
  console.log(`  FAIL  the machine did not finish; its last words:\n${text.split('\n').slice(-20).join('\n')}`);
}
console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
process.exitCode = counts.failed > 0 ? 1 : 0;
