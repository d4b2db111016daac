import { describe, expect, test } from 'vitest';
import { encodeKeras } from '../../../../main/formats/keras/write.ts';
import { encodeLegacyH5 } from '../../../../main/formats/keras/legacy-write.ts';
import type { ReadModel } from '../../../../main/formats/model-file.ts';
import { readModelFile, readWeightsFile } from '../../../../main/formats/read.ts';
import { toKerasConfig } from '../../../../shared/keras/keras-json-write.ts';
import { layerOf, parseModelSpec } from '../../../../shared/keras/spec.ts';
import { summarize } from '../../../../shared/keras/summary.ts';
import { layerTree } from '../../../../shared/keras/tree.ts';
import { interpret } from '../../../../shared/program/interpreter/interpret.ts';
import { traceModel } from '../../../../shared/program/trace.ts';
import {
  goldenTensor,
  readGolden,
  relativeDifference,
  type GoldenTensor,
} from '../../../support/goldens.ts';
import { withFile } from './with-file.ts';

const made = (name: string) => `test/goldens/keras-made/${name}`;

interface Expected {
  readonly inputs: GoldenTensor[];
  readonly outputs: GoldenTensor[];
}

function largestDifference({ spec, model, values }: ReadModel, expected: Expected): number {
  const { ops, outputs } = traceModel(spec, model);
  const program = ops.program(Object.fromEntries(outputs.map((value, i) => [`${i}`, value])));
  const feeds = layerOf(spec, model).graph!.inputs.map(([input], i) => [
    layerOf(spec, input).config.name,
    goldenTensor(expected.inputs[i]!),
  ]);
  const results = interpret(program, values, Object.fromEntries(feeds));
  const differences = expected.outputs.map((output, i) =>
    relativeDifference(results[`${i}`]!.data, goldenTensor(output).data),
  );
  return Math.max(...differences);
}

describe('more files that Keras saved', () => {
  test.each(['rnn.keras', 'rnn.h5', 'frozen.keras', 'half.h5', 'seqseq.keras'])(
    '%s: computes what Keras computes, also when it is written again',
    async (name) => {
      const expected = readGolden<Expected>(`keras-made/${name.split('.')[0]!}.expected`);
      const read = await readModelFile(made(name));
      expect(read.notes).toEqual([]);
      expect(largestDifference(read, expected)).toBeLessThan(1e-5);
      for (const [again, encode] of [
        ['again.keras', encodeKeras],
        ['again.h5', encodeLegacyH5],
      ] as const) {
        const second = await withFile(again, await encode(read), readModelFile);
        expect(largestDifference(second, expected)).toBeLessThan(1e-5);
        if (again === 'again.keras') expect(second.training).toEqual(read.training);
      }
    },
  );
});

describe('a layer that is not known', () => {
  test.each(['custom.keras', 'nested-custom.keras'])(
    '%s: stands as a placeholder, with shape and parameters, and refuses to run by name',
    async (name) => {
      const { spec, model, values, notes } = await readModelFile(made(name));
      const id = Object.keys(spec.layers).find((id) => spec.layers[id]!.foreign)!;
      expect(notes).toEqual([
        `${id} is a Scale, which is not known here as the file has it: it is kept as it is, and can't be run`,
      ]);
      expect(parseModelSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
      expect(layerTree(spec, [model])[0]).toMatchObject({ params: 50, trainable: true });
      const rows = summarize(spec, model, { expandNested: true }).rows;
      expect(rows.find(({ className }) => className === 'Scale')).toMatchObject({
        shapes: [[[null, 5]]],
        params: 23,
      });
      expect(Object.keys(values)).toContain(`${id}/inner/0`);
      expect(() => traceModel(spec, model)).toThrow(/: unknown layer class Scale$/);
    },
  );

  test('is written back as it was, weights included', async () => {
    const read = await readModelFile(made('custom.keras'));
    const again = await withFile('a.keras', await encodeKeras(read), readModelFile);
    expect(again.values).toEqual(read.values);
    expect(again.spec).toEqual(read.spec);
    const config = toKerasConfig(read.spec, read.model) as { config: { layers: unknown[] } };
    expect(config.config.layers[2]).toMatchObject({
      class_name: 'Scale',
      registered_name: 'mine>Scale',
      build_config: { input_shape: [null, 3] },
      config: { name: 'mine', factor: 2 },
    });
  });

  test('of a legacy file keeps its weights too', async () => {
    const { spec, values } = await readModelFile(made('custom.h5'));
    expect(spec.layers['custom/mine']!.foreign!.variables).toHaveLength(3);
    expect(values['custom/mine/1']!.shape).toEqual([3, 5]);
  });

  test('may be an operation between layers', async () => {
    const { spec, notes } = await readModelFile(made('ops.keras'));
    expect(notes).toHaveLength(2);
    expect(spec.layers['ops/multiply']).toMatchObject({ class_name: 'Multiply' });
    const config = JSON.stringify(toKerasConfig(spec, 'ops'));
    expect(config).toContain('"module":"keras.src.ops.numpy"');
  });

  test('a Lambda is one, and its code is not run', async () => {
    const { notes } = await readModelFile(made('lambda.keras'));
    expect(notes).toEqual([expect.stringContaining('lambda_end/lam is a Lambda')]);
  });

  test('a model written as a class is refused by name', async () => {
    await expect(readModelFile(made('subclass.keras'))).rejects.toThrow(
      'subclass.keras: Sub is a class of its own, and the file does not hold the layers it is made of',
    );
  });
});

test('weights of an .npz file go onto a model by path, with a report', async () => {
  const { spec, model } = await readModelFile(made('custom.keras'));
  const { values, report } = await readWeightsFile(made('w.npz'), spec, model);
  expect(Object.keys(values)).toEqual(['custom/before/kernel', 'custom/before/bias']);
  expect(report.matched).toEqual({
    'custom/before/kernel': 'before/kernel',
    'custom/before/bias': 'before/bias',
  });
  expect(report.unused).toEqual(['unknown']);
  expect(report.missing).toContain('custom/after/kernel');
});
