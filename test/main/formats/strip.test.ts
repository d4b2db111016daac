import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { encodeStrip, isImageShape } from '../../../main/formats/strip.ts';
import { tensor } from '../../../shared/program/tensor.ts';

test('images lie side by side, cut off at black and white', () => {
  const images = tensor([0, 0.5, 1, 2, -1, 0.25, NaN, 1], [2, 2, 2, 1]);
  const png = decode(encodeStrip(images));
  expect([png.width, png.height, png.channels, png.depth]).toEqual([4, 2, 1, 8]);
  expect([...png.data]).toEqual([0, 128, 0, 64, 255, 255, 0, 255]);
});

test('colours keep their order', () => {
  const png = decode(encodeStrip(tensor([1, 0, 0, 0, 0, 1], [2, 1, 1, 3])));
  expect([png.width, png.height, png.channels]).toEqual([2, 1, 3]);
  expect([...png.data]).toEqual([255, 0, 0, 0, 0, 255]);
});

test('says what can be drawn', () => {
  expect(isImageShape([28, 28, 1])).toBe(true);
  expect(isImageShape([28, 28, 2])).toBe(false);
  expect(isImageShape([784])).toBe(false);
  expect(() => encodeStrip(tensor([1], [1, 1]))).toThrow(/takes images .* got \(1, 1\)/);
});
