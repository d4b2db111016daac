import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeKeras } from '../../../../main/formats/keras/write.ts';
import { readModelFile, readWeightsFile } from '../../../../main/formats/read.ts';
import { pathsByLayer } from '../../../../shared/keras/graph.ts';
import { keras3Summary } from '../../../../shared/keras/summary-keras3.ts';
import { summarize } from '../../../../shared/keras/summary.ts';
import { checkFiles, type FileCase } from '../../../golden/file-case.ts';
import { interpreter } from '../../../golden/runner.ts';
import { readGolden } from '../../../support/goldens.ts';

const file = (name: string) => `test/goldens/files/${name}`;

// `npm run goldens` runs all of them on both engines; these are small enough for plain loops.
const cases = [
  'shared-layer',
  'multi-io',
  'sequential',
  'seq-in-func',
  'func-in-seq',
  'same-names',
];

describe('files that Keras saved', () => {
  test.each(cases)(
    '%s: is read, written again as .keras and H5, and goes on training as in Keras',
    async (name) => {
      const golden = readGolden<FileCase>(`files/${name}`);
      expect(await checkFiles(golden, file(`${name}.json`), interpreter)).toEqual([]);
    },
    30_000,
  );

  test.each(['autoencoder', 'resnet', 'transformer', 'deep-nest', 'siamese'])(
    '%s: has the summary that Keras prints, and all its weights',
    async (name) => {
      const golden = readGolden<{ summary_expand_nested: string; weights: { shape: number[] }[] }>(
        `files/${name}`,
      );
      const { spec, model, values, training, notes } = await readModelFile(file(`${name}.keras`));
      expect(notes).toEqual([]);
      expect(
        Object.values(values)
          .map(({ shape }) => String(shape))
          .sort(),
      ).toEqual(golden.weights.map(({ shape }) => String(shape)).sort());
      expect(training?.optimizer?.['optimizer/iteration']?.data[0]).toBe(3);
      const optimizerParams = Object.values(training!.optimizer!).reduce(
        (sum, { data }) => sum + data.length,
        1, // the learning rate
      );
      const rows = summarize(spec, model, { expandNested: true, optimizerParams });
      expect(keras3Summary(rows).trim()).toBe(golden.summary_expand_nested.trim());
    },
  );

  test('a layer in several models is one layer when the file is read again', async () => {
    const read = await readModelFile(file('shared-layer.keras'));
    const shared = (spec: typeof read.spec) =>
      [...pathsByLayer(spec).values()].filter((paths) => paths.length > 1);
    expect(shared(read.spec)).toEqual([['sharing/one/shared', 'sharing/two/shared']]);
    const folder = await mkdtemp(join(tmpdir(), 'matryoshka-'));
    await writeFile(join(folder, 'again.keras'), await encodeKeras(read));
    const again = await readModelFile(join(folder, 'again.keras'));
    await rm(folder, { recursive: true });
    expect(again.spec).toEqual(read.spec);
    expect(again.values).toEqual(read.values);
  });

  test.each(['siamese', 'deep-nest'])(
    '%s: weights alone go onto the model, and are reported',
    async (name) => {
      const { spec, model, values } = await readModelFile(file(`${name}.keras`));
      const weights = await readWeightsFile(file(`${name}.weights.h5`), spec, model);
      expect(weights.values).toEqual(values);
      expect(Object.keys(weights.report.matched).sort()).toEqual(Object.keys(values).sort());
      expect(weights.report).toMatchObject({ missing: [], unused: [], mismatched: [] });
    },
  );

  test('weights of another model are reported one by one', async () => {
    const { spec, model } = await readModelFile(file('deep-nest.keras'));
    const { values, report } = await readWeightsFile(file('siamese.weights.h5'), spec, model);
    expect(Object.keys(values)).toEqual(Object.keys(report.matched));
    expect(report.missing.length + report.mismatched.length).toBeGreaterThan(0);
    await expect(readModelFile(file('siamese.weights.h5'))).rejects.toThrow(
      'siamese.weights.h5 holds weights and no model; open it onto a model',
    );
  });
});
