import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usualExport } from '../../../shared/api/exports.ts';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../main/formats/safetensors.ts';
import { createDownloads } from '../../../main/service/downloads.ts';
import { forkTrainer } from '../../../main/service/fork-trainer.ts';
import { createModels } from '../../../main/service/models.ts';
import { createModelsIn, type ModelsIn } from '../../../main/service/open-model.ts';
import { openProject, saveProject } from '../../../main/service/project.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-models-'));
const downloads = createDownloads();
let service: ReturnType<typeof createModels>;
let incoming: ModelsIn['service'];

beforeAll(async () => {
  await openProject(folder);
  const runs = { folder: (id: string) => join(folder, 'runs', id) };
  const startTrainer = () => forkTrainer();
  service = createModels({ folder, runs, downloads, startTrainer });
  incoming = createModelsIn({ folder, runs, startTrainer }).service;
});
afterAll(async () => {
  await downloads.close();
  await rm(folder, { recursive: true, force: true });
});

const encoder = { run: null, path: 'autoencoder/encoder', options: usualExport };

test('a submodel is planned, written, and downloaded as a zip', async () => {
  const plans = await service.planExports(encoder);
  expect(plans.tfjs).toEqual({ refusals: [], notes: [] });
  expect(plans.onnx.refusals).toEqual([]);
  const written = await service.exportModel({ ...encoder, format: 'tfjs', target: 'out' });
  expect(written.folder).toBe(join(folder, 'out'));
  const json = await readFile(join(folder, 'out/model.json'), 'utf8');
  expect(JSON.parse(json)).toMatchObject({ format: 'layers-model' });

  const { url, name } = await service.downloadExport({ id: written.id });
  expect(name).toBe('out.zip');
  const found = await downloads.find(url.split('/').at(-1)!);
  const bytes = await buffer(found!.open());
  expect(bytes.length).toBe(found!.bytes);
  const files = unzipSync(new Uint8Array(bytes));
  expect(Buffer.from(files['out/model.json']!).toString()).toBe(json);
  expect(await downloads.find('guessed')).toBeNull();
});

test('what can not be is said, and nothing is written', async () => {
  const wrong = { ...encoder, path: 'nobody', format: 'tfjs', target: 'none' } as const;
  await expect(service.exportModel(wrong)).rejects.toThrow(/no model nobody/);
  await expect(service.planExports({ ...encoder, run: 'none' })).rejects.toMatchObject({
    code: 'NO_SUCH_RUN',
  });
  await expect(service.downloadExport({ id: 'none' })).rejects.toMatchObject({
    code: 'NO_SUCH_EXPORT',
  });
  await expect(readFile(join(folder, 'none'))).rejects.toThrow(/ENOENT/);
});

test("a file that was written becomes the project's model again, weights and all", async () => {
  const whole = { ...encoder, path: 'autoencoder' };
  const first = await service.exportModel({ ...whole, format: 'tfjs', target: 'first' });
  const opened = await incoming.openModel({ path: 'first' });
  expect(opened).toMatchObject({ name: 'model.json', report: null });
  const { spec, main } = opened.model!;

  const { training } = await openProject(folder);
  const changed = { ...training, model: main, seed: 99, initial_weights: opened.weights };
  await saveProject(folder, { model: spec, training: changed });
  const second = await service.exportModel({ ...whole, format: 'tfjs', target: 'second' });
  const weights = (at: { folder: string }) => readFile(join(at.folder, 'weights.bin'));
  expect((await weights(second)).equals(await weights(first))).toBe(true);

  // The weights of a part under other keys, beside those that are there.
  const { variables } = traceModel(spec, main);
  const [one] = variables;
  const keys = { [`other/${one!.name}`]: one!.key, 'other/none': 'none' };
  const from = { weights: opened.weights };
  const joined = await incoming.joinWeights({ base: opened.weights, from, keys });
  expect(joined.missing).toEqual(['other/none']);
  const { tensors } = decodeSafetensors(await readFile(join(folder, joined.weights)), 'joined');
  expect(tensors[`other/${one!.name}`]).toEqual(tensors[one!.key]);
  expect(Object.keys(tensors)).toHaveLength(variables.length + 1);
});

test("weights alone are laid onto the project's model; a broken file is refused by name", async () => {
  const whole = { ...encoder, path: 'autoencoder' };
  await service.exportModel({ ...whole, format: 'safetensors', target: 'w.safetensors' });
  const { tensors } = decodeSafetensors(await readFile(join(folder, 'w.safetensors')), 'w');
  const [[, first], ...others] = Object.entries(tensors) as [[string, TensorData]];
  const renamed: NamedTensors = { ...Object.fromEntries(others), 'not/there': first };
  const bytes = encodeSafetensors({ tensors: renamed, metadata: {} });
  await writeFile(join(folder, 'alone.safetensors'), bytes);
  const { model, report } = await incoming.openModel({ path: 'alone.safetensors' });
  expect(model).toBeNull();
  expect(report).toMatchObject({ unused: ['not/there'], mismatched: [] });
  expect(report!.missing).toHaveLength(1);
  expect(Object.keys(report!.matched)).toHaveLength(Object.keys(tensors).length - 1);

  await writeFile(join(folder, 'broken.keras'), bytes.subarray(0, 100));
  await expect(incoming.openModel({ path: 'broken.keras' })).rejects.toThrow(/broken\.keras/);
});
