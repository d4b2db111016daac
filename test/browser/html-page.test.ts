import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { encode } from 'fast-png';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { templates } from '../../assets/templates/catalogue.ts';
import { exportModel } from '../../main/formats/exporters.ts';
import { usualExport } from '../../shared/api/exports.ts';
import { compose } from '../../shared/keras/compose.ts';
import { layerAt } from '../../shared/keras/graph.ts';
import { freshVariables } from '../../shared/program/step.ts';
import { tensor, type NamedTensors } from '../../shared/program/tensor.ts';
import { traceModel } from '../../shared/program/trace.ts';
import { createRandom } from '../../shared/random.ts';
import { expectedOutputs, noisyVariables, randomInputs } from '../main/formats/samples.ts';
import { hasChromium, launchBrowser } from './chromium.ts';

describe.skipIf(!hasChromium)('a page that was written', () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), 'page-'));
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  /** Writes a template's model and opens it as a file; fails on any request but for the page itself. */
  async function opened(name: string, path: string, variables = fresh(name, path)) {
    const { model } = templates[name]!;
    const file = join(folder, `${name}.html`);
    const source = { spec: model, path };
    const { verification } = await exportModel('html', source, variables, file, usualExport);
    expect(verification).toMatchObject({ holds: true });
    const page = await browser.newPage();
    const asked: string[] = [];
    const problems: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(pathToFileURL(file).href);
    await settled(page, 1);
    const check = () => {
      expect(problems).toEqual([]);
      expect(asked.filter((url) => !url.startsWith('blob:'))).toEqual([pathToFileURL(file).href]);
    };
    return { page, model, variables, check };
  }

  /** Weights with which the image is no dark one. */
  const louder = (variables: NamedTensors): NamedTensors =>
    Object.fromEntries(
      Object.entries(variables).map(([key, { shape, data }]) => [
        key,
        tensor(
          Array.from(data, (x) => 2.5 * x),
          shape,
        ),
      ]),
    );

  const fresh = (name: string, path: string) => {
    const { model } = templates[name]!;
    return freshVariables(traceModel(model, layerAt(model, path)).variables, 4);
  };

  /** Resolves once the model has run so often. */
  const settled = (page: Page, runs: number) =>
    page.waitForFunction((least) => {
      const time = document.querySelector<HTMLElement>('.time');
      return Number(time?.dataset['runs']) >= least;
    }, runs);

  const runsOf = async (page: Page) =>
    Number(await page.locator('.time').getAttribute('data-runs'));

  test('tells what it sees in a picture: the probabilities that the model gives', async () => {
    const { page, model, variables, check } = await opened('classifier', 'classifier');
    const levels = createRandom(5, 'picture')
      .uniform(28 * 28, 0, 256)
      .map(Math.floor);
    const png = encode({ width: 28, height: 28, channels: 1, data: Uint8Array.from(levels) });
    const before = await runsOf(page);
    await page.setInputFiles('input[type=file]', {
      name: 'picture.png',
      mimeType: 'image/png',
      buffer: Buffer.from(png),
    });
    await settled(page, before + 1);
    const input = Object.keys(randomInputs(model, 'classifier'))[0]!;
    const image = tensor(
      levels.map((level) => level / 255),
      [1, 28, 28, 1],
    );
    const [expected] = expectedOutputs(model, 'classifier', variables, { [input]: image });
    const wanted = Array.from(expected!.data)
      .map((probability, i) => ({ i, probability }))
      .sort((a, b) => b.probability - a.probability)
      .map(({ i, probability }) => `class ${i} ${(100 * probability).toFixed(1)} %`);
    const bars = page.locator('.bars li');
    await expect
      .poll(async () =>
        (
          await bars.evaluateAll((rows) =>
            rows.map((row) => Array.from(row.children, (part) => part.textContent).join(' ')),
          )
        ).map((row) => row.replace('  ', ' ')),
      )
      .toEqual(wanted);
    check();
    await page.close();
  });

  test('runs on what is drawn, and forgets it when cleared', async () => {
    const { page, check } = await opened('classifier', 'classifier');
    const shown = () => page.locator('.bars').textContent();
    const empty = await shown();
    const box = (await page.locator('canvas.field').boundingBox())!;
    await page.mouse.move(box.x + 60, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 70, { steps: 5 });
    await page.mouse.move(box.x + 120, box.y + 230, { steps: 5 });
    await page.mouse.up();
    await expect.poll(shown).not.toBe(empty);
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(shown).toBe(empty);
    check();
    await page.close();
  });

  test('shows the image that an autoencoder makes, and takes numbers for its decoder', async () => {
    const { page, model, variables, check } = await opened(
      'autoencoder',
      'autoencoder/decoder',
      louder(fresh('autoencoder', 'autoencoder/decoder')),
    );

    await page.locator('.slider input').first().fill('1.5');
    await settled(page, 2);
    const input = Object.keys(randomInputs(model, 'autoencoder/decoder'))[0]!;
    const latent = tensor([1.5, ...Array<number>(15).fill(0)], [1, 16]);
    const [expected] = expectedOutputs(model, 'autoencoder/decoder', variables, {
      [input]: latent,
    });
    const wanted = Array.from(expected!.data, (x) => Math.round(255 * Math.min(1, Math.max(0, x))));
    const pixels = await page.locator('canvas.picture').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data).filter((_, i) => i % 4 === 0);
    });
    expect(pixels.length).toBe(28 * 28);
    expect(new Set(wanted).size).toBeGreaterThan(20);
    pixels.forEach((level, i) => expect(Math.abs(level - wanted[i]!)).toBeLessThanOrEqual(1));
    check();
    await page.close();
  });

  test('names that look like HTML stay names', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const spec = compose(({ input, layers, model }) => {
      const x = input([2], { name });
      return model(x, layers.dense(2, { name: '<b>y' })(x), { name: '<i>m' });
    });
    const file = join(folder, 'names.html');
    await exportModel('html', { spec, path: '<i>m' }, noisyVariables(spec), file, usualExport);
    const page = await browser.newPage();
    await page.goto(pathToFileURL(file).href);
    await settled(page, 1);
    expect(await page.locator('h1').textContent()).toBe('<i>m');
    expect(await page.locator('h2').first().textContent()).toContain(name);
    expect(await page.locator('img, b, i').count()).toBe(0);
    await page.close();
  });
});
