import { chromium } from 'playwright-core';
import { rolldown } from 'rolldown';
import { findChromium } from '../browser/find-chromium.ts';

/**
 * Times an update of the loss chart with many steps, in Chromium; the studio makes at most ten a second:
 * npx rolldown test/bench/loss-chart.ts --platform node --format esm --external playwright-core --external rolldown --file FILE
 * node FILE
 */
const bundle = await rolldown({ input: 'test/bench/loss-chart-page.ts', platform: 'browser' });
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
  for (const steps of [1000, 10_000, 100_000, 1_000_000]) {
    const { thin, draw } = await page.evaluate<{ thin: number; draw: number }>(`time(${steps})`);
    console.log(
      `${steps.toLocaleString('en').padStart(9)} steps: thinned in ${thin.toFixed(2)} ms, drawn in ${draw.toFixed(2)} ms`,
    );
  }
} finally {
  await browser.close();
}
