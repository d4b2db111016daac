import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveProject, writeProject, type Served } from './serve.ts';

const WAIT = { timeout: 60_000 };

describe.skipIf(!hasChromium)('a run is controlled in a browser', () => {
  let browser: Browser;
  let project: string;
  let page: Page;
  const hosts: Served[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    project = await writeProject({ limit: 128, batch_size: 32, epochs: 2000, engine: 'onnx' });
  });
  afterAll(async () => {
    await browser.close();
    for (const host of hosts) await host.stop('SIGKILL');
    await rm(project, { recursive: true, force: true });
  });

  const open = async () => {
    const host = await serveProject(project);
    hosts.push(host);
    const opened = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      locale: 'en-US',
    });
    await opened.goto(host.url);
    return { host, page: opened };
  };
  const state = (on = page) => on.getByTestId('run-state');
  const shows = (text: string, on = page) =>
    expect.poll(() => state(on).textContent().catch(() => ''), WAIT).toContain(text); // prettier-ignore
  const button = (name: string, on = page) => on.getByRole('button', { name, exact: true });
  const record = async () => {
    const [id] = (await readdir(join(project, 'runs'))).filter((name) => !name.startsWith('.'));
    const text = await readFile(join(project, 'runs', id!, 'run.json'), 'utf8');
    return JSON.parse(text) as { state: string; checkpoint: { step: number }; settings: { epochs: number } }; // prettier-ignore
  };

  test('it pauses, is saved, goes on, survives a crash of the studio, stops and is extended', async () => {
    const first = await open();
    page = first.page;
    await page.getByRole('button', { name: /^Train autoencoder/ }).waitFor(WAIT);
    await page.keyboard.press('Control+Enter');
    await shows('Training');
    await button('Pause').click();
    await shows('Paused');
    const paused = await record();
    expect(paused.state).toBe('paused');
    expect(paused.checkpoint.step).toBeGreaterThan(0);

    // Another studio of the same project shows the run, and can't take it.
    const second = await open();
    await shows('Paused', second.page);
    await button('Continue', second.page).click();
    await second.page.getByRole('alert').getByText('another process').waitFor(WAIT);
    await button('Continue').click();
    await shows('Training');
    await shows('Training', second.page);
    await second.host.stop();
    await second.page.close();

    await page.getByRole('button', { name: 'More for this run' }).click();
    await page.getByRole('menuitem', { name: /Save a checkpoint now/ }).click();
    await first.host.stop('SIGKILL');
    await page.close();

    ({ page } = await open());
    await shows('Failed');
    await page.getByRole('alert').getByText('the studio ended while').waitFor(WAIT);
    await page.getByRole('link', { name: 'Compose' }).or(page.getByRole('button', { name: 'Compose' })).first().click(); // prettier-ignore
    await page.getByText('Run 1 was interrupted').waitFor(WAIT);
    await button('Continue').click();
    await shows('Training');
    await page.getByText(/Goes on after step|Begins anew/).first().waitFor(WAIT); // prettier-ignore

    await page.keyboard.press('Control+.');
    await shows('Stopped');
    await page.getByRole('button', { name: 'Extend…' }).click();
    await page.getByLabel('More epochs').fill('0');
    await page.getByText('Expected a whole number from 1 up').waitFor(WAIT);
    await page.getByLabel('More epochs').fill('5');
    await page.getByText('then it has 2,005').waitFor(WAIT);
    await button('Extend').click();
    await shows('Training');
    expect((await record()).settings.epochs).toBe(2005);
    await page.keyboard.press('Control+.');
    await shows('Stopped');
  }, 180_000);
});
