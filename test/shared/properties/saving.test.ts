import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../../../main/formats/checkpoint.ts';
import { pathsByLayer } from '../../../shared/keras/graph.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import { toKerasConfig } from '../../../shared/keras/keras-json-write.ts';
import { parseModelSpec, type ModelSpec } from '../../../shared/keras/spec.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import type { CompiledModel } from '../../../shared/program/step.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { compileRandom, predict, startOf, trainOnce } from '../../support/one-step.ts';
import { buildModel } from '../../support/build-recipe.ts';
import { recipe } from '../../support/random-model.ts';

const ADAM = ['Adam', { learning_rate: 0.01 }] as const;

/** The values of one model's variables for another with the same variables in the same order. */
function handOver(values: NamedTensors, from: CompiledModel, to: CompiledModel): NamedTensors {
  const own = to.variables.map(({ key }, i) => [key, values[from.variables[i]!.key]!]);
  return { ...startOf(to), ...(Object.fromEntries(own) as NamedTensors) };
}

describe('a model that is written and read', () => {
  it('is the same as a project holds it', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel(recipe);
        const read = parseModelSpec(JSON.parse(JSON.stringify(spec)));
        expect(read).toEqual(spec);
        const [before, after] = [compileRandom(spec, ADAM), compileRandom(read, ADAM)];
        expect(predict(after)).toEqual(predict(before));
        expect(trainOnce(after)).toEqual(trainOnce(before));
      }),
      { numRuns: 25, seed: 40 },
    );
  });

  it("computes the same after Keras's JSON", () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel({ ...recipe, names: 'unique' });
        const json = toKerasConfig(spec, spec.models[0]!);
        const read = fromKerasConfig(JSON.parse(JSON.stringify(json)));
        expect(toKerasConfig(read, read.models[0]!)).toEqual(json);
        sameOutputs(spec, read);
      }),
      { numRuns: 40, seed: 41 },
    );
  });

  it("computes the same after Keras's JSON with equal names in different models", () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel({ ...recipe, names: 'local' });
        // Keras does not mark the first place of a shared layer, so there its name must tell.
        fc.pre([...pathsByLayer(spec).values()].every((paths) => paths.length === 1));
        sameOutputs(spec, fromKerasConfig(toKerasConfig(spec, spec.models[0]!)));
      }),
      { numRuns: 40, seed: 43 },
    );
  });
});

function sameOutputs(spec: ModelSpec, read: ModelSpec) {
  const [before, after] = [compileRandom(spec), compileRandom(read)];
  const shapes = ({ variables }: CompiledModel) =>
    variables.map(({ name, shape, trainable }) => ({ name, shape, trainable }));
  expect(shapes(after)).toEqual(shapes(before));
  const values = startOf(before);
  expect(predict(after, handOver(values, before, after))).toEqual(predict(before, values));
}

describe('a checkpoint', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'checkpoints-'))));
  afterAll(() => rm(folder, { recursive: true }));

  it('holds the same bytes after writing and reading, and trains on the same', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (recipe) => {
        const spec = buildModel(recipe);
        const compiled = compileRandom(spec, ADAM);
        const settings = trainingSettings.parse({ model: spec.models[0] });
        const checkpoint = { step: 3, epoch: 1, settings, model: spec };
        const files = ['first', 'second'].map((name) => join(folder, `${name}.safetensors`));
        const variables = startOf(compiled);
        await writeCheckpoint(files[0]!, { ...checkpoint, variables });
        const read = await readCheckpoint(files[0]!);
        expect(read).toEqual({ ...checkpoint, variables });
        await writeCheckpoint(files[1]!, read);
        const [first, second] = await Promise.all(files.map((file) => readFile(file)));
        expect(first!.equals(second!)).toBe(true);
        expect(trainOnce(compiled, read.variables)).toEqual(trainOnce(compiled, variables));
      }),
      { numRuns: 20, seed: 42 },
    );
  });
});
