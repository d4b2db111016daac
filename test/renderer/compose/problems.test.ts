import { expect, test } from 'vitest';
import {
  callShapes,
  configFields,
  valueText,
  variablesOf,
} from '../../../renderer/compose/facts.ts';
import { findProblems } from '../../../renderer/compose/problems.ts';
import { glyphSize } from '../../../renderer/compose/glyph.ts';
import { shapeText } from '../../../renderer/compose/shape-text.ts';
import { broken, seed, tangled } from './models.ts';

test('a valid spec has no problems', () => {
  expect(findProblems(seed, ['autoencoder'])).toEqual([]);
  expect(findProblems(tangled, ['tangled', 'other'])).toEqual([]);
});

test('a call that can’t take what comes is named once, with what came and what was expected', () => {
  const problems = findProblems(broken, ['generator']);
  expect(problems.map(({ path }) => path)).toEqual(['generator/decoder']);
  expect(problems[0]!.problem).toMatch(/16.*12/);
});

test('a layer’s calls tell what they take and give', () => {
  expect(callShapes(seed, 'encoder/conv2d_2', 'encoder', 'autoencoder/encoder')).toEqual([
    { inputs: [[null, 8, 8, 32]], outputs: [[null, 6, 6, 32]] },
  ]);
  expect(callShapes(seed, 'autoencoder', null, 'autoencoder')).toEqual([
    { inputs: [[null, 28, 28, 1]], outputs: [[null, 28, 28, 1]] },
  ]);
  const twice = 'tangled/stage/twice';
  const shape = [null, 8, 8, 16];
  expect(callShapes(tangled, twice, 'tangled/stage', 'tangled/stage')).toEqual([
    { inputs: [shape], outputs: [shape] },
    { inputs: [shape], outputs: [shape] },
  ]);
});

test('a layer’s variables are listed with their shapes', () => {
  const variables = variablesOf(seed, 'encoder/conv2d_2', 'encoder', 'autoencoder/encoder');
  expect(variables.map(({ name, shape }) => [name, shape])).toEqual([
    ['kernel', [3, 3, 32, 32]],
    ['bias', [32]],
  ]);
  const inside = variablesOf(seed, 'autoencoder', null, 'autoencoder');
  const count = inside.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  expect(count).toBe(28_241);
});

test('what a configuration gives stands apart from Keras’s defaults', () => {
  const { given, defaults } = configFields(seed.layers['encoder/conv2d']!);
  expect(given.map(({ key }) => key)).toEqual(['filters', 'kernel_size', 'activation']);
  expect(defaults.find(({ key }) => key === 'padding')?.value).toBe('valid');
  expect(defaults.some(({ key }) => key === 'filters')).toBe(false);
});

test('values read as Keras writes them', () => {
  expect(valueText(null)).toBe('None');
  expect(valueText(true)).toBe('True');
  expect(valueText([3, 3])).toBe('3 × 3');
  expect(shapeText([null, 28, 28, 1])).toBe('28×28×1');
  expect(shapeText([null, null, 4])).toBe('?×4');
  expect(shapeText([null])).toBe('1');
});

test('a tensor’s picture grows with its side and its channels', () => {
  const of = (...shape: number[]) => glyphSize([null, ...shape], 28, 24);
  expect(of(28, 28, 1).height).toBe(24);
  expect(of(8, 8, 32).height).toBeLessThan(of(24, 24, 32).height);
  expect(of(24, 24, 32).width).toBeGreaterThan(of(28, 28, 1).width);
  expect(of(16).height).toBeLessThan(of(16).width);
});
