// Owns: the sentences for a program that could not be started, so that one failed birth is told from another.
// Never: looking at the file system: a sentence may name what to check, not claim to have checked it.
import {boundSentence} from './bounds.js';
import {cgroupSentence} from './cgroup.js';
import {quoteShort} from './quote.js';

/** The step of a birth that failed, as in native/protocol.h in lower case; 'open', 'pipe', 'pty', 'hire' and 'server' are steps on the host's side. */
export type Stage =
  | 'open'
  | 'pipe'
  | 'pty'
  | 'hire'
  | 'server'
  | 'receive'
  | 'credentials'
  | 'request'
  | 'shepherd'
  | 'prepare'
  | 'fork'
  | 'session'
  | 'group'
  | 'foreground'
  | 'terminal'
  | 'fds'
  | 'chdir'
  | 'pdeathsig'
  | 'signals'
  | 'exec'
  | 'interpreter'
  | 'oom_score_adj'
  | 'nice'
  | 'limit_nofile'
  | 'limit_nproc'
  | 'limit_core'
  | 'limit_fsize'
  | 'limit_as'
  | 'limit_cpu'
  | 'setgroups'
  | 'setgid'
  | 'setuid'
  | 'no_new_privs'
  | 'chown'
  | 'namespace'
  | 'cgroup_find'
  | 'cgroup_path'
  | 'cgroup_memory_max'
  | 'cgroup_memory_high'
  | 'cgroup_swap_max'
  | 'cgroup_oom_group'
  | 'cgroup_pids_max'
  | 'cgroup_cpu_max'
  | 'cgroup_cpu_weight'
  | 'cgroup_io_max'
  | 'cgroup_leaf'
  | 'cgroup_join'
  | 'unknown';

/** What is known of a failed birth. */
export interface FailedBirth {
  readonly command: {readonly file: string; readonly args: readonly string[]};
  /** errno's name. */
  readonly code: string;
  readonly stage: string;
  readonly syscall: string;
  /** The directory that was asked for; undefined: the host's own. */
  readonly cwd: string | undefined;
  /** What the file's first line names, where it is known. */
  readonly interpreter: string | undefined;
  /** The file that was to be opened for one of its streams. */
  readonly path?: string | undefined;
}

/** One sentence: what failed, why, what to do. */
export function birthSentence(birth: FailedBirth): string {
  return `${quoteShort(birth.command)} could not be started: ${cause(birth)}`;
}

function cause(birth: FailedBirth): string {
  switch (birth.stage) {
    case 'open':
      return file(birth);
    case 'chdir':
      return directory(birth);
    case 'exec':
      return program(birth);
    case 'interpreter':
      return interpreter(birth);
    case 'foreground':
      return foreground(birth);
    case 'pty':
      if (birth.code === 'ENOSPC') return 'all pseudo-terminals are in use (kernel.pty.max); end some, or raise the limit';
      if (birth.code === 'ENOENT') return 'this machine has no pseudo-terminals (/dev/ptmx is missing); mount devpts, or leave `pty` out';
      break;
    case 'fds':
      if (birth.code === 'EBADF') return 'a descriptor given for stdin, stdout or stderr is not open; open it first';
      break;
    case 'hire':
    case 'receive':
      if (birth.code === 'EBADF') return 'a descriptor given for stdin, stdout or stderr is not open in the host; open it first';
      break;
    case 'namespace':
      return `no pid namespace can be made here (${birth.code}); allow user namespaces (kernel.unprivileged_userns_clone, user.max_user_namespaces, the container's seccomp profile), run the host as root, or use isolation 'cgroup'`;
    case 'credentials':
      return 'the host changed its identity (uid, gid or groups) while it was being started; try again';
  }
  return boundSentence(birth.stage, birth.code) ?? cgroupSentence(birth.stage, birth.code) ?? resources(birth);
}

function file({code, path = ''}: FailedBirth): string {
  const which = `the file ${name(path)} of one of its streams`;
  switch (code) {
    case 'ENOENT':
      return `${which} does not exist, or its directory does not; check the path (it starts in the host's directory)`;
    case 'EACCES':
    case 'EPERM':
      return `${which} may not be opened; look at its permissions`;
    case 'EEXIST':
      return `${which} exists already; remove it, or give another`;
    case 'EISDIR':
      return `${which} is a directory; name a file in it`;
    case 'EMFILE':
    case 'ENFILE':
      return resources({code, syscall: 'open'});
    default:
      return `${which} cannot be opened (${code})`;
  }
}

function directory({code, cwd}: FailedBirth): string {
  const where = cwd === undefined ? "the host's own working directory" : `its cwd ${name(cwd)}`;
  switch (code) {
    case 'ENOENT':
      return cwd === undefined ? `${where} does not exist any more; give \`cwd\`` : `${where} does not exist; create it, or give another`;
    case 'ENOTDIR':
      return `${where} is not a directory`;
    case 'EACCES':
      return `${where} may not be entered; it needs the x permission for this user`;
    case 'ELOOP':
      return `${where} goes through too many symbolic links`;
    case 'ENAMETOOLONG':
      return `${where} is too long a path`;
    default:
      return `${where} cannot be entered (${code})`;
  }
}

