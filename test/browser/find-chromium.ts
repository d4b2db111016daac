import { execFile } from 'node:child_process';
import { access, constants, mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A Chromium that starts, and what it needs in its environment. */
export interface Chromium {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

const commands = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
];

/** Where installers put Chromium without putting it on the PATH. */
const installed: readonly string[] =
  process.platform === 'darwin'
    ? ['Chromium', 'Google Chrome', 'Microsoft Edge'].map(
        (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
      )
    : process.platform === 'win32'
      ? [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA]
          .filter((folder) => folder !== undefined)
          .flatMap((folder) => [
            join(folder, 'Google/Chrome/Application/chrome.exe'),
            join(folder, 'Chromium/Application/chrome.exe'),
            join(folder, 'Microsoft/Edge/Application/msedge.exe'),
          ])
      : [];

function ofSystem(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [
    ...folders.flatMap((folder) => commands.map((command) => join(folder, command))),
    ...installed,
  ];
}

/** Where Playwright's own installer puts Chromium, the newest first. */
async function ofPlaywright(): Promise<string[]> {
  const caches: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(homedir(), 'Library/Caches'),
    win32: process.env.LOCALAPPDATA ?? join(homedir(), 'AppData/Local'),
  };
  const cache = caches[process.platform] ?? process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const root = process.env.PLAYWRIGHT_BROWSERS_PATH ?? join(cache, 'ms-playwright');
  const builds = (await readdir(root).catch(() => []))
    .filter((name) => /^chromium(_headless_shell)?-\d+$/.test(name))
    .sort((a, b) => Number(b.split('-')[1]) - Number(a.split('-')[1]));
  const executables = [
    'chrome-linux/chrome',
    'chrome-linux64/chrome',
    'chrome-linux/headless_shell',
    'chrome-headless-shell-linux64/chrome-headless-shell',
    'chrome-mac/Chromium.app/Contents/MacOS/Chromium',
    'chrome-win/chrome.exe',
    'chrome-win64/chrome.exe',
  ];
  return builds.flatMap((build) => executables.map((inside) => join(root, build, inside)));
}

/** The last version that runs on Node 20. */
const packaged = '@sparticuz/chromium@143.0.4';
const store = join(import.meta.dirname, '../../node_modules/.cache/chromium');

/**
 * Chromium from the npm registry, unpacked into node_modules/.cache with the libraries and fonts that a bare system
 * lacks. Linux x64 alone.
 */
async function ofPackage(): Promise<Chromium | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const unpacked = join(store, 'unpacked');
  const chromium = {
    path: join(unpacked, 'chromium'),
    env: {
      LD_LIBRARY_PATH: join(unpacked, 'al2023/lib'),
      FONTCONFIG_PATH: join(unpacked, 'fonts'),
    },
  };
  if (await starts(chromium)) return chromium;
  await mkdir(unpacked, { recursive: true });
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--no-save'];
  await run('npm', ['install', '--prefix', store, ...flags, packaged], { timeout: 180_000 });
  // The package unpacks into the temporary folder, and its libraries only where it believes to be in a function.
  const unpack = "import('@sparticuz/chromium').then(({ default: it }) => it.executablePath())";
  await run(process.execPath, ['--eval', unpack], {
    cwd: store,
    env: { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: 'nodejs22.x' },
    timeout: 60_000,
  });
  return (await starts(chromium)) ? chromium : undefined;
}

/** True when it is there and tells its version. On Windows, where it tells nothing, being there is enough. */
async function starts({ path, env }: Chromium): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    if (process.platform !== 'win32')
      await run(path, ['--version'], { env: { ...process.env, ...env }, timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * A Chromium that starts: the one at CHROMIUM_PATH, the system's, Playwright's, else the one that comes as an npm
 * package; undefined when there is none. Throws when CHROMIUM_PATH names one that does not start.
 */
export async function findChromium(): Promise<Chromium | undefined> {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (await starts({ path: named, env: {} })) return { path: named, env: {} };
    throw new Error(`CHROMIUM_PATH is ${named}, which is no Chromium that starts.`);
  }
  for (const path of [...ofSystem(), ...(await ofPlaywright())])
    if (await starts({ path, env: {} })) return { path, env: {} };
  return ofPackage().catch((error: unknown) => {
    console.warn(`No Chromium from the registry: ${(error as Error).message}`);
    return undefined;
  });
}
