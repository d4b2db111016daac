import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { templateProject } from '../../main/service/templates.ts';
import { findChromium } from '../browser/find-chromium.ts';
import { markdownTable, median } from './stats.ts';
import { rootOf } from './torch-peer.ts';

const SECONDS = 6;
/** Of a screen of 60 Hz. */
const FRAME = 1000 / 60;

/** How a scroll went: times between frames, and what the page itself worked for each, in ms. */
interface Scrolled {
  readonly frames: number[];
  readonly work: number[];
}

/** Scrolls through the 70,000 samples of MNIST in the studio's grid, in Chromium, and times the frames. */
export async function benchGrid(): Promise<void> {
  const found = await findChromium();
  if (!found) return console.log('\nSKIPPED the grid: there is no Chromium here.\n');
  console.log(`\nThe grid of 70,000 samples, scrolled for ${SECONDS} s in Chromium\n`);
  const project = mkdtempSync(join(tmpdir(), 'bench-grid-'));
  const content = { version: 1, ...templateProject('autoencoder') };
  writeFileSync(join(project, 'project.json'), JSON.stringify(content));
  const cli = join(rootOf(), 'dist/main/cli.js');
  const server = spawn(process.execPath, [cli, 'serve', '--port', '0', '--project', project]);
  const browser = await chromium.launch({
    executablePath: found.path,
    env: { ...process.env, ...found.env },
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
    await page.goto(await addressOf(server.stdout));
    await page.keyboard.press('Alt+2');
    await page.getByRole('radio', { name: 'All' }).click();
    await page.locator('[role=option] i[style*="blob:"]').first().waitFor();
    const rows: string[][] = [];
    for (const pixels of [400, 3000, 30_000]) {
      const { frames, work } = await scroll(page, pixels);
      const late = frames.filter((time) => time > 1.5 * FRAME).length / frames.length;
      rows.push([
        pixels.toLocaleString('en'),
        (1000 / median(frames)).toFixed(0),
        `${(late * 100).toFixed(1)} %`,
        median(work).toFixed(1),
        percentile(work, 0.99).toFixed(1),
      ]);
    }
    const heads = ['px a second', 'frames/s', 'late', 'work a frame, ms', '99 % within, ms'];
    console.log(markdownTable(heads, rows));
  } finally {
    await browser.close();
    server.kill('SIGINT');
    await once(server, 'exit');
    rmSync(project, { recursive: true });
  }
}

async function addressOf(out: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for await (const chunk of out) {
    said += String(chunk);
    const address = /http:\S+/.exec(said);
    if (address) return address[0];
  }
  throw new Error(`serve said no address: ${said}`);
}

/** Scrolls down at this speed, frame by frame. What a frame's tasks took is told by the time until a message arrives. */
function scroll(page: Page, pixelsPerSecond: number): Promise<Scrolled> {
  return page.evaluate(
    ({ speed, seconds }) =>
      new Promise<Scrolled>((resolve) => {
        const grid = document.querySelector<HTMLElement>('[data-testid=sample-grid]')!;
        grid.scrollTop = 0;
        const frames: number[] = [];
        const work: number[] = [];
        const channel = new MessageChannel();
        let began = 0;
        channel.port1.onmessage = () => work.push(performance.now() - began);
        const start = performance.now();
        let last = start;
        const frame = (now: number) => {
          frames.push(now - last);
          last = now;
          began = performance.now();
          grid.scrollTop = ((now - start) / 1000) * speed;
          // Runs once this frame is drawn.
          channel.port2.postMessage(null);
          if (now - start < seconds * 1000) requestAnimationFrame(frame);
          else resolve({ frames: frames.slice(2), work: work.slice(2) });
        };
        requestAnimationFrame(frame);
      }),
    { speed: pixelsPerSecond, seconds: SECONDS },
  );
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))]!;
}
