import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

const files = join(import.meta.dirname, '../goldens/files');

describe.skipIf(!hasChromium)('models out of the studio and into it', () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    served = await serveStudio({ limit: 64, batch_size: 32, epochs: 1, engine: 'onnx:cpu' });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(served.url);
    await page
      .getByRole('treeitem', { name: /^encoder,/ })
      .first()
      .waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await served.remove();
    expect(problems).toEqual([]);
  });

  const row = (name: string) =>
    page.getByRole('treeitem', { name: new RegExp(`^${name},`) }).first();

  async function project(): Promise<{
    model: { models: string[]; layers: Record<string, { config: { name: string } }> };
    training: { model: string; initial_weights: string | null };
  }> {
    return JSON.parse(await readFile(join(served.project, 'project.json'), 'utf8')) as never;
  }

  /** Drops a file onto the window, as a browser tells of it. */
  async function drop(file: string): Promise<void> {
    const data = (await readFile(join(files, file))).toString('base64');
    const transfer = await page.evaluateHandle(
      ({ name, data }) => {
        const held = new DataTransfer();
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        held.items.add(new File([bytes], name));
        return held;
      },
      { name: file, data },
    );
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  }

  test('a right click renames a layer, and leads to the export of its model', async () => {
    await page.keyboard.press('Alt+1');
    await row('conv2d_1').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    const field = page.getByRole('textbox', { name: 'New name of conv2d_1' });
    await field.fill('conv2d');
    await field.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'named conv2d' }).waitFor();
    await field.fill('second');
    await field.press('Enter');
    await row('second').waitFor();
    await expect
      .poll(async () => Object.values((await project()).model.layers).map((one) => one.config.name))
      .toContain('second');

    await row('second').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Export encoder' }).click();
    await page.getByRole('radio', { name: /^ONNX/ }).check();
    await page.getByRole('button', { name: 'Export encoder' }).click();
    const result = page.getByRole('status').filter({ hasText: 'autoencoder/encoder is written' });
    await result.getByText(/Opened again by ONNX Runtime .*: the largest difference is/).waitFor();
    const name = 'exports/autoencoder-encoder.onnx';
    await access(join(served.project, name));
    const report = await readFile(join(served.project, `${name}.verify.json`), 'utf8');
    expect(JSON.parse(report)).toMatchObject({ format: 'onnx', holds: true });

    const coming = page.waitForEvent('download');
    await result.getByRole('button', { name: 'Download' }).click();
    const download = await coming;
    expect(download.suggestedFilename()).toBe('autoencoder-encoder.onnx');
    const bytes = await readFile(await download.path());
    expect(bytes.equals(await readFile(join(served.project, name)))).toBe(true);
  });

  test("a dropped file's submodel goes into the place of the project's, with its weights", async () => {
    await drop('autoencoder.keras');
    await page.getByRole('button', { name: 'Insert into a model' }).click();
    const dialog = page.getByRole('dialog', { name: 'Insert a model' });
    await dialog.getByLabel(/^How/).selectOption('replace');
    await dialog.getByLabel(/^Layer/).selectOption('autoencoder/decoder');
    // What does not fit is offered with the reason, and can't be taken.
    await dialog.getByLabel(/^Model/).selectOption('autoencoder/encoder');
    await dialog.getByRole('alert').waitFor();
    const insert = dialog.getByRole('button', { name: 'Insert', exact: true });
    expect(await insert.isDisabled()).toBe(true);
    await dialog.getByLabel(/^Model/).selectOption('autoencoder/decoder');
    await insert.click();
    await expect.poll(async () => (await project()).training.initial_weights).not.toBeNull();
    const { model, training } = await project();
    expect(model.models).toContain('autoencoder/decoder');
    await access(join(served.project, training.initial_weights!));
  });

  test("a dropped model becomes the project's, and its training begins with its weights", async () => {
    await drop('siamese.keras');
    await page.getByRole('button', { name: 'Use as the project’s model' }).click();
    await row('siamese').waitFor();
    await expect.poll(async () => (await project()).training.model).toBe('siamese');
    const { training } = await project();
    await access(join(served.project, training.initial_weights!));
    await page.keyboard.press('Control+z');
    await row('autoencoder').waitFor();
  });

  test('a broken file is refused by name', async () => {
    const broken = await page.evaluateHandle(() => {
      const held = new DataTransfer();
      held.items.add(new File([new Uint8Array([0x50, 0x4b, 3, 4, 0, 0])], 'torn.keras'));
      return held;
    });
    await page.dispatchEvent('body', 'drop', { dataTransfer: broken });
    await page.getByRole('alert').filter({ hasText: 'torn.keras' }).waitFor();
    await page.keyboard.press('Escape');
  });
});
