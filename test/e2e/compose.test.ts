import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

describe.skipIf(!hasChromium)('composing, proving and taking out, in a browser', () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    served = await serveStudio({ limit: 64, batch_size: 32, epochs: 1, engine: 'onnx' });
  });
  afterAll(async () => {
    await browser.close();
    await served.remove();
  });

  async function open(options: { width?: number; height?: number; hash?: string } = {}) {
    const { width = 1440, height = 900, hash = '#/compose' } = options;
    page = await browser.newPage({ viewport: { width, height }, locale: 'en-US' });
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(served.url + hash);
    await page.getByRole('tree').waitFor();
  }

  beforeEach(() => open());
  afterEach(() => page.close());

  const row = (path: string) => page.locator(`[role=treeitem][data-path="${path}"]`);
  const box = (key: string) => page.locator(`.surface [data-key="${key}"]`);
  const inspector = () => page.getByRole('region', { name: 'Inspector' });
  const onDisk = async () =>
    (
      JSON.parse(await readFile(join(served.project, 'project.json'), 'utf8')) as {
        model: ModelSpec;
      }
    ).model;

  test('tree, panels and inspector show the same layer', async () => {
    await row('autoencoder/encoder/conv2d_2').click();
    const key = 'autoencoder/encoder#0/conv2d_2#0';
    expect(await box(key).getAttribute('aria-pressed')).toBe('true');
    const text = await inspector().innerText();
    for (const fact of ['conv2d_2', 'filters', '9,248', '6 × 6 × 32'])
      expect(text.replaceAll('\u00a0', ' ')).toContain(fact);

    await box('autoencoder/decoder#0/up_sampling2d#0').click();
    expect(await row('autoencoder/decoder/up_sampling2d').getAttribute('aria-selected')).toBe(
      'true',
    );
    // On the canvas, arrow keys go from box to box and Enter selects.
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await row('autoencoder/decoder/conv2d_transpose_2').getAttribute('aria-selected')).toBe(
      'true',
    );
    expect(problems).toEqual([]);
  });

  test('a model folds to a chip with its layers and parameters, in both pictures', async () => {
    await page.getByRole('button', { name: 'Fold decoder' }).click();
    expect(await row('autoencoder/decoder').getAttribute('aria-expanded')).toBe('false');
    expect(await box('autoencoder/decoder#0').innerText()).toMatch(/decoder\s+7 layers · 9,569/);
    expect(await box('autoencoder/decoder#0/reshape#0').count()).toBe(0);
    await row('autoencoder/decoder').focus();
    await page.keyboard.press('ArrowRight');
    await box('autoencoder/decoder#0/reshape#0').waitFor();
  });

  test('freezing is an edit: saved, undone, redone', async () => {
    await row('autoencoder/decoder').click();
    await page.keyboard.press('Alt+l');
    await page.getByRole('button', { name: 'Train decoder again' }).waitFor();
    const frozen = async () => (await onDisk()).layers['decoder']!.config['trainable'] === false;
    await expect.poll(frozen).toBe(true);
    expect(await inspector().getByRole('checkbox', { name: 'trainable' }).isChecked()).toBe(false);
    expect(await inspector().innerText()).toMatch(/Trainable\s+0/);

    await page.keyboard.press('Control+z');
    await expect.poll(frozen).toBe(false);
    await page.getByRole('button', { name: 'Redo' }).click();
    await expect.poll(frozen).toBe(true);
    await inspector().getByRole('checkbox', { name: 'trainable' }).check();
    await expect.poll(frozen).toBe(false);
    expect(problems).toEqual([]);
  });

  test('the palette finds layers and runs commands', async () => {
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Find a layer').fill('transpose_3');
    await page.keyboard.press('Enter');
    await expect
      .poll(() => row('autoencoder/decoder/conv2d_transpose_3').getAttribute('aria-selected'))
      .toBe('true');
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('Find a layer').fill('go to runs');
    await page.keyboard.press('Enter');
    await expect.poll(() => new URL(page.url()).hash).toMatch(/^#\/runs/);
    expect(problems).toEqual([]);
  });

  test('the tree is searched by name and class', async () => {
    await page.getByRole('button', { name: 'Find a layer by name or class' }).click();
    await page.keyboard.type('maxpool');
    expect(await page.getByRole('treeitem').allInnerTexts()).toHaveLength(4);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('treeitem').count()).toBe(18);
  });

  test('the summary is Keras’s', async () => {
    const summary = page.locator('pre');
    expect(await summary.innerText()).toContain('Total params: 28,241 (110.32 KB)');
    await page.getByRole('button', { name: 'Keras 2' }).click();
    expect(await summary.innerText()).toContain('Total params: 28241 (110.32 KB)');
  });

  test('the proof shows four claims that hold', async () => {
    await page.getByRole('button', { name: 'Prove' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Yes. All four hold.').waitFor();
    expect(await dialog.getByRole('article').count()).toBe(4);
    await dialog
      .getByRole('button', { name: /comparison/ })
      .first()
      .click();
    expect(await dialog.locator('tbody tr').count()).toBeGreaterThan(1);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
  });

  test('language and theme change at once and stay', async () => {
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('menuitemradio', { name: '简体中文' }).click();
    await page.getByRole('link', { name: '训练' }).waitFor();
    await page.reload();
    await page.getByRole('link', { name: '训练' }).waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    const background = await page
      .locator('body')
      .evaluate((el) => getComputedStyle(el).backgroundColor);
    expect(background).toBe('rgb(22, 20, 18)');
    expect(problems).toEqual([]);
  });

  test('panes resize from the keyboard and remember', async () => {
    const divider = page.getByRole('separator', { name: 'Width of Models' });
    await divider.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    const width = await divider.getAttribute('aria-valuenow');
    await page.reload();
    await page.getByRole('tree').waitFor();
    expect(await divider.getAttribute('aria-valuenow')).toBe(width);
    expect(Number(width)).toBeLessThan(446);
  });

  test('a submodel is exported', async () => {
    await page.keyboard.press('Alt+5');
    await row('autoencoder/encoder').click();
    await page.getByRole('radio', { name: /^TensorFlow\.js/ }).check();
    await page.getByRole('textbox', { name: 'Folder' }).fill('out/encoder');
    await page.getByRole('button', { name: 'Export encoder' }).click();
    await page.getByText('opened again').first().waitFor();
    const file = join(served.project, 'out/encoder/model.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('modelTopology');
    // An error stands beside its cause.
    await page.getByRole('textbox', { name: 'Folder' }).fill('project.json');
    await page.getByRole('button', { name: 'Export encoder' }).click();
    await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
  });

  test('every place fits the smallest window, in both languages', async () => {
    await page.setViewportSize({ width: 1024, height: 700 });
    for (const language of ['en', 'zh-CN'])
      for (const place of ['compose', 'train', 'runs', 'export']) {
        await page.evaluate((to) => (location.hash = `#/${to}`), place);
        await page.locator(`.rail a[href="#/${place}"][aria-current]`).waitFor();
        const { outside, wide } = await page.evaluate(() => {
          const fits = ({ width, right, bottom }: DOMRect) =>
            width === 0 || (right <= innerWidth + 1 && bottom <= innerHeight + 1);
          const controls = [...document.querySelectorAll('button, a, input, select')];
          return {
            outside: controls
              .filter((one) => !one.closest('.surface, [role=tree], .start, pre'))
              .filter((one) => !fits(one.getBoundingClientRect()))
              .map((one) => one.outerHTML.slice(0, 120)),
            wide: document.documentElement.scrollWidth > innerWidth,
          };
        });
        expect(outside, `${place}, ${language}`).toEqual([]);
        expect(wide).toBe(false);
        if (place === 'export') await page.keyboard.press('Alt+g');
      }
    await page.getByRole('link', { name: 'Train' }).waitFor();
  });

  test('a page without the right token says so', async () => {
    const stranger = await browser.newPage();
    await stranger.goto(new URL('/?token=wrong', served.url).href);
    await stranger.getByText('This address is no longer valid').waitFor();
    await stranger.close();
  });
});

describe.skipIf(!hasChromium)('a server that goes away', () => {
  test('is told, and tried again', async () => {
    const browser = await launchBrowser();
    const served = await serveStudio({});
    try {
      const page = await browser.newPage({ locale: 'en-US' });
      await page.goto(served.url);
      await page.getByRole('tree').waitFor();
      await served.stop();
      await page.getByText('The connection is lost.').waitFor();
      await page.getByRole('button', { name: 'Connect now' }).waitFor();
      expect(await page.getByRole('treeitem').count()).toBe(18);
    } finally {
      await browser.close();
      await served.remove();
    }
  });
});
