import { expect, test } from 'vitest';
import { fromFloat16, toFloat16 } from '../../../main/formats/float16.ts';

const halves = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

test('every half-precision number comes back as it is', () => {
  const numbers = fromFloat16(halves);
  toFloat16(numbers).forEach((bits, i) => {
    if (Number.isNaN(numbers[i])) expect(bits & 0x7c00).toBe(0x7c00);
    else expect(bits).toBe(i);
  });
});

test('numbers between two go to the nearer one, and halfway to the even one', () => {
  const positive = halves.subarray(0, 0x7bff);
  const [below, above] = [fromFloat16(positive), fromFloat16(halves.subarray(1, 0x7c00))];
  for (const part of [0.25, 0.5, 0.75]) {
    const between = below.map((x, i) => x + part * (above[i]! - x));
    toFloat16(between).forEach((bits, i) => {
      const up = part > 0.5 || (part === 0.5 && i % 2 === 1);
      expect(bits).toBe(up ? i + 1 : i);
    });
  }
});

test('what is too large is an infinity, what is too small a zero with its sign', () => {
  expect([...toFloat16([65_520, -70_000, 65_519, 1e-9, -1e-9, Infinity])]).toEqual([
    0x7c00, 0xfc00, 0x7bff, 0, 0x8000, 0x7c00,
  ]);
  expect(fromFloat16(toFloat16([NaN]))[0]).toBeNaN();
});
