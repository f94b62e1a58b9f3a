// Owns: how a written command line becomes words, and what of a shell's grammar is refused.
// Never: starting a process.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {RunError} from '../../../src/words/errors.js';
import {parseCommandLine, splitTemplate} from '../../../src/words/split.js';

function words({raw}: TemplateStringsArray, ...values: unknown[]): readonly string[] {
  return splitTemplate(raw, values);
}

function refused(call: () => unknown, sentence: RegExp | string): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof RunError && error.code === 'ERR_INVALID_COMMAND' && error.reason === 'invalid', String(error));
    if (typeof sentence === 'string') assert.equal(error.message, sentence);
    else assert.match(error.message, sentence);
    return true;
  });
}

test('blanks and line ends split, quotes and backslashes hold together', () => {
  assert.deepEqual(
    words`git  log	-1
    --oneline `,
    ['git', 'log', '-1', '--oneline'],
  );
  assert.deepEqual(words`a 'b c' "d e" f\ g 'h'"i"\j`, ['a', 'b c', 'd e', 'f g', 'hij']);
  assert.deepEqual(words`a '' "" x`, ['a', '', '', 'x']);
  assert.deepEqual(words`a "\"\\\$\n" '\n\\'`, ['a', '"\\$\\n', '\\n\\\\']);
  assert.deepEqual(words`a \| \$ \` \' \"`, ['a', '|', '$', '`', "'", '"']);
  assert.deepEqual(
    words`a \
    b "c \
d"`,
    ['a', 'b', 'c d'],
  );
  assert.deepEqual(parseCommandLine('redis-server --port 6380\r\n'), ['redis-server', '--port', '6380']);
  assert.deepEqual(parseCommandLine('a \\\r\n b'), ['a', 'b']);
  assert.deepEqual(words`git diff HEAD~1 {a,b} [x] #c !d %e @f a=b a~`, [
    'git',
    'diff',
    'HEAD~1',
    '{a,b}',
    '[x]',
    '#c',
    '!d',
    '%e',
    '@f',
    'a=b',
    'a~',
  ]);
  assert.deepEqual(words`echo "a | b; c > d * ? ~ ( ) & 5$ $"`, ['echo', 'a | b; c > d * ? ~ ( ) & 5$ $']);
  assert.deepEqual(words`echo '$HOME \`x\`'`, ['echo', '$HOME \\`x\\`']);
});

test('values are never split or parsed', () => {
  const nasty = `a b'"$(x)|\\\n;`;
  assert.deepEqual(words`echo ${nasty}`, ['echo', nasty]);
  assert.deepEqual(words`${'my prog'} ${''} ${5} ${true} ${-0.5}`, ['my prog', '', '5', 'true', '-0.5']);
  assert.deepEqual(words`--file=${nasty}.txt "${nasty}" '${'x'}'`, [`--file=${nasty}.txt`, nasty, 'x']);
  assert.deepEqual(words`${'a'}${'b'} c${'d'}e`, ['ab', 'cde']);
  assert.deepEqual(words`cat ${new URL('file:///a%20b')} ${new URL('https://x.org/y?z=1')}`, ['cat', '/a b', 'https://x.org/y?z=1']);
});

test('an array is words of its own', () => {
  assert.deepEqual(words`rg ${['a b', 5, true]} end`, ['rg', 'a b', '5', 'true', 'end']);
  assert.deepEqual(words`rg ${[]} end`, ['rg', 'end']);
  assert.deepEqual(words`${['git', 'log']}`, ['git', 'log']);
  for (const call of [
    () => words`a-${['b']}`,
    () => words`${['b']}-a`,
    () => words`"${['b']}"`,
    () => words`'x ${['b']} y'`,
    () => words`${'a'}${['b']}`,
  ])
    refused(call, /an array has to stand alone/);
  refused(() => words`${['a']}${'b'}c`, /an array has to stand alone/);
});

test('what a shell would understand is refused, each with what to write', () => {
  refused(() => words`a | b`, "`|` means nothing here: no shell runs. Use .pipe(), or ['sh', '-c', ...]");
  for (const character of ['|', '&', ';', '<', '>', '$', '*', '?', '(', ')', '~', '`']) {
    const name = character === '`' ? 'a backtick' : `\`${character}\``;
    for (const text of [`ls ${character}`, `ls ${character}x`])
      refused(
        () => parseCommandLine(text),
        new RegExp(`^${name.replace(/[$*?()|]/g, '\\$&')} means nothing here: no shell runs\\. .*, or \\['sh', '-c', \\.\\.\\.\\]$`),
      );
    if (character !== '~') refused(() => parseCommandLine(`ls x${character}`), /means nothing here/);
    assert.deepEqual(parseCommandLine(`ls '${character}' \\${character}`), ['ls', character, character]);
  }
  for (const text of ['echo "$HOME"', 'echo "${HOME}"', 'echo "$(date)"', 'echo "`date`"'])
    refused(() => parseCommandLine(text), /means nothing here/);
});

test('what has no end, and nothing', () => {
  refused(() => parseCommandLine("echo 'a"), /a quote ' has no end/);
  refused(() => parseCommandLine('echo "a'), /a quote " has no end/);
  refused(() => parseCommandLine('echo a\\'), /ends in a backslash/);
  refused(() => splitTemplate(['a \\', ''], ['x']), /a value follows a backslash/);
  for (const text of ['', '  ', '\n']) refused(() => parseCommandLine(text), /the command is empty/);
  refused(() => words`${[]}`, /the command is empty/);
});

test('values that are none', () => {
  for (const value of [undefined, null]) refused(() => words`a ${value}`, /leave it out, or write an empty array/);
  for (const value of [{}, () => 1, Symbol('x'), 5n, Number.NaN, new Date()])
    refused(() => words`a ${value}`, /a value must be a string, a number/);
  refused(() => words`a ${[['b']]}`, /not arrays in an array/);
  refused(() => words`a ${[undefined]}`, /a value must be/);
});
