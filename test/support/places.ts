// Owns: where things lie: the root of the project, the cast of C programs, the compiled hosts.
// Never: builds any of them.
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

/** The project's root. This file runs from build/js/test/support. */
export const root: string = fileURLToPath(new URL('../../../../', import.meta.url));

function built(kind: string, file: string): string {
  if (!existsSync(file)) throw new Error(`there is no ${kind} at ${path.relative(root, file)}; \`npm test\` builds it`);
  return file;
}

/** The path of one of test/children, by its name: `child('ignore_sigterm')`. NET_RUNNER_TEST_CHILDREN: where a host finds copies. */
export function child(name: string): string {
  return built('child program', path.join(process.env.NET_RUNNER_TEST_CHILDREN ?? path.join(root, 'build', 'children'), name));
}

/** The path of one of test/hosts, compiled, by its name without ending: `hostFile('family')`. */
export function hostFile(name: string): string {
  return built('host program', path.join(root, 'build', 'js', 'test', 'hosts', `${name}.js`));
}

/** The command line's entry in dist, as users run it. */
export function commandLineFile(): string {
  return built('command line', path.join(root, 'dist', 'cli', 'main.js'));
}
