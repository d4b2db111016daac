import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { forkTrainer } from '../../main/service/fork-trainer.ts';
import { templateProject } from '../../main/service/templates.ts';
import { trainRun } from '../../main/service/train-run.ts';
import { compose } from '../../shared/keras/compose.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

const within = { timeout: 60_000 };
const { training } = templateProject('autoencoder');
const small = { ...training, engine: 'onnx', limit: 64, batch_size: 32, epochs: 2 } as const;

/** A small autoencoder of digits with so many numbers between its halves. */
const autoencoder = (latent: number, dropout: boolean): ModelSpec =>
  compose(({ input, layers, model }) => {
    const image = input([28, 28, 1], { name: 'image' });
    let x = layers.flatten({ name: 'flat' })(image);
    if (dropout) x = layers.dropout(0.1, { name: 'dropout' })(x);
    const code = layers.dense(latent, { activation: 'relu', name: 'code' })(x);
    const encoder = model(image, code, { name: 'encoder' });
    const encoded = input([latent], { name: 'encoded' });
    const pixels = layers.dense(784, { activation: 'sigmoid', name: 'pixels' })(encoded);
    const decoder = model(encoded, layers.reshape([28, 28, 1])(pixels), { name: 'decoder' });
    const img = input([28, 28, 1], { name: 'img' });
    return model(img, decoder(encoder(img)), { name: 'autoencoder' });
  });

