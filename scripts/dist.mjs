// Owns: dist: types by tsc, which checks, and the JavaScript of src in a few files, since every module of its own costs whoever imports it a millisecond.
// Never: takes in a dependency: that stays an import.
import {spawnSync} from 'node:child_process';
import {chmodSync, rmSync} from 'node:fs';
import process from 'node:process';

/** What others import or start, and what the command line loads only when it is asked for. Each keeps its place: paths are told from it. */
const ENTRIES = ['index', 'cli/main', 'cli/up', 'cli/doctor', 'cli/demo', 'cli/demo_host', 'cli/demo_family'];

const {build} = await import('esbuild').catch((error) => {
  console.error(`dist: esbuild cannot be loaded (${error.message}); run npm ci`);
  process.exit(1);
});
rmSync('dist', {recursive: true, force: true});
const {status} = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {stdio: 'inherit'});
if (status !== 0) process.exit(1);
await build({
  entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  charset: 'utf8',
  chunkNames: 'shared-[hash]', // beside index.js: native.ts finds the binaries from where it lies
  keepNames: true, // errors and inspect() say them
  logLevel: 'warning',
});
chmodSync('dist/cli/main.js', 0o755);
