import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunSummary, Snapshot } from '../../shared/api/contract.ts';
import type { RunEvent } from '../../shared/api/events.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';
import { hasChromium } from '../browser/chromium.ts';
import {
  buildStandIn,
  launchApp,
  type LaunchedApp,
  type LaunchOptions,
} from '../electron-stand-in/launch.ts';

describe.skipIf(!hasChromium)('the desktop app, over a stand-in for Electron', () => {
  const apps: LaunchedApp[] = [];
  const homes: string[] = [];
  beforeAll(buildStandIn);
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.kill()));
  });
  afterAll(async () => {
    const options = { recursive: true, force: true, maxRetries: 10 };
    await Promise.all(homes.map((place) => rm(place, options)));
  });

  async function newHome(): Promise<string> {
    const home = await mkdtemp(join(tmpdir(), 'matryoshka-desktop-'));
    homes.push(home);
    return home;
  }

  function launch(options: LaunchOptions): LaunchedApp {
    const app = launchApp(options);
    apps.push(app);
    return app;
  }

  test('a page gets the studio from the app, through a port, and can do nothing else', async () => {
    const home = await newHome();
    const opened: string[] = [];
    const app = launch({ home, observer: { openedOutside: (url) => opened.push(url) } });
    const [page] = (await app.pages(1)) as [Page];
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.reload();
    await page.getByRole('button', { name: /^Train autoencoder/ }).waitFor();
    const snapshot = await call<Snapshot>(page, 'snapshot');
    expect(snapshot.datasets[0]).toMatchObject({ data: 'mnist', facts: { samples: 70_000 } });
    expect(snapshot).toMatchObject({
      host: 'electron',
      runs: [],
      project: { folder: join(home, 'documents/Matryoshka/autoencoder') },
    });
    // Nothing that the page does is against its own rules.
    expect(complaints).toEqual([]);

    const answers = await page.evaluate(async () => {
      const paths = ['/', '/none.js', '/..%2f..%2fpackage.json', '/%2e%2e/main/electron.js'];
      const all = await Promise.all(paths.map((path) => fetch(path)));
      return all.map(({ status, headers }) => [status, headers.get('content-security-policy')]);
    });
    expect(answers.map(([status]) => status)).toEqual([200, 404, 404, 404]);
    for (const [, policy] of answers) expect(policy).toContain("default-src 'self'");
    const reached = await page.evaluate(() =>
      fetch('https://evil.example/').then(
        () => true,
        () => false,
      ),
    );
    expect(reached).toBe(false);

    for (const name of ['media', 'geolocation', 'openExternal', 'clipboard-read'])
      expect([name, await app.control.permission(name)]).toEqual([name, false]);
    expect(await app.control.permission('notifications')).toBe(true);
    // The preload script leaves nothing behind that a page could use.
    const names = await page.evaluate(() =>
      Object.keys(window).filter((name) => /electron|ipc|require|process|matryoshka/i.test(name)),
    );
    expect(names).toEqual([]);
    // A frame gets no port, whatever it posts.
    const framed = await page.evaluate(async () => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const got = new Promise((resolve) => {
        frame.contentWindow!.addEventListener('message', ({ ports }) => resolve(ports.length));
        setTimeout(() => resolve(0), 300);
      });
      frame.contentWindow!.postMessage('matryoshka:connect', '*');
      return got;
    });
    expect(framed).toBe(0);

    await app.letGo();
    for (const url of ['https://evil.example/', 'http://keras.io/', 'https://keras.io/api/'])
      await app.control.runInPage(`void window.open('${url}')`);
    await expect.poll(() => opened).toEqual(['https://keras.io/api/']);
    await app.control.runInPage(`location.href = 'https://evil.example/'`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [still] = (await app.pages(1)) as [Page];
    expect(still.url()).toBe('https://studio/');
    expect(
      still
        .context()
        .pages()
        .map((other) => other.url())
        .sort(),
    ).toEqual(['about:blank', 'https://studio/']);
    await app.control.closeWindow();
    expect(await app.exit).toBe(0);
  });

  test('a model trains in a utility process; its death ends the run, not the app; quitting asks and saves', async () => {
    const boxes: string[] = [];
    const answers = [0, 1];
    const app = launch({
      home: await newHome(),
      observer: {
        messageBox: async ({ message, detail, buttons }) => {
          boxes.push([message, detail, ...buttons!].join('|'));
          return answers.shift()!;
        },
      },
    });
    const [page] = (await app.pages(1)) as [Page];
    const settings = trainingSettings.parse({
      model: 'autoencoder',
      epochs: 1000,
      batch_size: 32,
      limit: 256,
    });
    const events = ({ id }: RunSummary) => call<RunEvent[]>(page, 'runEvents', { id, after: 0 });
    const trains = async (run: RunSummary) =>
      (await events(run)).some(({ type }) => type === 'steps');

    const killed = await call<RunSummary>(page, 'startRun', settings);
    await expect.poll(() => trains(killed), { timeout: 60_000 }).toBe(true);
    // Engines were timed in processes that the app started for the trainer, which can't start any itself.
    const plan = (await events(killed)).find(({ type }) => type === 'plan');
    expect(plan).toMatchObject({
      engine: { reason: expect.stringContaining('samples/s') as string },
    });
    // The window has asked what engines there are: that process and its probes end by themselves.
    await expect.poll(app.control.utilityPids, { timeout: 60_000 }).toHaveLength(1);
    const [pid] = await app.control.utilityPids();
    process.kill(pid!, 'SIGKILL');
    await expect
      .poll(async () => (await events(killed)).at(-1), { timeout: 10_000 })
      .toMatchObject({ type: 'state', state: 'failed', error: { code: 'TRAINER_DIED' } });
    expect(await app.control.utilityPids()).toEqual([]);

    const run = await call<RunSummary>(page, 'startRun', settings);
    await expect.poll(() => trains(run), { timeout: 60_000 }).toBe(true);
    await app.control.closeWindow();
    await expect.poll(() => boxes.length).toBe(1);
    expect(boxes[0]).toContain('still training.|');
    const before = (await events(run)).length;
    await expect.poll(async () => (await events(run)).length).toBeGreaterThan(before);
    await app.control.menu('quit');
    expect(await app.exit).toBe(0);
    const record = JSON.parse(await readFile(join(run.folder, 'run.json'), 'utf8')) as object;
    expect(record).toMatchObject({ state: 'stopped' });
    expect(await readdir(join(run.folder, 'checkpoints'))).not.toEqual([]);
  });

  test('a second start opens its project in the first; windows come back; broken projects are said', async () => {
    const home = await newHome();
    const errors: string[][] = [];
    const broken = join(home, 'broken');
    await mkdir(broken);
    await writeFile(join(broken, 'project.json'), '{');
    const first = launch({
      home,
      locale: 'zh-CN',
      observer: {
        openDialog: async () => broken,
        errorBox: (...texts) => void errors.push(texts),
      },
    });
    await first.pages(1);
    expect(await launch({ home }).exit).toBe(0);
    const other = join(home, 'other');
    expect(await launch({ home, args: [`--project=${other}`] }).exit).toBe(0);
    const snapshots = (await first.pages(2)).map((page) => call<Snapshot>(page, 'snapshot'));
    const folders = (await Promise.all(snapshots)).map(({ project }) => project.folder);
    expect(folders.sort()).toEqual([join(home, 'documents/Matryoshka/autoencoder'), other].sort());

    await first.control.menu('打开项目…');
    await expect.poll(() => errors.length).toBe(1);
    expect(errors[0]![0]).toBe('无法打开项目');
    expect(errors[0]![1]).toContain(join(broken, 'project.json'));
    expect(await readFile(join(broken, 'project.json'), 'utf8')).toBe('{');

    const bounds = { x: 40, y: 50, width: 1100, height: 720 };
    await first.control.closeWindow();
    await first.control.setBounds(bounds);
    await first.control.closeWindow();
    expect(await first.exit).toBe(0);
    const again = launch({ home });
    await again.pages(1);
    expect(await again.control.bounds()).toEqual(bounds);
  });
});

/** Calls the service from within a page, as the page's own code does: it asks for a port and speaks over it. */
function call<T>(page: Page, method: string, ...args: unknown[]): Promise<T> {
  return page.evaluate(
    async ([m, a]) => {
      const port = await new Promise<MessagePort>((resolve) => {
        window.addEventListener('message', ({ source, data, ports }) => {
          if (source === window && data === 'matryoshka:port' && ports[0]) resolve(ports[0]);
        });
        window.postMessage('matryoshka:connect', location.origin);
      });
      const answer = await new Promise<{ r?: unknown; e?: unknown }>((resolve) => {
        port.onmessage = ({ data }) => {
          if ((data as { i: string }).i === 'call') resolve(data as object);
        };
        port.postMessage({ t: 'q', i: 'call', m, a });
      });
      port.close();
      if (answer.e) throw new Error(JSON.stringify(answer.e));
      return answer.r as never;
    },
    [method, args] as const,
  );
}
