import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { rolldown, type RolldownOptions } from 'rolldown';
import { inject } from 'vitest';
import { link, type Remote } from '../../shared/api/rpc.ts';
import type { AppControl, AppObserver } from './wire.ts';

const here = import.meta.dirname;
const root = join(here, '../..');
const cache = join(root, 'node_modules/.cache/electron-stand-in');

/** The app, running. */
export interface LaunchedApp {
  readonly control: Remote<AppControl>;
  readonly process: ChildProcess;
  /** The code with which the app's process ends. */
  readonly exit: Promise<number | null>;
  /** The pages of the windows, in any order, once so many have loaded. Pages that were given before are let go. */
  pages(count: number): Promise<Page[]>;
  /** Lets go of the pages that were given. */
  letGo(): Promise<void>;
  /** Ends the app whatever it is doing. */
  kill(): Promise<void>;
}

export interface LaunchOptions {
  /** The folder that stands for the user's: documents, settings and all. Apps with the same one know of each other. */
  readonly home: string;
  readonly args?: readonly string[];
  readonly locale?: string;
  readonly observer?: Partial<AppObserver>;
}

/** Builds the stand-in, once for a test file. */
export async function buildStandIn(): Promise<void> {
  const node: RolldownOptions = {
    platform: 'node',
    external: ['playwright-core'],
    logLevel: 'silent',
  };
  await build({ ...node, input: join(here, 'electron.ts') }, 'electron.mjs', 'esm');
  await build(
    { platform: 'browser', logLevel: 'silent', input: join(here, 'page.ts') },
    'page.js',
    'iife',
  );
}

async function build(
  options: RolldownOptions,
  name: string,
  format: 'esm' | 'iife',
): Promise<void> {
  const bundle = await rolldown(options);
  await bundle.write({ file: join(cache, name), format, codeSplitting: false });
  await bundle.close();
}

/** Starts the app's built main process with the stand-in for Electron. */
export function launchApp({ home, args = [], locale, observer = {} }: LaunchOptions): LaunchedApp {
  const found = inject('chromium')!;
  const child = fork(join(root, 'dist/main/electron.js'), args, {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--import', pathToFileURL(join(here, 'register.mjs')).href],
    env: {
      ...process.env,
      STAND_IN_MODULE: join(cache, 'electron.mjs'),
      STAND_IN_PAGE: join(cache, 'page.js'),
      STAND_IN_PARENT_PORT: join(here, 'parent-port.mjs'),
      STAND_IN_HOME: home,
      STAND_IN_CHROMIUM: found.path,
      STAND_IN_CHROMIUM_ENV: JSON.stringify(found.env),
      ...(locale ? { STAND_IN_LOCALE: locale } : {}),
    },
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const control = link<AppControl, AppObserver>(
    {
      post: (message) => void child.send(message as object, () => {}),
      onMessage: (listener) => void child.on('message', listener),
      onClose: (listener) => void child.on('disconnect', listener),
    },
    {
      messageBox: observer.messageBox ?? unexpected('a message box'),
      openDialog: observer.openDialog ?? unexpected('a dialog'),
      errorBox: observer.errorBox ?? unexpected('an error box'),
      openedOutside: observer.openedOutside ?? unexpected('a page outside'),
    },
  );
  let browser: Browser | undefined;
  return {
    control,
    process: child,
    exit,
    async pages(count) {
      const address = await control.address(count);
      // A debugger that is there while a page is made can hold the page up, so it comes afterwards.
      await browser?.close();
      browser = await chromium.connectOverCDP(address);
      const pages = browser.contexts().flatMap((context) => context.pages());
      return pages.filter((page) => page.url().startsWith('https://studio/'));
    },
    letGo: async () => void (await browser?.close().catch(() => {})),
    async kill() {
      await browser?.close().catch(() => {});
      // The stand-in ends, and Chromium with it, when the test lets go of it.
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exit;
      clearTimeout(timer);
    },
  };
}

function unexpected(what: string): (...args: unknown[]) => never {
  return (...args) => {
    throw new Error(`${what} was not expected: ${JSON.stringify(args)}`);
  };
}
