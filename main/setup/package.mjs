import './node-version.mjs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { electronFolder, ensureElectron } from './electron.mjs';
import { ensurePackages } from './packages.mjs';
import { makeStandIn } from './stand-in.mjs';
import { SetupError, main, root, runTool, say } from './steps.mjs';

const loud = `
####################################################################
#                                                                  #
#   Electron is not here, so this is packed over a STAND-IN:       #
#   everything is in its place but Electron itself, and the app    #
#   will not open.                                                 #
#                                                                  #
####################################################################
`;

/**
 * Where electron-builder finds Electron; undefined where it is to fetch it itself.
 * @param {readonly string[]} args @returns {Promise<string | undefined>}
 */
async function electronFor(args) {
  const foreign = args.some((arg) => /^(-[mwol]+|--(mac|macos|win|windows|linux))$/.test(arg));
  if (foreign) return undefined;
  if (await ensureElectron()) return electronFolder();
  if (!args.includes('--dir'))
    throw new SetupError(
      'Installers need Electron, which could not be fetched. `npm run package -- --dir` packs the app without it.',
    );
  if (process.platform !== 'linux')
    throw new SetupError('Electron could not be fetched, and the stand-in for it is for Linux.');
  const folder = join(root, 'node_modules/.cache/matryoshka/stand-in');
  makeStandIn(folder);
  say(loud);
  return folder;
}

/** `npm run package [-- --dir | options of electron-builder]`: packs the desktop app into release/. */
main(async () => {
  const args = process.argv.slice(2);
  await ensurePackages();
  await ensureBuilt();
  const electron = await electronFor(args);
  const config = electron ? [`--config.electronDist=${electron}`] : [];
  return runTool('electron-builder/cli.js', ['--publish', 'never', ...args, ...config]);
});
