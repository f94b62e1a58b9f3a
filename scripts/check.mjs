// Owns: `npm run check`: everything that can be wrong without running anything, each check with its own words, all of them every time.
// Never: a check of its own.
import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';

const node = (file) => [process.execPath, [file]];
const checks = [
  ['node_modules/.bin/biome', ['check', '--error-on-warnings', '.']],
  node('scripts/check-layers.mjs'),
  node('scripts/check-openings.mjs'),
  node('scripts/check-docs.mjs'),
  node('scripts/check-protocol.mjs'),
  ...(existsSync('tsconfig.types.json') ? [['node_modules/.bin/tsc', ['-p', 'tsconfig.types.json']]] : []),
];

let failed = 0;
for (const [command, args] of checks) {
  const {status, error} = spawnSync(command, args, {stdio: 'inherit'});
  if (status !== 0) {
    failed++;
    console.error(`check: failed: ${[command, ...args].join(' ')}${error ? ` (${error.message})` : ''}`);
  }
}
console.log(`check: ${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
