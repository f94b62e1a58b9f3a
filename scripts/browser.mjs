// Owns: `npm run test:browser`: examples/web-terminal in a headless Chromium. What is missing is one line that says so, counted as skipped.
// Never: installs a browser: .ci/run does, where it may.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {runFiles} from './run-files.mjs';

const EXAMPLE = 'examples/web-terminal';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function skip(why) {
  console.log(`skip: the web terminal: ${why}`);
  console.log('0 passed, 0 failed, 1 skipped');
  process.exit(0);
}

const folders = (process.env.PATH ?? '').split(':').filter(Boolean);
process.env.CHROMIUM ??= NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) => existsSync(file)) ?? '';
if (!process.env.CHROMIUM) skip(`there is no ${NAMES.join(', no ')}; apt-get install chromium`);

for (const [command, ...args] of [
  ['make', '-s', '-j2', 'all'],
  [process.execPath, 'scripts/dist.mjs'],
])
  if (spawnSync(command, args, {stdio: 'inherit'}).status !== 0) process.exit(1);
const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {cwd: EXAMPLE, stdio: 'inherit'});
if (npm.status !== 0) skip('its packages (ws, xterm.js, playwright-core) could not be installed');

await runFiles(['test/browser/web_terminal.test.mjs'], {minutes: 8});
