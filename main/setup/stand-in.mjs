import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { electronVersion } from './electron.mjs';

/** What marks the place of the fuses in Electron's executable: then the version of their list, its length, and each. */
const fuses = `dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x09${'0'.repeat(9)}`;

/**
 * Makes a folder that packaging can take for Electron's on Linux: everything is there but Electron, and its
 * executable says so when it is run.
 * @param {string} folder is made anew
 */
export function makeStandIn(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'resources'), { recursive: true });
  mkdirSync(join(folder, 'locales'));
  const script = `#!/bin/sh\necho 'This is a stand-in: Electron was not there when the app was packed.' >&2\nexit 1\n`;
  writeFileSync(join(folder, 'electron'), `${script}# ${fuses}\n`);
  chmodSync(join(folder, 'electron'), 0o755);
  writeFileSync(join(folder, 'version'), electronVersion());
  for (const file of ['LICENSE', 'LICENSES.chromium.html'])
    writeFileSync(join(folder, file), 'A stand-in for Electron.\n');
  writeFileSync(join(folder, 'locales/en-US.pak'), '');
}
