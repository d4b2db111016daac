import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProject, openProject, saveProject } from '../../../main/service/project.ts';
import { templateProject } from '../../../main/service/templates.ts';
import { folder, model, training } from './setting.ts';

test('a new folder becomes a project from the template, once', async () => {
  const place = join(folder, 'deep/new');
  const project = await openProject(place);
  expect(project).toMatchObject({ folder: place, model, training });
  expect(project.model.models).toEqual(['encoder', 'decoder', 'autoencoder']);
  await saveProject(place, { model, training: { ...training, epochs: 3 } });
  expect((await openProject(place)).training.epochs).toBe(3);
  expect(await readdir(place)).toEqual(['project.json']);
});

test('what a project file holds beside is kept', async () => {
  const place = join(folder, 'beside');
  await openProject(place);
  const file = join(place, 'project.json');
  const data = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...data, name: 'mine', note: 'by hand' }));
  await saveProject(place, { model, training: { ...training, seed: 5 } });
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
    name: 'mine',
    note: 'by hand',
    training: { seed: 5 },
  });
});

test('a broken project file is named with what is wrong, and not overwritten', async () => {
  const whole = { version: 1, ...templateProject('autoencoder') };
  const cases: [string, string][] = [
    ['{"version": 1,', 'JSON'],
    ['[]', 'expected object'],
    [JSON.stringify({ ...whole, version: 9 }), 'version'],
    [JSON.stringify({ ...whole, training: { ...whole.training, epochs: -1 } }), 'training.epochs'],
    [JSON.stringify({ ...whole, model: { version: 1, layers: {}, models: [] } }), 'models'],
  ];
  for (const [index, [text, problem]] of cases.entries()) {
    const place = join(folder, `broken-${index}`);
    await mkdir(place);
    const file = join(place, 'project.json');
    await writeFile(file, text);
    const expected = {
      code: 'BROKEN_PROJECT',
      message: expect.stringContaining(problem) as string,
    };
    await expect(openProject(place)).rejects.toMatchObject(expected);
    await expect(openProject(place)).rejects.toThrow(file);
    await expect(saveProject(place, { model, training })).rejects.toMatchObject(expected);
    expect(await readFile(file, 'utf8')).toBe(text);
  }
});

test('projects are found by folder, file or the name of a template', async () => {
  const place = join(folder, 'found');
  await openProject(place);
  await saveProject(place, { model, training: { ...training, epochs: 4 } });
  expect((await findProject(place)).training.epochs).toBe(4);
  expect((await findProject(join(place, 'project.json'))).training.epochs).toBe(4);
  expect((await findProject('autoencoder')).training.epochs).toBe(10);
  await expect(findProject('nonsense')).rejects.toMatchObject({ code: 'NO_SUCH_TEMPLATE' });
  await expect(findProject('../x')).rejects.toMatchObject({ code: 'NO_SUCH_PROJECT' });
});
