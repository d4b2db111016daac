import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openTrainingData } from '../../../main/data/training-data.ts';
import { describeDifferences, differenceOf } from '../../../shared/data/difference.ts';
import type { ModelPorts } from '../../../shared/data/ports.ts';
import { runData, type RunData } from '../../../shared/data/run-data.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { digits, temporaryFolders } from './sources/make.ts';

const folder = temporaryFolders();
const raw = { width: 28, height: 28, channels: 1 } as const;
const { images, labels } = await digits(60);
const png = (i: number) => sharp(images[i]!, { raw }).png().toBuffer();

const ports: ModelPorts = {
  inputs: [{ name: 'image', shape: [null, 28, 28, 1], dtype: 'float32' }],
  outputs: [{ name: 'head', index: 0, shape: [null, 10], sparse: true }],
};

/** What a run would record of the data, as it reads it back. */
async function recorded(data: string, settings: object = {}): Promise<RunData> {
  const parsed = trainingSettings.parse({ model: 'none', data, task: 'classify', ...settings });
  const opened = await openTrainingData(ports, parsed);
  await opened.close();
  return runData.parse(JSON.parse(JSON.stringify(opened.about)));
}

async function digitFolder(): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (const [i, label] of labels.entries()) files[`digits/${label}/${i}.png`] = await png(i);
  return join(await folder(files), 'digits');
}

test('the same content in another place is the same', async () => {
  expect(
    differenceOf(await recorded(await digitFolder()), await recorded(await digitFolder())),
  ).toEqual([]);
});

test('files that came, went and changed are counted', async () => {
  const path = await digitFolder();
  const before = await recorded(path);
  expect(before.columns).toContainEqual({
    name: 'label',
    kind: 'class',
    classes: [...'012345679'],
  });
  await writeFile(
    join(path, '7/new.png'),
    await sharp(images[3]!, { raw }).negate().png().toBuffer(),
  );
  await rm(join(path, `${labels[4]}/4.png`));
  await rm(join(path, `${labels[5]}/5.png`));
  const other = `${labels[6]}/6.png`;
  await writeFile(join(path, other), await sharp(images[6]!, { raw }).flip().png().toBuffer());
  const differences = differenceOf(before, await recorded(path));
  expect(differences.map(({ code }) => code)).toEqual(['content']);
  expect(differences[0]!.changes).toEqual({ added: 1, removed: 2, changed: 1 });
  expect(describeDifferences(differences)).toMatch(
    /digits is not what it was \(of its samples at least 1 added, 2 removed, 1 changed\): it had 60 samples with the hash \w{12}; it has 59/,
  );
});

test('what is done to the data differs by name', async () => {
  const path = await digitFolder();
  const before = await recorded(path);
  const now = await recorded(path, {
    preprocessing: { '*': { scale: 'signed', fit: 'pad' } },
    split: { by: 'ratio', validation: 0.3 },
  });
  const differences = differenceOf(before, now);
  expect(differences.map(({ code, subject }) => `${code} ${subject}`.trim())).toEqual([
    'split',
    'preprocessing image.fit',
    'preprocessing image.scale',
  ]);
  expect(describeDifferences(differences)).toContain(
    'the preprocessing image.scale was "unit"; it is "signed"',
  );
  const model = { ...before, ties: before.ties.map((tie) => ({ ...tie, columns: ['other'] })) };
  expect(differenceOf(before, model).map(({ subject }) => subject)).toEqual([
    'input image',
    'output head',
  ]);
});

test('other classes are said by name', async () => {
  const before = await recorded(await digitFolder());
  const columns = before.columns!.map((column) =>
    column.kind === 'class' ? { ...column, classes: ['cat', 'dog'] } : column,
  );
  const [difference] = differenceOf(before, { ...before, columns });
  expect(difference).toMatchObject({ code: 'columns', subject: 'label' });
  expect(difference!.message).toMatch(/9 classes: 0, 1.* it is 2 classes: cat, dog/);
});

test('records that know less are compared by what they know', async () => {
  const before = await recorded(await digitFolder());
  const { sketch, columns, ...old } = before;
  expect(sketch).toBeDefined();
  expect(columns).toBeDefined();
  expect(differenceOf(old, before)).toEqual([]);
  const [difference] = differenceOf({ ...old, hash: '0'.repeat(64) }, before);
  expect(difference).not.toHaveProperty('changes');
});
