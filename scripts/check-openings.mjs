// Owns: the two opening lines of every source file: what it owns, what it must never do; and uv.h being included by one file alone.
// Never: whether they are true.
import {readdirSync, readFileSync} from 'node:fs';

const PLACES = ['src', 'native', 'test', 'scripts', 'examples', 'bench'];
const list = (folder) => {
  try {
    return readdirSync(folder, {recursive: true}).map((name) => `${folder}/${name}`);
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
};
const files = PLACES.flatMap(list).filter((file) => /\.(ts|mjs|c|h|sh)$/.test(file) && !file.includes('node_modules'));
const problems = [];

for (const file of files) {
  const text = readFileSync(file, 'utf8').replace(/^#!.*\n/, '');
  const opening = text.split('\n').slice(0, 12).join('\n');
  if (!/^(\/\/|\/\*|#) Owns: \S/.test(opening)) problems.push(`${file}: does not open with what it owns`);
  else if (!/[\s*/#]Never: \S/.test(opening)) problems.push(`${file}: does not say in its opening lines what it must never do`);
}
const uv = files.filter((file) => /^\s*#\s*include\s*[<"]uv\.h/m.test(readFileSync(file, 'utf8')));
if (uv.length > 1) problems.push(`uv.h is included by more than one file: ${uv.join(', ')}`);

for (const problem of problems) console.error(problem);
console.log(`openings: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
