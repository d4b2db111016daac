import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { templates } from '../../../../assets/templates/catalogue.ts';
import { exportModel, planExport } from '../../../../main/formats/exporters.ts';
import { verifyExport } from '../../../../main/formats/verify/verify.ts';
import {
  exportFormats,
  formatFacts,
  usualExport,
  type ExportFormat,
} from '../../../../shared/api/exports.ts';
import { compose } from '../../../../shared/keras/compose.ts';
import { layerAt } from '../../../../shared/keras/graph.ts';
import { freshVariables } from '../../../../shared/program/step.ts';
import { tensor } from '../../../../shared/program/tensor.ts';
import { traceModel } from '../../../../shared/program/trace.ts';
import { noisyVariables } from '../samples.ts';

const folder = await mkdtemp(join(tmpdir(), 'verify-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const spec = compose(({ input, layers, model }) => {
  const x = input([6], { name: 'x' });
  return model(x, layers.dense(4, { name: 'd', activation: 'tanh' })(x), { name: 'm' });
});
const source = { spec, path: 'm' };
const variables = noisyVariables(spec);
const targetOf = (format: ExportFormat, name = 'm') =>
  join(folder, `${name}${formatFacts[format].extension ?? ''}`);

/** Formats that hold no model that runs. */
const TEXTS: readonly ExportFormat[] = ['python', 'card'];
const running = exportFormats.filter((format) => !TEXTS.includes(format));

describe('every template is written in every format, or refused by a layer, and verified:', () => {
  for (const [name, { model, training }] of Object.entries(templates))
    test(name, async () => {
      const path = training.model!;
      const values = freshVariables(traceModel(model, layerAt(model, path)).variables, 3);
      for (const format of exportFormats) {
        const from = { spec: model, path };
        const { refusals } = planExport(format, from, usualExport);
        if (refusals.length > 0) {
          expect(format, refusals.join()).toBe('tfjs');
          continue;
        }
        const target = targetOf(format, name);
        const { verification } = await exportModel(format, from, values, target, usualExport);
        if (TEXTS.includes(format)) expect(verification).toBe(null);
        else expect(verification, format).toMatchObject({ format, holds: true });
      }
    });
});

describe('a file that computes something else is told from one that does not:', () => {
  for (const format of running)
    test(format, async () => {
      const target = targetOf(format);
      const written = await exportModel(format, source, variables, target, usualExport);
      expect(written.verification).toMatchObject({ holds: true });
      const bias = variables['m/d/bias']!;
      const other = { ...variables, 'm/d/bias': { ...bias, data: bias.data.map((x) => x + 0.01) } };
      const verification = await verifyExport(format, target, source, other, usualExport);
      expect(verification).toMatchObject({ holds: false });
      expect(verification!.largestDifference).toBeGreaterThan(1e-3);
      expect(verification!.outputs).toMatchObject([{ largestValue: expect.any(Number) }]);
    });
});

test('a file that is cut is said to be, by what opened it', async () => {
  for (const format of running.filter((format) => formatFacts[format].extension !== null)) {
    const target = targetOf(format, 'cut');
    await exportModel(format, source, variables, target, usualExport);
    const bytes = await readFile(target);
    await writeFile(target, bytes.subarray(0, bytes.length * 0.6));
    const verification = await verifyExport(format, target, source, variables, usualExport);
    expect(verification, format).toMatchObject({ holds: false, error: expect.any(String) });
  }
});

test('weights that are no numbers are written and held to be the same', async () => {
  const kernel = variables['m/d/kernel']!;
  const broken = {
    ...variables,
    'm/d/kernel': tensor(
      kernel.data.map(() => NaN),
      kernel.shape,
    ),
  };
  const target = targetOf('onnx', 'nan');
  const { verification } = await exportModel('onnx', source, broken, target, usualExport);
  expect(verification).toMatchObject({ holds: true, largestDifference: 0 });
});
