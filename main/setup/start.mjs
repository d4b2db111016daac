import './node-version.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensureBuilt } from './build.mjs';
import { runCli } from './cli.mjs';
import { ensureElectron, hasDisplay } from './electron.mjs';
import { ensureNatives } from './natives.mjs';
import { ensurePackages } from './packages.mjs';
import { SetupError, main, root, say } from './steps.mjs';

/** An Electron that ends badly this soon after its start has not opened a window. */
const birth = 5000;

/**
 * Opens the studio in Electron and waits until it is closed.
 * @param {string} binary @param {readonly string[]} args
 * @returns {Promise<number | undefined>} its exit code; undefined when it never got going
 */
async function openElectron(binary, args) {
  const start = performance.now();
  const child = spawn(binary, [root, ...args], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit').catch(() => [1]);
  return code !== 0 && performance.now() - start < birth ? undefined : (code ?? 1);
}

/**
 * `npm start [-- --web | --desktop] [options of serve]`: sets up what is missing, builds what is stale, then opens the
 * studio: in Electron where there is one and a display, else from a local server in the browser.
 */
main(async () => {
  const args = process.argv.slice(2).filter((arg) => arg !== '--web' && arg !== '--desktop');
  const web = process.argv.includes('--web');
  const desktop = process.argv.includes('--desktop');
  await ensurePackages();
  await ensureNatives();
  const windows = hasDisplay();
  const electron = web || !(windows || desktop) ? undefined : await ensureElectron(desktop);
  await ensureBuilt();
  if (electron) {
    say(`Opening the studio in Electron (${electron})`);
    const code = await openElectron(electron, args);
    if (code !== undefined) return code;
  }
  const why = web
    ? '--web'
    : electron
      ? 'Electron did not start'
      : windows
        ? 'Electron is not here'
        : 'there is no display';
  if (desktop) throw new SetupError(`The desktop app can't open: ${why}.`);
  say(`Serving the studio to the browser (${why})`);
  return runCli(['serve', '--open', ...args]);
});
