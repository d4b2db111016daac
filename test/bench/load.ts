import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { rolldown } from 'rolldown';
import { forkTrainer } from '../../main/service/fork-trainer.ts';
import { openStudio } from '../../main/service/studio.ts';
import { serveWeb } from '../../main/web/server.ts';
import type { StudioListener } from '../../shared/api/contract.ts';
import { isActive } from '../../shared/api/events.ts';
import { createEventFeed } from '../../renderer/stores/event-feed.ts';
import { createStudioClient } from '../../shared/api/rpc.ts';
import { findChromium } from '../browser/find-chromium.ts';
import { markdownTable, median } from './stats.ts';
import { socketTo } from './window.ts';

const CLIENTS = 20;
const STEPS = 100_000;

/** One of the clients neither reads nor answers after its first seconds; one connects anew every few seconds. */
const STOPS_AFTER = 5_000;
const COMES_AGAIN = 7_000;

/**
 * Prints how the service and a page bear 1,000 steps a second over 100,000 steps with 20 clients: memory, events lost
 * or doubled, and the time from the end of a step to the frame of the screen that shows it.
 */
export async function benchLoad(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'load-'));
  const program = join(folder, 'trainer.mjs');
  const bundle = await rolldown({ input: 'test/bench/load-trainer.ts', platform: 'node' });
  await bundle.write({ file: program, format: 'esm' });
  const startTrainer = () => forkTrainer(program);
  const studio = await openStudio({ folder: join(folder, 'project'), host: 'web', startTrainer });
  const host = await serveWeb(studio);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const clients = await Promise.all(Array.from({ length: CLIENTS - 1 }, () => client(host.url)));
    const { project } = await studio.service.snapshot();
    const training = { ...project.training, epochs: STEPS / 10_000, batch_size: 1 };
    await studio.service.saveProject({ ...project, training, revision: undefined });
    await page.goto(host.url);
    await page.evaluate(watchFrames);
    await page.getByRole('button', { name: 'Train autoencoder' }).click();
    const runs = async () => (await studio.service.snapshot()).runs;
    while ((await runs()).length === 0) await pause(50);
    const { id } = (await runs())[0]!;
    for (const one of clients) one.follow(id);

    const memory: number[] = [];
    const began = performance.now();
    setTimeout(() => clients[1]!.stopReading(), STOPS_AFTER);
    const again = setInterval(() => void clients[2]!.reconnect(), COMES_AGAIN);
    while (isActive((await runs())[0]!.state)) {
      await pause(1000);
      globalThis.gc?.();
      memory.push(process.memoryUsage.rss());
    }
    clearInterval(again);
    const seconds = (performance.now() - began) / 1000;
    await pause(2000);
    const frames = await page.evaluate<[number, number][]>('window.frames_');
    const stored = await studio.service.runEvents({ id, after: 0 });
    const first = stored.find((event) => event.type === 'steps')!;
    const ages = latencies(frames, first.losses[0]! - first.first);
    const whole = stored.length;
    const counted = clients.filter((_, i) => i !== 1);
    const lost = counted.map(({ seqs }) => whole - new Set(seqs).size);
    const doubled = counted.map(({ seqs }) => seqs.length - new Set(seqs).size);
    const at = (share: number) => `${ages[Math.floor(ages.length * share)]!.toFixed(0)} ms`;
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    const part = Math.max(1, Math.floor(memory.length / 10));
    console.log(
      `\n${STEPS.toLocaleString('en')} steps in ${seconds.toFixed(0)} s to ${CLIENTS} clients, one of which stops reading and one comes again every ${COMES_AGAIN / 1000} s\n`,
    );
    console.log(
      markdownTable(
        ['what', 'measured'],
        [
          ['events on disk', String(whole)],
          ['events lost, all clients', String(lost.reduce((a, b) => a + b, 0))],
          ['events doubled, all clients', String(doubled.reduce((a, b) => a + b, 0))],
          ['steps that the page shows', (frames.at(-1)?.[1] ?? 0).toLocaleString('en')],
          ['memory of service and bench, first tenth', mib(median(memory.slice(0, part)))],
          ['the same, last tenth', mib(median(memory.slice(-part)))],
          ['step to pixel, median', at(0.5)],
          ['step to pixel, 95th percentile', at(0.95)],
          ['step to pixel, 99th percentile', at(0.99)],
        ],
      ),
    );
  } finally {
    await browser.close();
    await host.close();
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openBrowser() {
  const found = await findChromium();
  if (!found) throw new Error('There is no Chromium here.');
  return chromium.launch({
    executablePath: found.path,
    env: { ...process.env, ...found.env },
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

/** A window as far as events go: it follows a run and keeps the numbers of the events that it is told. */
async function client(url: string) {
  const seqs: number[] = [];
  let socket = await socketTo(url);
  const listener: StudioListener = {
    runEvents: (id, events) => feed.receive(id, events),
    runChanged: () => {},
    projectChanged: () => {},
    importChanged: () => {},
    datasetsChanged: () => {},
    deviceUsage: () => {},
    enginesTried: () => {},
  };
  let service = createStudioClient(socket.channel, listener);
  const feed = createEventFeed((id, after) => service.runEvents({ id, after, most: 128 * 1024 }));
  return {
    seqs,
    follow: (id: string) => feed.follow(id, (events) => seqs.push(...events.map(({ seq }) => seq))),
    stopReading: () => socket.pause(),
    async reconnect() {
      socket.close();
      socket = await socketTo(url);
      service = createStudioClient(socket.channel, listener);
      feed.refill();
    },
  };
}

/** In the page: how many steps the chart says that it shows, as of each frame of the screen after which that is new. */
const watchFrames = `(() => {
  window.frames_ = [];
  let seen = 0;
  const look = () => {
    const label = document.querySelector('canvas[aria-label^="Loss over"]')?.ariaLabel ?? '';
    const steps = Number(/over ([\\d,]+) steps/.exec(label)?.[1]?.replaceAll(',', '') ?? 0);
    if (steps > seen) {
      seen = steps;
      requestAnimationFrame(() => window.frames_.push([Date.now(), steps]));
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

/** How old each step was, in ms, when a frame showed it first. */
function latencies(frames: readonly (readonly [time: number, steps: number])[], begin: number) {
  const ages: number[] = [];
  let shown = 0;
  for (const [time, steps] of frames)
    for (; shown < steps; shown++) ages.push(time - (begin + shown + 1));
  return ages.toSorted((a, b) => a - b);
}