function program({code, command, cwd, syscall}: FailedBirth): string {
  const {file} = command;
  const isPath = file.includes('/');
  switch (code) {
    case 'ENOENT':
      return missing(command, cwd);
    case 'EACCES':
      return isPath
        ? `${name(file)} may not be executed: it lacks the x permission (chmod +x), is a directory, or lies where nothing may be executed`
        : `a file named ${name(file)} was found in the child's PATH, but it may not be executed; it lacks the x permission (chmod +x)`;
    case 'EPERM':
      return `${name(file)} may not be executed by this process; look for a security policy, or a file system mounted nosuid`;
    case 'ENOEXEC':
      return `${name(file)} is no program for this machine: built for another processor, damaged or empty; check it with file(1)`;
    case 'E2BIG':
      return `${tooBig(command)}; pass data by \`input\` or in a file`;
    case 'ETXTBSY':
      return `${name(file)} is open for writing somewhere; close it first, then start it`;
    case 'ENOTDIR':
      return `a part of ${name(file)}${isPath ? '' : "'s search path (the child's PATH)"} is not a directory`;
    case 'ELOOP':
      return `${name(file)} goes through too many symbolic links`;
    case 'ENAMETOOLONG':
      return `${name(file)} is too long a name for a file`;
    case 'ENOMEM':
      return 'there is not enough memory to load it; free some, or raise the limit (ulimit -v, the cgroup)';
    default:
      return resources({code, syscall});
  }
}

function missing({file, args}: FailedBirth['command'], cwd: string | undefined): string {
  if (args.length === 0 && /\s/.test(file.trim())) {
    const words = file.trim().split(/\s+/).map(name).join(', ');
    return `there is no program named ${name(file)}; write [${words}], or use \`$\``;
  }
  if (!file.includes('/')) {
    return `there is no program named ${name(file)} in the directories of the child's PATH; install it, give its path, or set \`env.PATH\``;
  }
  const from = file.startsWith('/') ? '' : ` (looked for from ${cwd === undefined ? "the host's working directory" : `cwd ${name(cwd)}`})`;
  return `there is no file ${name(file)}${from}; check the path`;
}

function interpreter({code, command, interpreter: wanted}: FailedBirth): string {
  const which =
    wanted === undefined ? 'the interpreter it names in its first line (#!), or its dynamic loader,' : `its interpreter ${name(wanted)}`;
  const what = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be executed' : `cannot be executed (${code})`;
  return `${name(command.file)} is there, but ${which} ${what}; install it, or name one: ['sh', ${name(command.file)}]`;
}

function foreground({code}: FailedBirth): string {
  if (code === 'ENOTTY') return "`foreground: true` needs a terminal as its stdin; leave it out, or give stdin: 'inherit' in a terminal";
  return 'the host is not in the foreground of its terminal, so it cannot hand it over; leave `foreground` out';
}

/** Linux takes no single argument of more than 128 KiB (MAX_ARG_STRLEN), and a quarter of the stack in all. */
const LONGEST_ARGUMENT = 131_072;

function tooBig({file, args}: FailedBirth['command']): string {
  const sizes = [file, ...args].map((arg) => Buffer.byteLength(arg) + 1);
  const largest = Math.max(...sizes.slice(0, 10_000));
  if (largest > LONGEST_ARGUMENT) return `one argument has ${largest} bytes, and the kernel takes at most ${LONGEST_ARGUMENT}`;
  const all = sizes.reduce((sum, size) => sum + size, 0);
  return `its ${args.length} arguments (${all} bytes) and its environment together are more than the kernel takes`;
}

function resources({code, syscall}: Pick<FailedBirth, 'code' | 'syscall'>): string {
  switch (code) {
    case 'EMFILE':
      return 'this process has too many descriptors open (ulimit -n); run fewer at once, or raise the limit';
    case 'ENFILE':
      return 'the machine has too many files open (fs.file-max); run fewer at once, or raise the limit';
    case 'EAGAIN':
      return 'no more processes may be made (ulimit -u, or pids.max of the cgroup); run fewer at once, or raise the limit';
    case 'ENOMEM':
      return 'there is not enough memory for another process; run fewer at once';
    case 'ENOSPC':
      return 'the kernel has no room for another process (ENOSPC); run fewer at once';
    case 'E2BIG':
      return 'its arguments and its environment together are more than can be passed on; pass data by `input` or in a file';
    case 'EPROTO':
      return 'the shepherd could not read its request, which is a fault of net-runner (EPROTO); report it, with NODE_DEBUG=net-runner';
    case 'ECONNRESET':
      return 'its shepherd ended before it said what became of it; try again';
    default:
      return `${syscall} failed with ${code}`;
  }
}

/** A path or name in single quotes, whole enough to recognise and without control characters. */
function name(text: string): string {
  const short = text.length <= 200 ? text : `${text.slice(0, 99)}…${text.slice(-100)}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is its purpose
  return `'${short.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')}'`;
}
