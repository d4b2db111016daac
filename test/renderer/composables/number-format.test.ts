import { expect, test } from 'vitest';
import { createFormat } from '../../../renderer/composables/number-format.ts';

const format = createFormat('en');

test('numbers have separators and no more digits than mean something', () => {
  expect(format.integer(28241)).toBe('28,241');
  expect(format.significant(0.010234)).toBe('0.0102');
  expect(format.significant(0.00012345)).toBe('1.23e-4');
  expect(format.significant(1234.5)).toBe('1,235');
  expect(format.significant(0)).toBe('0');
  expect(format.significant(NaN)).toBe('NaN');
  expect(format.significant(-Infinity)).toBe('−∞');
});

test('shares, sizes and times have their units', () => {
  expect(format.percent(0.583)).toBe('58.3\u00a0%');
  expect(format.percent(0.583, 0)).toBe('58\u00a0%');
  expect(format.bytes(110 * 1024)).toBe('110\u00a0KiB');
  expect(format.bytes(37_000)).toBe('36.1\u00a0KiB');
  expect(format.bytes(512)).toBe('512\u00a0B');
  expect(format.duration(445)).toBe('7:25');
  expect(format.duration(3723)).toBe('1:02:03');
});

test('a moment of today is a time, another one has its day', () => {
  const now = new Date(2024, 4, 6, 15, 0).getTime();
  expect(format.moment(new Date(2024, 4, 6, 9, 5).getTime(), now)).toBe('09:05');
  expect(format.moment(new Date(2024, 4, 5, 9, 5).getTime(), now)).toMatch(/May.*09:05/);
  expect(format.moment(new Date(2022, 4, 5).getTime(), now)).toMatch(/2022/);
  expect(createFormat('zh-CN').integer(60000)).toBe('60,000');
});
