import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Project } from '../../shared/api/contract.ts';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

/** What slow machines need. */
const slow = { timeout: 60_000 };

describe.skipIf(!hasChromium)('the training form', () => {
  let served: Served;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    served = await serveStudio({ epochs: 1, limit: 128, engine: 'onnx' });
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(served.url);
    await page.getByRole('button', { name: 'Training settings' }).click(slow);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await served?.remove();
  });

  /** The settings on disk, once they are as expected. */
  async function saved(expected: object) {
    await expect
      .poll(async () => {
        const text = await readFile(join(served.project, 'project.json'), 'utf8');
        return (JSON.parse(text) as Project).training;
      }, slow)
      .toMatchObject(expected);
  }
  const field = (name: string) => page.locator(`input[name="${name}"]`);
  const part = (name: string) => page.getByRole('button', { name: new RegExp(`^${name}`) });

  test('optimizer, schedule, loss, metrics and callbacks are set under the names of Keras', async () => {
    await part('Optimizer').click(slow);
    await page.getByLabel('Optimizer', { exact: true }).selectOption('AdamW');
    await page.getByRole('button', { name: '12 options' }).click();
    await field('weight_decay').fill('0.02');
    await field('weight_decay').press('Enter');
    await page.getByLabel('Learning rate').selectOption('CosineDecay');
    await field('alpha').fill('0.1');
    await field('alpha').press('Enter');
    const config = { initial_learning_rate: 0.001, alpha: 0.1 };
    await saved({
      optimizer: {
        class_name: 'AdamW',
        config: { weight_decay: 0.02, learning_rate: { class_name: 'CosineDecay', config } },
      },
    });

    await part('Loss and metrics').click();
    await page.getByLabel('Loss', { exact: true }).selectOption('Huber');
    await page.getByRole('button', { name: 'Add a metric' }).click();
    await page.getByLabel('Add a callback').or(part('Callbacks')).first().click();
    await page.getByLabel('Add a callback').selectOption('EarlyStopping');
    await saved({ loss: 'huber', metrics: ['mean_absolute_error'] });
    await saved({
      callbacks: [
        { class_name: 'TerminateOnNaN' },
        { class_name: 'EarlyStopping', config: { patience: 5, restore_best_weights: true } },
      ],
    });
  }, 120_000);

  test('what can not be is refused beside its field, and stays', async () => {
    await page.getByRole('button', { name: '7 options' }).click(slow);
    await field('patience').fill('2.5');
    await field('patience').press('Enter');
    await page.getByText('Expected a whole number; got “2.5”.').waitFor(slow);
    expect(await field('patience').inputValue()).toBe('2.5');
    await field('patience').fill('3');
    await field('patience').press('Enter');
    await saved({ callbacks: [{}, { config: { patience: 3 } }] });
  }, 120_000);

  test('a preset sets what goes together; undo brings the old back', async () => {
    await page.getByRole('button', { name: 'Quick look' }).click(slow);
    await saved({ epochs: 2, limit: 2000, optimizer: { class_name: 'Adam' } });
    await page.keyboard.press('Control+z');
    await saved({ epochs: 1, limit: 128, optimizer: { class_name: 'AdamW' } });
  }, 120_000);

  test('a learning rate is found, with its curve, and taken', async () => {
    await page.getByRole('button', { name: 'Find a learning rate' }).click(slow);
    const chart = page.getByRole('img', { name: /Loss over the learning rate/ });
    await chart.waitFor(slow);
    await page.getByRole('button', { name: /^Use / }).click(slow);
    await expect
      .poll(async () => {
        const text = await readFile(join(served.project, 'project.json'), 'utf8');
        return typeof (JSON.parse(text) as Project).training.optimizer.config['learning_rate'];
      }, slow)
      .toBe('number');
  }, 150_000);
});
