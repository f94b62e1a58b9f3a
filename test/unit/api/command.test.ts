// Owns: command(), defineCommands() and what toInvocation() reads, and refuses.
// Never: starting a process.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {inspect} from 'node:util';
import {command, defineCommands, toInvocation} from '../../../src/api/command.js';
import {RunError} from '../../../src/words/errors.js';

function refused(act: () => unknown, code: string, sentence: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof RunError, String(error));
    assert.equal(error.reason, 'invalid');
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    return true;
  });
}

describe('toInvocation', () => {
  test('every form', () => {
    assert.deepEqual(toInvocation('ls'), {file: 'ls', args: [], options: {}});
    assert.deepEqual(toInvocation('npm test'), {file: 'npm test', args: [], options: {}});
    assert.deepEqual(toInvocation(['ls', '-l', '']), {file: 'ls', args: ['-l', ''], options: {}});
    assert.deepEqual(toInvocation(pathToFileURL('/a b')), {file: '/a b', args: [], options: {}});
    assert.deepEqual(toInvocation(command('ls', ['-l'], {cwd: '/'})), {file: 'ls', args: ['-l'], options: {cwd: '/'}});
  });

  test('arguments are appended, options of the call win, undefined is not given', () => {
    const base = command(['ls', '-l'], {args: ['a'], cwd: '/', lines: true});
    const {args, options} = toInvocation(base, {args: ['b'], cwd: undefined, lines: false, timeout: 5});
    assert.deepEqual(args, ['-l', 'a', 'b']);
    assert.deepEqual(options, {cwd: '/', lines: false, timeout: 5});
    assert.deepEqual(toInvocation(['ls'], {args: ['x']}), {file: 'ls', args: ['x'], options: {}});
  });

  test('the array is copied', () => {
    const argv = ['ls', 'a'];
    const {args} = toInvocation(argv);
    argv[1] = 'b';
    assert.deepEqual(args, ['a']);
  });

  test('refused commands', () => {
    const wrong: [unknown, string, RegExp][] = [
      ['', 'ERR_INVALID_COMMAND', /is empty/],
      ['a\0b', 'ERR_INVALID_COMMAND', /NUL/],
      [[], 'ERR_INVALID_COMMAND', /empty array/],
      [[''], 'ERR_INVALID_COMMAND', /is empty/],
      [[5], 'ERR_INVALID_COMMAND', /first element/],
      [['ls', 5], 'ERR_INVALID_ARGS', /argument 0 of the command must be a string, but is 5; write String\(5\)/],
      [['ls', 'a', undefined], 'ERR_INVALID_ARGS', /argument 1 of the command/],
      [['ls', 'a\0'], 'ERR_INVALID_ARGS', /NUL/],
      [undefined, 'ERR_INVALID_COMMAND', /but is undefined/],
      [null, 'ERR_INVALID_COMMAND', /but is null/],
      [5, 'ERR_INVALID_COMMAND', /but is 5/],
      [{file: 'ls'}, 'ERR_INVALID_COMMAND', /write command\(file, args, options\)/],
      [() => 'ls', 'ERR_INVALID_COMMAND', /call it/],
      [new URL('https://example.org'), 'ERR_INVALID_COMMAND', /https: URL/],
    ];
    for (const [value, code, sentence] of wrong) refused(() => toInvocation(value), code, sentence);
    // A hole is not a string either.
    refused(() => toInvocation(Object.assign(new Array(3), {0: 'ls'})), 'ERR_INVALID_ARGS', /argument 0/);
  });

  test('refused options', () => {
    refused(() => toInvocation('ls', ['-l']), 'ERR_INVALID_ARGS', /put the arguments into the array/);
    refused(() => toInvocation('ls', null), 'ERR_INVALID_OPTION', /options must be an object/);
    refused(() => toInvocation('ls', 'x'), 'ERR_INVALID_OPTION', /options must be an object/);
    refused(() => toInvocation('ls', {args: 'x'}), 'ERR_INVALID_ARGS', /`args` must be an array/);
    refused(() => toInvocation('ls', {args: ['a\0']}), 'ERR_INVALID_ARGS', /NUL/);
  });
});

