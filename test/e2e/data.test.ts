import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';
import { digits, idxFile } from '../main/data/sources/make.ts';
import { serveStudio, type Served } from './serve.ts';

const goldens = join(import.meta.dirname, '../goldens/data');

describe.skipIf(!hasChromium)('data in a browser', () => {
  let browser: Browser;
  let files: string;
  let served: Served;
  let page: Page;
  let problems: string[];

  /** Writes a file below the folder of what is dropped. */
  async function put(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(files, path)), { recursive: true });
    await writeFile(join(files, path), content);
  }

  beforeAll(async () => {
    browser = await launchBrowser();
    files = await mkdtemp(join(tmpdir(), 'matryoshka-drop-'));
    const { images, labels } = await digits(120);
    const raw = { width: 28, height: 28, channels: 1 } as const;
    const png = (i: number) => sharp(images[i]!, { raw }).png().toBuffer();
    const pixels = Buffer.concat(images.slice(0, 40));
    const rows: string[] = [];
    for (let i = 0; i < images.length; i++) {
      const bytes = await png(i);
      await put(`Ziffern ñ 数/${labels[i]}/digit ${i}.png`, bytes);
      if (i >= 40) continue;
      await put(`pairs/input/${i}.png`, bytes);
      if (i > 0) await put(`pairs/target/${i}.png`, bytes);
      await put(`flat/${i}.png`, bytes);
      await put(`table/images/${i}.png`, bytes);
      rows.push(`images/${i}.png,${labels[i]}`);
    }
    await put('Ziffern ñ 数/3/broken.png', 'this is no picture');
    await put('Ziffern ñ 数/7/copy.png', await png(0));
    await put('strange/line\nbreak.png', await png(0));
    await put('large/a.png', new Uint8Array(2 * 1024 ** 2));
    await put('idx/train-images-idx3-ubyte', idxFile([40, 28, 28], pixels));
    await put('idx/train-labels-idx1-ubyte', idxFile([40], Uint8Array.from(labels.slice(0, 40))));
    await put('Ziffern ñ 数/notes.txt', 'a note');
    await put('table/labels.csv', ['file,label', ...rows].join('\n'));
    await put('nothing/readme.md', '# Nothing');
    await cp(join(goldens, 'parquet/hub'), join(files, 'hub'), { recursive: true });
    await cp(join(goldens, 'numpy/keras.npz'), join(files, 'keras.npz'));
  });
  afterAll(async () => {
    await browser.close();
    await rm(files, { recursive: true, force: true });
  });

  beforeEach(async () => {
    served = await serveStudio({ batch_size: 32, epochs: 1, engine: 'onnx' });
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    page.setDefaultTimeout(60_000);
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(served.url);
    await page.getByRole('button', { name: /^Train autoencoder/ }).waitFor();
  });
  afterEach(async () => {
    await page.close();
    await served.remove();
    expect(problems).toEqual([]);
  });

  /** Drops a file or folder onto the page as a person does, through the browser's own handling of drags. */
  async function drop(name: string): Promise<void> {
    const client = await page.context().newCDPSession(page);
    const data = { items: [], files: [join(files, name)], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver'] as const)
      await client.send('Input.dispatchDragEvent', { type, x: 700, y: 450, data });
    await page.getByTestId('drop-overlay').waitFor();
    await client.send('Input.dispatchDragEvent', { type: 'drop', x: 700, y: 450, data });
    await client.detach();
  }

  /** The project as it lies on the disk. */
  async function projectFile(): Promise<{ training: TrainingSettings }> {
    const content = await readFile(join(served.project, 'project.json'), 'utf8');
    return JSON.parse(content) as { training: TrainingSettings };
  }

  const text = () => page.getByRole('main').innerText();
  const recognised = () => page.getByTestId('recognised').innerText();
  const says = (words: string | RegExp) => expect.poll(text, { timeout: 60_000 }).toMatch(words);

  test('a dropped folder of classes is recognised, shown with its problems, and trained on', async () => {
    await drop('Ziffern ñ 数');
    await says('Ziffern ñ 数');
    await says('10 class folders with 122 images');
    await says('1 unreadable');
    await says('files that are no data');
    await page.getByRole('button', { name: /1 unreadable/ }).click();
    await says('broken.png');
    // What is said of a sample leads to it.
    await page.getByRole('button', { name: /1 duplicate/ }).click();
    await page
      .getByRole('button', { name: /^Show the sample 7/ })
      .first()
      .click();
    const foot = page.getByTestId('sample-foot');
    await expect.poll(() => foot.innerText()).toMatch(/7\/.*\.png.*duplicate/);
    await page.getByLabel('Problem', { exact: true }).selectOption({ index: 1 });
    const marked = page.getByTestId('sample-grid').getByRole('option', { name: /duplicate/ });
    await expect.poll(() => marked.count()).toBe(1);
    await page.getByRole('radio', { name: 'By class' }).click();
    // Every class shows pictures of its own.
    await expect
      .poll(() => page.locator('[role=listitem] i[style*="blob:"]').count(), { timeout: 60_000 })
      .toBeGreaterThan(20);
    // What was uploaded lies in the project, name by name, and nothing beside it.
    const [upload] = await readdir(join(served.project, 'data'));
    const [folder] = await readdir(join(served.project, 'data', upload!));
    expect(folder).toBe('Ziffern ñ 数');
    const { size } = await stat(join(served.project, 'data', upload!, folder!, '3/broken.png'));
    expect(size).toBe('this is no picture'.length);

    await page.getByRole('button', { name: 'Train on this' }).click();
    await page.getByRole('button', { name: /^Train / }).click();
    await expect
      .poll(() => page.getByTestId('run-state').innerText(), { timeout: 60_000 })
      .toContain('Finished');
    // A run is not shown beside data that have changed as if they were its own.
    expect(await page.getByTestId('run-data-note').count()).toBe(0);
    const added = join(served.project, 'data', upload!, folder!, '3/more.png');
    await cp(join(files, folder!, '7/copy.png'), added);
    await page.keyboard.press('Alt+2');
    await page.getByRole('button', { name: 'Import the change' }).click();
    await says('10 class folders with 123 images');
    await page.keyboard.press('Alt+3');
    await page.getByTestId('run-data-note').getByText('The data have changed since').waitFor();
  });

  test('data of every kind are recognised, shaped to the model, and trained on', async () => {
    const kinds = [
      ['flat', /40 images/],
      ['pairs', /39 pairs/],
      ['table', /40 rows/],
      ['hub', /80 rows/],
      ['keras.npz', /arrays|npz/],
      ['idx', /2 IDX files/],
    ] as const;
    for (const [i, [name, words]] of kinds.entries()) {
      await page.keyboard.press('Alt+2');
      await drop(name);
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await expect.poll(recognised, { timeout: 60_000 }).toMatch(words);
      await says('shapes agree');
      await page.getByRole('button', { name: 'Train on this' }).click();
      await page.keyboard.press('Control+Enter');
      await page
        .getByRole('banner')
        .getByText(`Run ${i + 1}`)
        .waitFor();
      const state = () => page.getByTestId('run-state').innerText();
      await expect.poll(state, { timeout: 60_000 }).toMatch(/Finished|Failed/);
      expect(`${name}: ${await state()}`).toContain(`${name}: Finished`);
    }
  });

  test('what feeds the model can be changed, and the change undone', async () => {
    await drop('pairs');
    await says('Columns to model');
    await page.getByRole('heading', { name: 'pairs' }).waitFor();
    await page.getByLabel('Task').selectOption('classify');
    await says(/do(es)? not fit/);
    expect(await page.getByRole('button', { name: 'Train on this' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Undo' }).click();
    await says('shapes agree');
    const columns = async () => (await projectFile()).training.columns;
    await page.getByLabel('target decoder').selectOption({ label: 'target' });
    await expect.poll(columns).toEqual({ inputs: {}, outputs: { decoder: 'target' } });
    await says('shapes agree');
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(columns).toEqual({ inputs: {}, outputs: {} });
  });

  test('an upload is cancelled, and leaves nothing behind', async () => {
    await page.route('**/upload/**', () => {});
    await drop('flat');
    const row = page.getByTestId('import').filter({ hasText: 'flat' });
    await row.getByText('Uploading').waitFor();
    await page.getByRole('button', { name: 'Cancel flat' }).click();
    await row.waitFor({ state: 'detached' });
    expect(await page.getByTestId('incoming-problem').count()).toBe(0);
    await expect.poll(() => readdir(join(served.project, 'data'))).toEqual([]);
  });

  test('names that no folder should hold, and more than is taken, are refused in words', async () => {
    await drop('strange');
    const problem = page.getByTestId('incoming-problem').last();
    await problem.getByText('has a character in its name').waitFor();
    await served.remove();
    served = await serveStudio({}, ['--upload-limit', '1']);
    await page.goto(served.url);
    await drop('large');
    await problem.getByText('an upload takes at most').waitFor();
    await problem.getByText('Give the folder').waitFor();
  });

  test('a folder with nothing to train on says what it holds and what would be understood', async () => {
    await drop('nothing');
    await says(
      /nothing holds 1 \.md, which is nothing to train on; what would be: folders of images/,
    );
  });

  test('a path is typed, and corrected to be without classes', async () => {
    await page.keyboard.press('Alt+2');
    await page.getByPlaceholder('Path on this machine').fill(join(files, 'Ziffern ñ 数'));
    await page.keyboard.press('Enter');
    await says('10 class folders with 122 images');
    await page.getByRole('button', { name: 'Correct' }).click();
    await page.getByLabel('Taken for').selectOption('images');
    await says(/121 images · 28×28×1 ·/);
    await expect.poll(text, { timeout: 60_000 }).not.toContain('class folders');
  });
});
