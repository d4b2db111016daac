import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { usualExport } from '../../../shared/api/exports.ts';
import type { ModelService } from '../../../shared/api/models.ts';
import { createDownloads } from '../../../main/service/downloads.ts';
import { forkTrainer } from '../../../main/service/fork-trainer.ts';
import { createModels } from '../../../main/service/models.ts';
import { openProject } from '../../../main/service/project.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-models-'));
const downloads = createDownloads();
let service: ModelService;

beforeAll(async () => {
  await openProject(folder);
  const runs = { folder: (id: string) => join(folder, 'runs', id) };
  service = createModels({ folder, runs, downloads, startTrainer: () => forkTrainer() });
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
