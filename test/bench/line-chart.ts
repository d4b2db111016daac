import { chromium } from 'playwright-core';
import { rolldown } from 'rolldown';
import { findChromium } from '../browser/find-chromium.ts';

/**
 * Times an update of the large chart with many steps, in Chromium: while steps come in, and while somebody moves along
 * the axis. A screen of 60 frames a second leaves 16.7 ms for each:
 * npx rolldown test/bench/line-chart.ts --platform node --format esm --external playwright-core --external rolldown --file FILE
 * node FILE
 */
const bundle = await rolldown({ input: 'test/bench/line-chart-page.ts', platform: 'browser' });
const { output } = await bundle.generate({ format: 'iife' });
const found = await findChromium();
if (!found) throw new Error('There is no Chromium here.');
const browser = await chromium.launch({
  executablePath: found.path,
  env: { ...process.env, ...found.env },
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const page = await browser.newPage();
  await page.addScriptTag({ content: output[0].code });
  for (const steps of [1000, 100_000, 1_000_000, 5_000_000])
    for (const how of ['live', 'moving']) {
      const call = `time(${steps}, '${how}')`;
      const { fold, thin, draw } = await page.evaluate<Record<string, number>>(call);
      const parts = [fold!, thin!, draw!].map((ms) => ms.toFixed(2));
      console.log(
        `${steps.toLocaleString('en').padStart(9)} steps, ${how.padEnd(6)}: events ${parts[0]} ms, thinned ${parts[1]} ms, drawn ${parts[2]} ms`,
      );
    }
} finally {
  await browser.close();
}
