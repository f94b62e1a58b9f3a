// Owns: that every file and test that a page of the documentation names is there.
// Never: whether the test proves the sentence.
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

const pages = [...readdirSync('.'), ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));
const problems = [];
let named = 0;

for (const page of pages) {
  const text = readFileSync(page, 'utf8');
  const quoted = [...text.matchAll(/`((?:src|native|test|scripts|examples|docs)\/[\w./-]+)`/g)].map((match) => match[1]);
  const linked = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => path.posix.join(path.posix.dirname(page), match[1]));
  for (const file of new Set([...quoted, ...linked])) {
    named++;
    if (!existsSync(file)) problems.push(`${page}: names ${file}, which is not there`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`docs: ${pages.length} pages name ${named} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
