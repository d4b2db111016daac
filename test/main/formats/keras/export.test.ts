import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportModel, planExport } from '../../../../main/formats/exporters.ts';
import { readModelFile } from '../../../../main/formats/read.ts';
import { usualExport, type ExportFormat } from '../../../../shared/api/exports.ts';
import { pathsByLayer } from '../../../../shared/keras/graph.ts';
import { trainingSettings } from '../../../../shared/keras/training-settings.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matryoshka-keras-'));
});
afterAll(() => rm(folder, { recursive: true }));

const golden = (name: string) => readModelFile(`test/goldens/files/${name}.keras`);

describe('a model taken out for Keras', () => {
  test.each<ExportFormat>(['keras', 'h5', 'safetensors'])(
    'as %s: is opened again, computes the same, and says what becomes of shared layers',
    async (format) => {
      const { spec, values } = await golden('shared-layer');
      const source = { spec, path: 'sharing' };
      const target = join(folder, `sharing.${format}`);
      const written = await exportModel(format, source, values, target, usualExport);
      expect(written.verification).toMatchObject({ holds: true });
      const again = await readModelFile(target);
      const shared = [...pathsByLayer(again.spec).values()].filter(({ length }) => length > 1);
      expect(shared).toHaveLength(format === 'h5' ? 0 : 1);
      const { notes } = planExport(format, source, usualExport);
      if (format === 'h5')
        expect(notes).toEqual([
          'sharing/one/shared and sharing/two/shared share their weights here; H5 holds a copy for each, equal until one of them is trained',
        ]);
    },
  );

  test('a submodel goes out alone', async () => {
    const { spec, values } = await golden('autoencoder');
    const source = { spec, path: 'autoencoder/encoder' };
    const target = join(folder, 'encoder.keras');
    await exportModel('keras', source, values, target, usualExport);
    const again = await readModelFile(target);
    expect(again.spec.models).toEqual(['encoder']);
    expect(Object.keys(again.values)).toHaveLength(8);
  });

  test('a run goes on in Keras from where it is: settings and the state of the optimizer', async () => {
    const { spec, model, values, training } = await golden('sequential');
    const settings = trainingSettings.parse({ ...training!.settings, model });
    const facts = { settings, epochs: 1, steps: 3, metrics: {} };
    const source = { spec, path: 'seq', training: facts };
    const variables = { ...values, ...training!.optimizer };
    await exportModel('keras', source, variables, join(folder, 'seq.keras'), usualExport);
    const again = await readModelFile(join(folder, 'seq.keras'));
    expect(again.training?.optimizer).toEqual(training!.optimizer);
    expect(again.training?.settings).toMatchObject({ loss: training!.settings.loss });
  });

  test('without all of the state of the optimizer, Keras begins anew', async () => {
    const { spec, model, values, training } = await golden('sequential');
    const settings = trainingSettings.parse({ ...training!.settings, model });
    const source = { spec, path: 'seq', training: { settings, epochs: 1, steps: 3, metrics: {} } };
    const [left, ...others] = Object.entries(training!.optimizer!);
    expect(left).toBeDefined();
    const variables = { ...values, ...Object.fromEntries(others) };
    await exportModel('keras', source, variables, join(folder, 'new.keras'), usualExport);
    const again = await readModelFile(join(folder, 'new.keras'));
    expect(again.training).toBeDefined();
    expect(again.training!.optimizer).toBeUndefined();
  });
});
