import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { templateProject } from '../../main/service/templates.ts';
import { hasChromium, launchBrowser } from '../browser/chromium.ts';

const root = join(import.meta.dirname, '../..');
const WAIT = { timeout: 60_000 };

async function serve(project: string): Promise<{ child: ChildProcess; url: string }> {
  const cli = join(root, 'dist/main/cli.js');
  const child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--project', project]);
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}: ${said}`)));
  });
  return { child, url };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

describe.skipIf(!hasChromium)('a run is controlled in a browser', () => {
  let browser: Browser;
  let project: string;
  let page: Page;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    project = await mkdtemp(join(tmpdir(), 'matryoshka-control-'));
    const { training, ...rest } = templateProject('autoencoder');
    const short = { limit: 128, batch_size: 32, epochs: 2000, engine: 'onnx' };
    const content = { version: 1, ...rest, training: { ...training, ...short } };
    await writeFile(join(project, 'project.json'), JSON.stringify(content));
  });
  afterAll(async () => {
    await browser.close();
    for (const child of children) await end(child, 'SIGKILL');
    await rm(project, { recursive: true, force: true });
  });

  const open = async () => {
    const { child, url } = await serve(project);
    children.push(child);
    const opened = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      locale: 'en-US',
    });
    await opened.goto(url);
    return { child, page: opened };
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
    await end(second.child, 'SIGINT');
    await second.page.close();

    await page.getByRole('button', { name: 'More for this run' }).click();
    await page.getByRole('menuitem', { name: /Save a checkpoint now/ }).click();
    await end(first.child, 'SIGKILL');
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
