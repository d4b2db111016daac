import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import { checkLayer, type LayerCase } from '../../golden/layer-case.ts';
import { engineRunner } from '../../golden/runner.ts';
import { checkTraining, type TrainingCase } from '../../golden/training-case.ts';
import { readGolden } from '../../support/goldens.ts';

const namesIn = (folder: string) =>
  readdirSync(new URL(`../../goldens/${folder}`, import.meta.url)).map(
    (file) => `${folder}/${file.replace('.json', '')}`,
  );

/** What an engine computes of Keras's cases, in its own precision. */
describe.each([
  ['onnx', await createOnnxEngine()],
  ['tensorflow', await createTensorflowEngine()],
])('%s', (_, engine) => {
  const runner = engineRunner(engine);
  afterAll(() => runner.close());

  it.each([...namesIn('layers'), ...namesIn('more/layers')])('computes %s', async (name) => {
    expect(await checkLayer(readGolden<LayerCase>(name), runner)).toEqual([]);
  });

  it.each([...namesIn('training'), ...namesIn('more/training')])('trains %s', async (name) => {
    expect(await checkTraining(readGolden<TrainingCase>(name), runner)).toEqual([]);
  });
});
