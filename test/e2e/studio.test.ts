import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../shared/api/events.ts';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { serveStudio, type Served } from './serve.ts';

describe.skipIf(!hasChromium)('the studio in a browser', () => {
  let browser: Browser;
  let host: Served;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    // Few digits in small batches: an epoch takes a second or two, the run long enough to be watched.
    host = await serveStudio({ limit: 512, batch_size: 32, epochs: 400, engine: 'onnx' });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(host.url);
  });
  afterEach(async () => {
    await page.close();
    await host.remove();
  });

  const chart = () => page.getByRole('img', { name: /^Loss over/ });
  const slider = () => page.getByRole('slider');
  const state = () => page.getByTestId('run-state');
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  /** How many steps the chart says that it shows. */
  async function steps(): Promise<number> {
    const label = await chart().getAttribute('aria-label');
    return Number(/over ([\d,]+) steps/.exec(label ?? '')?.[1]?.replaceAll(',', ''));
  }

  async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
      await sleep(100);
    }
  }

  /** The pixels of a canvas as one text. */
  const pixels = (canvas: Locator) =>
    canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL());

  /** The ten pictures of a row of the strip: 0 inputs, 1 outputs, 2 differences. */
  const row = (index: number) =>
    page
      .locator('.samples')
      .nth(index)
      .locator('canvas')
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));

  async function errors(): Promise<number[]> {
    const texts = await page.getByTestId('strip-errors').locator('span').allInnerTexts();
    return texts.map(Number);
  }

  async function start(): Promise<void> {
    await page.getByRole('button', { name: 'Train autoencoder' }).click();
    await until(async () => (await chart().count()) > 0 && (await steps()) > 20, 'it trains');
  }

  async function stop(): Promise<void> {
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('menuitem', { name: 'Stop and keep' }).click();
    await until(async () => (await state().innerText()).includes('Stopped'), 'it stopped');
  }

  /** Every event that the run has written. */
  async function eventsOnDisk(): Promise<RunEvent[]> {
    const names = await readdir(join(host.project, 'runs'));
    const id = names.find((name) => !name.startsWith('.'));
    const text = await readFile(join(host.project, 'runs', id!, 'events.jsonl'), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
  }

  /** Every point of the chart, as the page saves it: training losses by step, validation by step. */
  async function pointsOnPage() {
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save the chart' }).click();
    await page.getByRole('menuitem', { name: 'All points (CSV)' }).click();
    const text = await readFile(await (await coming).path(), 'utf8');
    const lines = text.trimEnd().split('\n').slice(1);
    const rows = lines.map((line) => line.split(','));
    return {
      losses: rows.slice(1).map((cells) => Number(cells[3])),
      validation: rows.flatMap((cells) =>
        cells[4] === '' ? [] : [[Number(cells[0]), Number(cells[4])]],
      ),
    };
  }

  test('nested models unfold into their layers', async () => {
    for (const [model, layer] of [
      ['encoder', 'conv2d_3'],
      ['decoder', 'conv2d_transpose_3'],
    ] as const) {
      const item = page.getByRole('treeitem', { name: model }).first();
      const inner = page.getByRole('treeitem', { name: layer }).first();
      if ((await item.getAttribute('aria-expanded')) === 'true') {
        await item.focus();
        await page.keyboard.press('ArrowLeft');
        await expect.poll(() => item.getAttribute('aria-expanded')).toBe('false');
        expect(await inner.count()).toBe(0);
      }
      await item.focus();
      await page.keyboard.press('ArrowRight');
      await expect.poll(() => inner.count()).toBe(1);
    }
    expect(problems).toEqual([]);
  });

  test('a run is watched live, survives a reload in its middle, and is stopped', async () => {
    await start();

    // The curve grows.
    const [before, drawn] = [await steps(), await pixels(chart())];
    await until(async () => (await steps()) > before + 30, 'the curve grew');
    expect(await pixels(chart())).not.toBe(drawn);

    // The digits sharpen: those before training lie further from the inputs than the newest.
    await until(async () => (await row(1)).length === 10, 'there are digits');
    const newest = await row(1);
    await slider().focus();
    await page.keyboard.press('Home');
    await expect.poll(() => page.getByTestId('strip-step').innerText()).toBe('step 0');
    await expect.poll(() => row(1)).not.toEqual(newest);
    const atStart = await errors();
    const inputs = await row(0);
    expect(new Set(inputs).size).toBe(10);

    // The slider holds its place while data arrives; following goes to the newest again.
    const held = await steps();
    await until(async () => (await steps()) > held + 20, 'more data arrived');
    expect(await page.getByTestId('strip-step').innerText()).toBe('step 0');
    await page.getByRole('button', { name: 'Follow live' }).click();
    await until(
      async () => (await page.getByTestId('strip-step').innerText()) !== 'step 0',
      'the strip follows',
    );
    await expect.poll(() => row(0)).toEqual(inputs);
    await expect.poll(async () => mean(await errors()) < mean(atStart)).toBe(true);

    // A reload in mid-run, and another while the first is still reading.
    const shown = await steps();
    await page.reload();
    await sleep(50);
    await page.reload();
    await until(async () => (await chart().count()) > 0 && (await steps()) > shown, 'it is back');
    await until(async () => (await steps()) > shown + 50, 'it goes on');
    await stop();

    // Nothing is missing: every point on the page is on disk, and the other way round.
    const disk = await eventsOnDisk();
    expect(disk.map((event) => event.seq)).toEqual(disk.map((_, i) => i + 1));
    const points = await pointsOnPage();
    expect(points.losses).toEqual(
      disk.flatMap((event) => (event.type === 'steps' ? event.losses : [])),
    );
    expect(points.losses.length).toBeGreaterThan(shown + 50);
    expect(points.validation).toEqual(
      disk.flatMap((event) =>
        event.type === 'epoch' && event.valLoss !== null ? [[event.step, event.valLoss]] : [],
      ),
    );
    expect(problems).toEqual([]);
  });

  /** Finding the trainer's process takes /proc. */
  const linux = process.platform === 'linux';
  test.runIf(linux)(
    'a trainer that is killed leaves a clear message, with what was saved',
    async () => {
      await start();
      await until(async () => (await eventsOnDisk()).some(isCheckpoint), 'there is a checkpoint');
      for (const pid of await childrenOf(host.pid)) process.kill(pid, 'SIGKILL');
      const alert = page.getByRole('alert').filter({ hasText: 'This run failed' });
      await until(async () => (await alert.count()) > 0, 'the page says that it failed');
      expect(await state().innerText()).toContain('Failed');
      expect(await alert.innerText()).toMatch(/SIGKILL[\s\S]*Saved: .*\d/);
      // The page goes on: another run can be started.
      expect(await page.getByRole('button', { name: 'Start', exact: true }).isEnabled()).toBe(true);
      expect(problems).toEqual([]);
    },
  );
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function isCheckpoint(event: RunEvent): boolean {
  return event.type === 'checkpoint';
}

/** The processes whose parent is this one. */
async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const children = await Promise.all(
    pids.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
        ? [Number(name)]
        : [];
    }),
  );
  return children.flat();
}
