// Owns: src/shepherd/protocol.gen.ts being what native/protocol.h says. `--write` (npm run protocol) prints it anew, without it they are compared.
// Never: a number of the protocol.
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';

const FILE = 'src/shepherd/protocol.gen.ts';
execFileSync('make', ['-s', 'build/protocol_ts'], {stdio: 'inherit'});
const printed = execFileSync('build/protocol_ts', {encoding: 'utf8'});

if (process.argv.includes('--write')) {
  writeFileSync(FILE, printed);
  console.log(`protocol: wrote ${FILE}`);
} else if (readFileSync(FILE, 'utf8') === printed) {
  console.log('protocol: native/protocol.h and protocol.gen.ts agree');
} else {
  console.error(`protocol: ${FILE} is not what native/protocol.h says; run \`npm run protocol\``);
  process.exitCode = 1;
}
