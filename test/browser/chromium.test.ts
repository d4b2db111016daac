import { describe, expect, test } from 'vitest';
import { hasChromium, launchBrowser } from './chromium.ts';

describe.skipIf(!hasChromium)('the Chromium that the set-up found', () => {
  test('lays out a page and runs its script', async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage({ viewport: { width: 1024, height: 700 } });
      await page.setContent('<main style="width: 50vw">doll</main>');
      const width = await page.locator('main').evaluate((element) => element.clientWidth);
      expect(width).toBe(512);
    } finally {
      await browser.close();
    }
  });
});
