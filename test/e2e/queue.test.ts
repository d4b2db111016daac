import { rm } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveProject, writeProject, type Served } from './serve.ts';

const WAIT = { timeout: 60_000 };

describe.skipIf(!hasChromium)('runs wait for each other in a browser', () => {
  let browser: Browser;
  let project: string;
  let host: Served;

  beforeAll(async () => {
    browser = await launchBrowser();
    project = await writeProject({ limit: 128, batch_size: 32, epochs: 2000, engine: 'onnx' });
    host = await serveProject(project);
  });
  afterAll(async () => {
    await browser.close();
    await host.stop('SIGKILL');
    await rm(project, { recursive: true, force: true });
  });

  test('a second run says for which it waits, leads there, and begins when that is over', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    const shows = (text: string) =>
      expect.poll(() => page.getByTestId('run-state').textContent().catch(() => ''), WAIT).toContain(text); // prettier-ignore
    await page.goto(host.url);
    await page.getByRole('button', { name: /^Train autoencoder/ }).waitFor(WAIT);
    await page.keyboard.press('Control+Enter');
    await shows('Training');

    await page.keyboard.press('Alt+4');
    await page.getByRole('button', { name: 'New run' }).click(WAIT);
    await shows('Queued');
    const queued = page.getByTestId('queued');
    expect(await queued.textContent(WAIT)).toContain('Run 2 is in the queue');
    expect(await page.getByText('Waits for run 1').isVisible()).toBe(true);
    await queued.getByRole('button', { name: 'Show run 1' }).click(WAIT);
    await shows('Training');

    await page.getByRole('button', { name: 'Stop', exact: true }).click(WAIT);
    await page.getByRole('menuitem', { name: /^Stop and keep/ }).click(WAIT);
    await shows('Stopped');
    await page.keyboard.press('Alt+4');
    await page.getByText('Run 2', { exact: true }).first().click(WAIT);
    await shows('Training');
    expect(await queued.count()).toBe(0);
  });
});
