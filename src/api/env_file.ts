// Owns: reading a file of NAME=VALUE lines into variables.
// Never: the host's own environment.
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {parseEnv} from 'node:util';
import {invalid} from '../words/errors.js';

/** Throws RunError 'invalid' when it cannot be read. */
export function readEnvFile(file: string, cwd: string | undefined): Readonly<Record<string, string>> {
  const place = path.resolve(cwd ?? '', file);
  try {
    return {...parseEnv(readFileSync(place, 'utf8'))} as Record<string, string>;
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    throw invalid(
      'ERR_INVALID_OPTION',
      `\`envFile\` ${place} cannot be read (${code ?? message}); create it, or leave the option out`,
      readEnvFile,
    );
  }
}
