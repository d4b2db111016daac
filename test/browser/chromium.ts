import { type Browser, chromium } from 'playwright-core';
import { inject } from 'vitest';
import type { Chromium } from './find-chromium.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The Chromium that the browser tests drive; null where there is none. */
    chromium: Chromium | null;
  }
}

/** Whether browser tests can run here: `describe.skipIf(!hasChromium)`. The set-up says loudly why not. */
export const hasChromium = inject('chromium') !== null;

/** Starts the Chromium that the set-up found, headless, with a profile of its own. Close it when done. */
export function launchBrowser(): Promise<Browser> {
  const found = inject('chromium');
  if (!found) throw new Error('There is no Chromium here; guard the test with hasChromium.');
  return chromium.launch({
    executablePath: found.path,
    env: { ...process.env, ...found.env },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}
