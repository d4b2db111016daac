import { expect, test } from 'vitest';
import { outermostModels } from '../../../renderer/compose/models.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { seed, tangled } from './models.ts';

test('the models to show are those inside no other, the main one first', () => {
  expect(outermostModels(seed)).toEqual(['autoencoder']);
  expect(outermostModels(tangled)).toEqual(['tangled', 'other']);
});

test('a model inside a wrapper is inside', () => {
  const spec = compose(({ input, layers, model }) => {
    const frame = input([8]);
    const reader = model(frame, layers.dense(4)(frame), { name: 'reader' });
    const frames = input([5, 8]);
    return [reader, model(frames, layers.timeDistributed(reader)(frames), { name: 'film' })];
  });
  expect(outermostModels(spec)).toEqual(['film']);
});
