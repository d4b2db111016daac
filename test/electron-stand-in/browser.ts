import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';

let browser: Promise<BrowserContext> | undefined;

/** The app's pages, and where they are for Chromium, which knows no such scheme. */
const APP = 'app://studio/';
const CHROMIUM = 'https://studio/';

/** Chromium's address for one of the app's, and back. Other addresses stay as they are. */
export const toChromium = (url: string): string => url.replace(APP, CHROMIUM);
export const toApp = (url: string): string =>
  url.startsWith(CHROMIUM) ? url.replace(CHROMIUM, APP) : url;

/** The one Chromium of this app, started at first use. */
export function theBrowser(): Promise<BrowserContext> {
  browser ??= start();
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

const profile = mkdtempSync(join(process.env['STAND_IN_HOME']!, 'chromium-'));

function start(): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env['STAND_IN_CHROMIUM']!,
    env: { ...process.env, ...(JSON.parse(process.env['STAND_IN_CHROMIUM_ENV']!) as object) },
    viewport: { width: 1280, height: 800 },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--remote-debugging-port=0',
    ],
  });
}

/** Where another debugger, the test's, connects. */
export async function debuggerAddress(): Promise<string> {
  await theBrowser();
  const [port] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
  return `http://127.0.0.1:${port}`;
}
