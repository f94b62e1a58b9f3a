// Owns: that a quoted command means the same to a shell, and that a cut one stays short.
// Never: a process of ours; the one shell here is asked whether it reads back what was written.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {test} from 'node:test';
import {commandLine, cut, quote, quoteShort} from '../../../src/words/quote.js';

test('plain words stay as they are', () => {
  assert.equal(quote('git', ['log', '-1', '--format=%H', 'a/b:c@d,e+f']), 'git log -1 --format=%H a/b:c@d,e+f');
});

test('everything else is quoted', () => {
  assert.equal(quote('ls', ['', 'a b', "it's", '$HOME', '*', '~', 'ü']), "ls '' 'a b' 'it'\\''s' '$HOME' '*' '~' 'ü'");
  assert.equal(quote('npm test', []), "'npm test'");
  assert.equal(quote('A=b', ['A=b']), "'A=b' A=b");
  assert.equal(quote('x', ['a\nb', '\u001b[31m', "'\n\\"]), "x $'a\\nb' $'\\033[31m' $'\\'\\n\\\\'");
});

test('bash reads back every word', {skip: spawnSync('bash', ['-c', 'true']).status === 0 ? false : 'no bash here'}, () => {
  const words = [
    '',
    ' ',
    "'",
    '"',
    '\\',
    '$(id)',
    '`id`',
    '!',
    '#',
    '~',
    '*',
    'a\nb',
    'a\r\tb',
    '\u00019',
    '\u001b[0m',
    'ü',
    '𝒳',
    '\u0085x',
    '\u2028',
    '-n',
    '{a,b}',
  ];
  const {stdout} = spawnSync('bash', ['-c', `printf '%s\\0' ${words.map((word) => quote('x', [word]).slice(2)).join(' ')}`], {
    env: {LC_ALL: 'C.UTF-8', PATH: process.env.PATH},
  });
  assert.deepEqual(stdout.toString().split('\0').slice(0, -1), words);
});

test('cut never leaves half a character', () => {
  assert.equal(cut('abc', 3), 'abc');
  assert.equal(cut('abcd', 3), 'ab…');
  assert.equal(cut('a𝒳bcd', 3), 'a…');
  for (let most = 2; most < 12; most++) {
    const text = cut('𝒳𝒳𝒳𝒳𝒳𝒳', most);
    assert.equal(Buffer.from(text).toString(), text);
  }
});

test('a short one says what is missing', () => {
  assert.equal(quoteShort({file: 'ls', args: ['a b']}), "ls 'a b'");
  const many = quoteShort({file: 'ls', args: Array.from({length: 500}, (_, i) => `file${i}`)});
  assert.match(many, /^ls file0 .* … \(\+\d+ arguments\)$/);
  assert.ok(many.length < 230, many);
  assert.ok(quoteShort({file: 'x'.repeat(1e6), args: ['y'.repeat(1e6)]}).length < 230);
});

test('a command line is frozen, and shows its file and arguments only', () => {
  const args = ['a b'];
  const line = commandLine('ls', args);
  args.push('later');
  assert.ok(Object.isFrozen(line) && Object.isFrozen(line.args));
  assert.equal(String(line), "ls 'a b'");
  assert.equal(JSON.stringify(line), '{"file":"ls","args":["a b"]}');
});
