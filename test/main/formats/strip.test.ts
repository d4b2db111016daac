import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { encodeStrip, isImageShape, stripShape } from '../../../main/formats/strip.ts';
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

test('of two channels the first is drawn, of four the first three', () => {
  const two = decode(encodeStrip(tensor([0, 1, 1, 0], [2, 1, 1, 2])));
  expect([two.channels, ...two.data]).toEqual([1, 0, 255]);
  const four = decode(encodeStrip(tensor([0, 1, 0, 0.5], [1, 1, 1, 4])));
  expect([four.channels, ...four.data]).toEqual([3, 0, 255, 0]);
});

test('large images are reduced to the mean of squares of pixels, the rest at the edge too', () => {
  const size = 193;
  const columns = Array.from({ length: size }, (_, x) => (x % 2 === 0 ? 1 : 0));
  const png = decode(encodeStrip(tensor(Array(3).fill(columns).flat(), [1, 3, size, 1])));
  expect([png.height, png.width]).toEqual(stripShape([3, size, 1]).slice(0, 2));
  expect([png.height, png.width]).toEqual([2, 97]);
  expect([png.data[0], png.data[95], png.data[96]]).toEqual([128, 128, 255]);
});

test('says what can be drawn', () => {
  expect(isImageShape([28, 28, 1])).toBe(true);
  expect(isImageShape([28, null, 1])).toBe(false);
  expect(isImageShape([784])).toBe(false);
  expect(() => encodeStrip(tensor([1], [1, 1]))).toThrow(/takes images .* got \(1, 1\)/);
});
