// Owns: times and sizes of the command line, as read and as shown.
// Never: starts a process.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseSize, parseTime, showSize, showTime} from '../../../src/cli/units.js';

test('times need a unit', () => {
  const good: Record<string, number> = {'0s': 0, '500ms': 500, '30s': 30_000, '1.5m': 90_000, '2h': 7_200_000};
  for (const [text, ms] of Object.entries(good)) assert.equal(parseTime(text), ms, text);
  for (const text of ['', '5', '-5s', 's', '5S', '5 s', '5sec', '1e3s', 'constructor']) assert.equal(parseTime(text), undefined, text);
});

test('sizes need a unit, of powers of 1024', () => {
  const good: Record<string, number> = {
    '0B': 0,
    '79B': 79,
    '64K': 65_536,
    '10M': 10_485_760,
    '10MB': 10_485_760,
    '10MiB': 10_485_760,
    '1.5G': 1_610_612_736,
  };
  for (const [text, bytes] of Object.entries(good)) assert.equal(parseSize(text), bytes, text);
  for (const text of ['', '10', '10m', '-1K', '10BB', '10iB', 'M']) assert.equal(parseSize(text), undefined, text);
});

test('they are shown as short as they can be read', () => {
  assert.deepEqual([0.04, 2.94, 9.96, 504.4, 999.6, 12_345].map(showTime), ['0.0 ms', '2.9 ms', '10 ms', '504 ms', '1.00 s', '12.35 s']);
  assert.deepEqual([0, 79, 2_097_152, 1536].map(showSize), ['0 B', '79 B', '2.0 MiB', '1.5 KiB']);
});
