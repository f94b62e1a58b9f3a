// Owns: where Bun and Deno are, if bench/package.json's peers are installed: `npm ci --prefix bench`.
// Never: installs them.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {root} from './measure.mjs';

const {platform, arch} = process;

/** The first of `files` that says its version; else why there is none. */
function find(...files) {
  const there = files.map((file) => path.join(root, 'bench', 'node_modules', file)).filter((file) => existsSync(file));
  if (there.length === 0) return {why: 'not installed (npm ci --prefix bench)'};
  try {
    execFileSync(there[0], ['--version'], {stdio: 'ignore'});
    return {file: there[0]};
  } catch (error) {
    return {why: `it does not run here (${error.message.split('\n')[0]})`};
  }
}

export const bun = find(`@oven/bun-${platform}-${arch}/bin/bun`);
export const deno = find(`@deno/${platform}-${arch}-glibc/deno`);