describe('command', () => {
  test('its forms', () => {
    for (const made of [
      command('ls', ['-l']),
      command(['ls', '-l']),
      command('ls').with({args: ['-l']}),
      command(pathToFileURL('/ls'), ['-l']),
    ]) {
      assert.deepEqual(made.args, ['-l']);
      assert.equal(made.file.replace('/', ''), 'ls');
    }
  });

  test('is frozen all through, and is not what it was made from', () => {
    const env = {A: '1'};
    const check = [0, 1];
    const made = command('ls', ['-l'], {env, check});
    env.A = '2';
    check.push(2);
    assert.ok(Object.isFrozen(made) && Object.isFrozen(made.args) && Object.isFrozen(made.options) && Object.isFrozen(made.options.env));
    assert.deepEqual(made.options, {env: {A: '1'}, check: [0, 1]});
    const argv = ['ls', 'a'];
    const second = command(argv);
    argv.push('b');
    assert.deepEqual(second.args, ['a']);
  });

  test('with() gives another and leaves this one', () => {
    const base = command('ls', ['-l'], {cwd: '/', lines: true});
    const other = base.with({args: ['a'], lines: false, cwd: undefined});
    assert.deepEqual([base.args, base.options], [['-l'], {cwd: '/', lines: true}]);
    assert.deepEqual([other.args, other.options], [['-l', 'a'], {cwd: '/', lines: false}]);
    assert.ok(Object.isFrozen(other));
  });

  test('prints as a shell reads it', () => {
    assert.equal(String(command('ls', ['a b', "it's"])), "ls 'a b' 'it'\\''s'");
    assert.equal(inspect(command('ls', ['a'])), "Command { file: 'ls', args: [ 'a' ], options: {} }");
  });

  test('refuses at once, and names the fault', () => {
    const make = command as (...args: unknown[]) => unknown;
    refused(() => make(''), 'ERR_INVALID_COMMAND', /is empty/);
    refused(() => make('ls', ['a\0']), 'ERR_INVALID_ARGS', /NUL/);
    refused(() => make('ls', {cwd: '/'}), 'ERR_INVALID_ARGS', /write command\(file, \[\], options\)/);
    refused(() => make(['ls'], ['-l']), 'ERR_INVALID_ARGS', /put the arguments into the array/);
    refused(() => make('ls', [], {maxBuffer: 5}), 'ERR_INVALID_OPTION', /maxOutputSize/);
    refused(() => make('ls', [], null), 'ERR_INVALID_OPTION', /options must be an object/);
    refused(() => make('ls', [], {timeout: -1}), 'ERR_INVALID_OPTION', /`timeout`/);
    refused(() => make('ls', [], {killSignal: 'X'}), 'ERR_UNKNOWN_SIGNAL', /no signal/);
    refused(() => command('ls').with({timeout: -1}), 'ERR_INVALID_OPTION', /`timeout`/);
    refused(() => command('ls').with(null as never), 'ERR_INVALID_OPTION', /options must be an object/);
  });

  test('one of another copy of the package is accepted', () => {
    const foreign = {file: 'ls', args: ['-l'], options: {}, [Symbol.for('net-runner.Command')]: true};
    assert.deepEqual(toInvocation(foreign), {file: 'ls', args: ['-l'], options: {}});
  });
});

describe('defineCommands', () => {
  const tools = defineCommands({
    zip: {file: 'zip', args: ['-q'], options: {check: true, cwd: '/'}},
    list: ['ls', '-l'],
    date: 'date',
    made: command('uname', ['-a'], {lines: true}),
    here: pathToFileURL('/bin/x'),
  });

  test('is a frozen record, names in the order of definition', () => {
    assert.deepEqual(Object.keys(tools), ['zip', 'list', 'date', 'made', 'here']);
    assert.ok(Object.isFrozen(tools) && Object.isFrozen(tools.zip));
    assert.equal(tools.zip.name, 'zip');
  });

  test('each gives its command, with arguments appended and options over its own', () => {
    const made = tools.zip(['out.zip', 'in'], {check: false, args: ['last']});
    assert.deepEqual([made.file, made.args, made.options], ['zip', ['-q', 'out.zip', 'in', 'last'], {check: false, cwd: '/'}]);
    assert.deepEqual(tools.zip().args, ['-q']);
    assert.deepEqual(tools.list(['a']).args, ['-l', 'a']);
    assert.equal(String(tools.date()), 'date');
    assert.deepEqual(tools.made().options, {lines: true});
    assert.equal(tools.here().file, '/bin/x');
  });

  test('refuses at definition and at the call', () => {
    const define = defineCommands as (templates: unknown) => unknown;
    refused(() => define(undefined), 'ERR_INVALID_COMMAND', /\{name: command\}/);
    refused(() => define([]), 'ERR_INVALID_COMMAND', /\{name: command\}/);
    refused(() => define({a: 5}), 'ERR_INVALID_COMMAND', /but is 5/);
    refused(() => define({a: {}}), 'ERR_INVALID_COMMAND', /the program must be a string/);
    refused(() => define({a: {file: 'x', cwd: '/'}}), 'ERR_INVALID_COMMAND', /'cwd'; write it into options/);
    refused(() => define({a: {file: 'x', options: {maxBuffer: 1}}}), 'ERR_INVALID_OPTION', /maxOutputSize/);
    refused(() => define({a: {file: 'x', args: 'y'}}), 'ERR_INVALID_ARGS', /must be an array/);
    refused(() => tools.zip({cwd: '/'} as never), 'ERR_INVALID_ARGS', /must be an array/);
  });
});
