import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

/** One short run, watched to its end, then looked at in every way that the screen offers. */
describe.skipIf(!hasChromium)('a run is watched', () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  const problems: string[] = [];
  const steps = 48;

  beforeAll(async () => {
    browser = await launchBrowser();
    served = await serveStudio({
      limit: 256,
      batch_size: 16,
      epochs: 3,
      engine: 'onnx',
      metrics: ['mae'],
      optimizer: {
        class_name: 'Adam',
        config: {
          learning_rate: {
            class_name: 'PiecewiseConstantDecay',
            config: { boundaries: [20], values: [0.002, 0.0005] },
          },
        },
      },
    });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(served.url);
    await page.getByRole('button', { name: 'Train autoencoder' }).click();
    const finished = page.getByTestId('run-state').filter({ hasText: 'Finished' });
    await finished.waitFor({ timeout: 60_000 });
  });
  afterAll(async () => {
    await browser.close();
    await served.remove();
  });

  const chart = () => page.getByRole('img', { name: /^Loss over/ });
  const tip = () => page.locator('.tip');

  async function saved(form: string): Promise<Buffer> {
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the chart' }).click();
    await page.getByRole('menuitem', { name: form }).click();
    return readFile(await (await coming).path());
  }

  test('metrics and the learning rate stand beside the loss, under one crosshair', async () => {
    const mae = page.getByRole('img', { name: `mae over ${steps} steps` });
    await mae.hover();
    await expect.poll(() => tip().innerText()).toMatch(/Epoch[\s\S]*Learning rate/);
    await page.mouse.move(5, 5);
    await expect.poll(() => tip().count()).toBe(0);
    const rate = page.getByRole('region', { name: 'Learning rate' });
    await expect.poll(() => rate.innerText()).toContain('5.00e-4');
    // The large chart takes another quantity, and the loss its place among the small ones.
    await page.getByRole('button', { name: 'Show mae in the large chart' }).click();
    await expect.poll(() => page.getByRole('region', { name: 'Loss' }).count()).toBe(1);
    await page.getByRole('button', { name: 'Show Loss in the large chart' }).click();
  });

  test('a part of the axis is looked at closely, and all of it again', async () => {
    const all = page.getByRole('button', { name: 'Show all' });
    const before = await chart().evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    await chart().hover();
    await page.mouse.wheel(0, -600);
    await expect.poll(() => all.count()).toBe(1);
    await page.mouse.move(5, 5);
    const close = await chart().evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    expect(close).not.toBe(before);
    await chart().locator('..').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('0');
    await expect.poll(() => all.count()).toBe(0);

    // Pressed and dragged, a part is chosen.
    const box = (await chart().boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 100, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => all.count()).toBe(1);
    await all.click();
    await expect.poll(() => all.count()).toBe(0);
  });

  test('the chart is saved as a picture, a drawing and all its points', async () => {
    const lines = (await saved('All points (CSV)')).toString().trimEnd().split('\n');
    expect(lines[0]).toBe('step,epoch,seconds,loss,val_loss,learning_rate,mae,val_mae');
    expect(lines.length).toBe(steps + 2);
    expect(lines[20]!.split(',')[5]).toBe('0.002');
    expect(lines.at(-1)!.split(',')[5]).toBe('0.0005');
    const svg = (await saved('Drawing (SVG)')).toString();
    expect(svg).toMatch(/^<svg[\s\S]*Loss · Run 1[\s\S]*validation[\s\S]*<\/svg>$/);
    const png = await saved('Picture (PNG)');
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.readUInt32BE(16)).toBeGreaterThan(1000);
  });

  test('the layer tree says how each layer fares, and the settings what memory a run takes', async () => {
    const row = page.getByRole('treeitem', { name: /^encoder, / }).first();
    expect(await row.getAttribute('aria-label')).toMatch(
      /Gradient [\d.e-]+, Update [\d.]+\s%, Dead \d+\/96/,
    );
    await page.getByRole('button', { name: 'Training settings' }).click();
    await expect
      .poll(() => page.locator('.start-form .memory').innerText(), { timeout: 60_000 })
      .toMatch(/Takes about [\d.]+\sMiB of the/);
    await page.keyboard.press('Escape');
    expect(problems).toEqual([]);
  });
});
