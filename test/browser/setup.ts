import type { TestProject } from 'vitest/node';
import { findChromium } from './find-chromium.ts';

const missing = `
##################################################################
#                                                                #
#   BROWSER TESTS SKIPPED: no Chromium was found here.           #
#                                                                #
#   The studio's own screens go untested in this run. Install    #
#   Chromium or Chrome, or set CHROMIUM_PATH, and run again.     #
#                                                                #
##################################################################
`;

/** Finds Chromium once for all browser tests, and says loudly when there is none. */
export default async function setup(project: TestProject): Promise<void> {
  const chromium = await findChromium();
  project.provide('chromium', chromium ?? null);
  if (chromium) console.log(`Browser tests run in ${chromium.path}`);
  else console.warn(missing);
}
