import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryOnce } from './natives.mjs';
import { root, run } from './steps.mjs';

const folder = join(root, 'node_modules/electron');

/** The executable inside Electron's folder. */
const executable =
  process.platform === 'darwin'
    ? 'Electron.app/Contents/MacOS/Electron'
    : process.platform === 'win32'
      ? 'electron.exe'
      : 'electron';

/** Electron's folder: the one that ELECTRON_OVERRIDE_DIST_PATH names, else the one its package keeps. */
export function electronFolder() {
  return process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist');
}

/** Electron's executable where it is whole. @returns {string | undefined} */
export function electronBinary() {
  const binary = join(electronFolder(), executable);
  if (!existsSync(binary)) return undefined;
  // The package writes this file last, so without it the unpacking was cut off.
  if (!process.env.ELECTRON_OVERRIDE_DIST_PATH && !existsSync(join(folder, 'path.txt')))
    return undefined;
  return binary;
}

/**
 * Electron's executable, fetched where it is missing; undefined where it can't be had within two minutes.
 * @param {boolean} [again] tries even when it lately failed
 */
export async function ensureElectron(again = false) {
  const fetch = (/** @type {number} */ seconds) =>
    run(process.execPath, [join(folder, 'install.js')], { seconds });
  if (!electronBinary() && !process.env.ELECTRON_OVERRIDE_DIST_PATH)
    await tryOnce('Electron', 120, fetch, again);
  return electronBinary();
}

/** Electron's version, from its package. @returns {string} */
export function electronVersion() {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
}

/** Whether windows can open here. */
export function hasDisplay() {
  return (
    process.platform !== 'linux' ||
    Boolean(process.env.DISPLAY) ||
    Boolean(process.env.WAYLAND_DISPLAY)
  );
}
