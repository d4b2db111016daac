import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exportModel } from '../../../main/formats/exporters.ts';
import { decodeSafetensors } from '../../../main/formats/safetensors.ts';
import { usualExport } from '../../../shared/api/exports.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { layerAt } from '../../../shared/keras/graph.ts';
import { tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { freshVariables } from '../../../shared/program/step.ts';
import { traceModel } from '../../../shared/program/trace.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-safetensors-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Two branches through one tower: its variables are reached by two paths. */
const spec = compose(({ input, layers, model }) => {
  const x = input([4], { name: 'x' });
  const tower = model(x, layers.dense(3, { name: 'inner' })(x), { name: 'tower' });
  const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
  const left = model(a, tower(a), { name: 'left' });
  const joined = layers.concatenate()([left(a), tower(b)]);
  return model([a, b], layers.dense(2, { name: 'out' })(joined), { name: 'twins' });
});
const { variables } = traceModel(spec, layerAt(spec, 'twins'));
const values = freshVariables(variables, 7);

const written = (path: string, weights: NamedTensors, file: string) =>
  exportModel('safetensors', { spec, path }, weights, file, usualExport);

test('weights are written bit for bit under their paths, a shared variable once', async () => {
  const file = join(folder, 'twins.safetensors');
  const result = await written('twins', values, file);
  expect(result.verification).toMatchObject({ holds: true, largestDifference: 0 });
  const bytes = await readFile(file);
  expect(result.files).toEqual([{ name: 'twins.safetensors', bytes: bytes.length }]);
  const { tensors } = decodeSafetensors(bytes, file);
  const names = Object.keys(tensors).sort();
  expect(names).toHaveLength(variables.length);
  expect(names.filter((name) => name.endsWith('inner/kernel'))).toHaveLength(1);
  expect(names).toContain('out/kernel');
  const shared = names.find((name) => name.endsWith('inner/kernel'))!;
  expect(tensors[shared]).toEqual(
    values[variables.find(({ key }) => key.endsWith('inner/kernel'))!.key],
  );
});

test('a submodel is written by its path; what is missing or misshapen is named', async () => {
  const file = join(folder, 'inner.safetensors');
  await written('twins/left/tower', values, file);
  const { tensors } = decodeSafetensors(await readFile(file), file);
  expect(Object.keys(tensors).sort()).toEqual(['inner/bias', 'inner/kernel']);
  const kernel = variables.find(({ key }) => key.endsWith('out/kernel'))!.key;
  const { [kernel]: _, ...without } = values;
  await expect(written('twins', without, file)).rejects.toThrow(kernel);
  const wrong = { ...values, [kernel]: tensor([1], [1]) };
  await expect(written('twins', wrong, file)).rejects.toThrow(/\(6, 2\).*\(1,\)/);
});