describe.skipIf(!hasChromium)('the Runs place', () => {
  let browser: Browser;
  let studio: Served;
  let page: Page;
  let elsewhere: string;
  const problems: string[] = [];

  beforeAll(async () => {
    elsewhere = await mkdtemp(join(tmpdir(), 'matryoshka-elsewhere-'));
    studio = await serveStudio(small);
    const runs = join(studio.project, 'runs');
    const train = async (id: string, number: number, model: ModelSpec, more: object) => {
      const settings = { ...small, model: 'autoencoder', ...more };
      const folder = join(number === 0 ? elsewhere : runs, id);
      const run = await trainRun({
        model,
        settings,
        folder,
        id,
        number: Math.max(1, number),
        startTrainer: () => forkTrainer(),
      });
      expect((await run.done).state).toBe('finished');
    };
    [browser] = await Promise.all([
      launchBrowser(),
      train('0001-plain', 1, autoencoder(8, false), {}),
      train('0002-wide', 2, autoencoder(16, true), { seed: 5 }),
      train('moved', 0, autoencoder(8, false), { epochs: 1 }),
    ]);
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(`${studio.url}#/runs`);
    await page.getByRole('table', { name: 'Runs' }).waitFor(within);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await studio?.remove();
    await rm(elsewhere, { recursive: true, force: true });
  });

  const row = (id: string) => page.locator(`[data-run="${id}"]`);
  const menu = async (number: number, item: string) => {
    await page.getByRole('button', { name: `Run ${number}: more` }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };

  test('tags and notes are written on a run, and runs are found by them', async () => {
    await menu(2, 'Tags and note…');
    await page.getByRole('combobox', { name: 'Tags' }).fill('wide, keep');
    await page.getByRole('textbox', { name: 'Note' }).fill('twice as many numbers');
    await page.getByRole('button', { name: 'Save' }).click();
    await row('0002-wide').getByText('keep').waitFor(within);
    const label = await readFile(join(studio.project, 'runs/0002-wide/label.json'), 'utf8');
    expect(JSON.parse(label)).toEqual({ tags: ['wide', 'keep'], note: 'twice as many numbers' });

    await page.getByRole('searchbox', { name: 'Find a run' }).fill('TWICE');
    await row('0001-plain').waitFor({ ...within, state: 'detached' });
    expect(await row('0002-wide').count()).toBe(1);
    await page.getByRole('searchbox', { name: 'Find a run' }).fill('');
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'keep' }).click();
    await row('0001-plain').waitFor({ ...within, state: 'detached' });
    await page.getByRole('menuitem', { name: 'Show all' }).click();
    await row('0001-plain').waitFor(within);
    await page.getByRole('button', { name: 'Best validation' }).click();
    const sorted = page.getByRole('columnheader', { name: 'Best validation' });
    expect(await sorted.getAttribute('aria-sort')).toBe('ascending');
  });

  test('runs side by side: settings, layers, curves and samples at one step', async () => {
    await page.getByRole('checkbox', { name: 'Compare run 1' }).check();
    await page.getByRole('checkbox', { name: 'Compare run 2' }).check();
    const settings = page.getByRole('region', { name: 'Settings' });
    const seed = settings.getByRole('row', { name: /^Differs ?seed/ });
    await seed.waitFor(within);
    expect(await seed.innerText()).toMatch(/seed\s+0\s+5/);
    expect(await seed.getByRole('img', { name: 'Differs' }).count()).toBe(1);
    await settings.getByRole('button', { name: 'Hide equal' }).click();
    expect(await settings.getByRole('row', { name: /batch size/ }).count()).toBe(0);

    const layers = page.getByRole('tree', { name: 'Architecture' });
    const marks = async (mark: string) =>
      (await layers.locator(`[data-mark="${mark}"]`).all()).length;
    await layers.waitFor(within);
    expect(await marks('added')).toBe(1);
    // The code, what reads it, and what is made of it.
    expect(await marks('changed')).toBe(3);
    await layers.locator('[data-path="autoencoder/encoder/code"]').click();
    await layers.getByText('units', { exact: true }).waitFor(within);
    await page.getByRole('button', { name: 'Differing' }).click();
    expect(await layers.locator('[data-path="autoencoder/encoder/flat"]').count()).toBe(0);
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.getByRole('button', { name: 'Weights' }).click();
    // Of the decoder only the biases of its pixels have the same shape; of the code nothing.
    await expect
      .poll(() => layers.locator('[data-path="autoencoder/decoder"]').innerText(), within)
      .toMatch(/%/);
    expect(await layers.locator('[data-path="autoencoder/encoder/code"]').innerText()).toMatch(/–/);

    await page.getByRole('img', { name: 'Loss of Run 1, Run 2' }).waitFor(within);
    const slider = page.getByRole('slider', { name: 'Step of the images' });
    await slider.waitFor(within);
    const steps = () =>
      page
        .locator('[data-step]')
        .evaluateAll((rows) => rows.map((one) => Number((one as HTMLElement).dataset['step'])));
    expect(await steps()).toEqual([4, 4]);
    await slider.press('Home');
    expect(await steps()).toEqual([0, 0]);
    const painted = () =>
      page.locator('[data-step] canvas').evaluateAll(
        (all) =>
          all.filter((one) => {
            const canvas = one as HTMLCanvasElement;
            const { data } = canvas
              .getContext('2d')!
              .getImageData(0, 0, canvas.width, canvas.height);
            return data.some((byte, i) => i % 4 < 3 && byte > 0);
          }).length,
      );
    await expect.poll(painted, within).toBeGreaterThan(10);
  });

  test('a deleted run comes back whole, or is gone at the next start', async () => {
    const place = join(studio.project, 'runs/0001-plain');
    await menu(1, 'Delete');
    await row('0001-plain').waitFor({ ...within, state: 'detached' });
    expect(existsSync(place)).toBe(false);
    await page.getByRole('button', { name: 'Undo', exact: true }).last().click();
    await row('0001-plain').waitFor(within);
    expect(await readdir(place)).toContain('events.jsonl');
  });

  test('a run from elsewhere is taken in, and one is packed', async () => {
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByLabel('Path of the folder or zip').fill(join(elsewhere, 'nothing'));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByRole('alert').getByText('there is no file or folder').waitFor(within);
    await page.getByLabel('Path of the folder or zip').fill(join(elsewhere, 'moved'));
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('Imported as run 3').waitFor(within);
    await page.getByRole('link', { name: 'Run 3' }).waitFor(within);
    await menu(3, 'Pack as zip');
    await page.getByText(/^Packed as .*exports.*\.zip/).waitFor(within);
    expect((await readdir(join(studio.project, 'exports'))).length).toBe(1);
    const saved = page.waitForEvent('download', within);
    await menu(3, 'Download as zip');
    const file = await (await saved).path();
    expect((await readFile(file)).subarray(0, 2).toString()).toBe('PK');
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByTestId('run-zip').setInputFiles(file);
    await page.getByText('Imported as run 4').waitFor(within);
    await page.getByRole('link', { name: 'Run 4' }).waitFor(within);
    expect(problems).toEqual([]);
  });
});
