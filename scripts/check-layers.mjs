// Owns: the floors of src/ and who may import whom. Fails on an upward import, a cycle, and on the two planes meeting outside spawn.ts.
// Never: style (biome), or what a file does.
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';

const FLOORS = {words: 0, 'native.ts': 1, io: 2, shepherd: 2, subprocess: 3, api: 4, 'index.ts': 4.5, cli: 5};
const room = (file) => file.split('/')[0];
const files = readdirSync('src', {recursive: true})
  .map(String)
  .filter((file) => file.endsWith('.ts'));
const problems = [];
const graph = new Map();

for (const file of files) {
  if (!(room(file) in FLOORS)) problems.push(`src/${file}: belongs to no floor`);
  const text = readFileSync(`src/${file}`, 'utf8');
  const found = [...text.matchAll(/^\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'|^\s*import\s*'([^']+)'/gm)];
  const names = found.map((match) => match[1] ?? match[2] ?? match[3]);
  const targets = names
    .filter((name) => name.startsWith('.'))
    .map((name) => path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts'));
  graph.set(file, targets);
  const say = (target, why) => problems.push(`src/${file}: imports ${target}: ${why}`);
  for (const target of targets) {
    const [from, to] = [room(file), room(target)];
    if (!files.includes(target)) say(target, 'there is no such file');
    else if (FLOORS[to] > FLOORS[from]) say(target, `${to} is above ${from}`);
    else if (FLOORS[to] === FLOORS[from] && to !== from) say(target, `${to} and ${from} never import each other`);
    if (file === 'index.ts' && to !== 'api' && to !== 'words') say(target, 'the public door shows api and words only');
    if (target === 'shepherd/protocol.gen.ts' && from !== 'shepherd') say(target, "the protocol's numbers stay in shepherd/");
  }
  const planes = new Set(targets.map(room).filter((to) => to === 'io' || to === 'shepherd'));
  if (planes.size === 2 && file !== 'subprocess/spawn.ts')
    problems.push(`src/${file}: imports io and shepherd: only subprocess/spawn.ts knows both planes`);
  // Only a shepherd knows that a pid still means the process it meant. The command line may end its own unreaped children.
  if (room(file) !== 'cli' && /\bprocess\.kill\((?!process\.pid\b)/.test(text)) problems.push(`src/${file}: signals a bare pid`);
  for (const name of names.filter((name) => /^(node:)?child_process$/.test(name) && !file.startsWith('cli/demo')))
    say(name, 'no job goes through it');
}

const done = new Set();
function walk(file, above) {
  if (above.includes(file)) problems.push(`a cycle: ${[...above.slice(above.indexOf(file)), file].join(' -> ')}`);
  if (done.has(file) || above.includes(file)) return;
  for (const target of graph.get(file) ?? []) walk(target, [...above, file]);
  done.add(file);
}
for (const file of files) walk(file, []);

for (const problem of problems) console.error(problem);
console.log(`layers: ${files.length} files, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
