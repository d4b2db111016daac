import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

describe.skipIf(!hasChromium)('engines in the studio', () => {
  let browser: Browser;
  let served: Served;
  let page: Page;
  beforeAll(async () => {
    served = await serveStudio({ limit: 512, batch_size: 32, epochs: 400, engine: 'onnx' });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    await page.goto(served.url);
  });
  afterAll(async () => {
    await browser.close();
    await served.remove();
  });

  const menu = () => page.getByRole('menu');
  const open = () => page.getByRole('button', { name: /^Engine: / }).click();

  test('the menu says of each whether it works, or why not', async () => {
    await open();
    const entries = menu().getByRole('listitem');
    await entries.first().waitFor();
    const texts = await entries.allTextContents();
    expect(texts.find((text) => /ONNX Runtime\s+cpu/.test(text))).toMatch(/CPU, \d+ thread.*GiB/);
    expect(texts.find((text) => /TensorFlow\.js\s+javascript/.test(text))).toMatch(/JavaScript/);
    const works = await menu().getByRole('img', { name: 'Works', exact: true }).count();
    expect(works).toBeGreaterThanOrEqual(2);
  });

  test('measures the speed of each, and stops when asked to', async () => {
    await menu().getByText('Measure the speed of each').click();
    await menu()
      .getByText(/^Trying ONNX Runtime cpu · 0 of \d done$/)
      .waitFor();
    await menu()
      .getByText(/· [1-9] of \d done$/)
      .waitFor();
    await menu().getByText('Stop measuring').click();
    await menu().getByText('Measure the speed of each').waitFor();
  });

  test('forgets which engine was the fastest when asked to choose anew', async () => {
    await menu().getByText('Choose anew').click();
    await menu().getByText('The next run tries all engines again').waitFor();
    await page.keyboard.press('Escape');
  });

  test('a run shows what it takes of the machine, live', async () => {
    await page.getByRole('button', { name: 'Train autoencoder' }).click();
    const chip = page.locator('.bar .chip');
    await chip.getByText(/^\d+\s%$/).waitFor();
    await chip.hover();
    const tip = page.locator('.engine-tip');
    await tip.getByText(/^[\d.]+ of \d+ processors?$/).waitFor();
    await tip.getByText(/^[\d.,]+\sMiB of [\d.,]+\sGiB$/).waitFor();
  });
});
