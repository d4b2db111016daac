import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);

/** The packages whose JavaScript can run over the stand-in. */
export type NativePackage = 'tfjs-node' | 'tfjs-node-gpu';

/** Where a package of tfjs is installed, with or without its addon; null where it is not. */
export function installedPackage(name: NativePackage): string | null {
  try {
    return dirname(require.resolve(`@tensorflow/${name}/package.json`));
  } catch {
    return null;
  }
}

/**
 * Puts the installed package's own JavaScript into `folder/node_modules`, with the stand-in in the place of its native
 * addon. A program in `folder` finds this copy first, and everything else above.
 */
export async function installStandIn(folder: string, name: NativePackage): Promise<void> {
  const to = placeIn(folder, name);
  for (const part of ['package.json', 'dist'])
    await cp(join(installedPackage(name)!, part), join(to, part), { recursive: true });
  await putAddon(folder, name, await bundledStandIn());
}

/** Puts these bytes, or null: nothing, in the place of the addon of the package that was put into `folder`. */
export async function putAddon(
  folder: string,
  name: NativePackage,
  addon: Uint8Array | string | null,
): Promise<void> {
  const lib = join(placeIn(folder, name), 'lib/napi-v8');
  await rm(lib, { recursive: true, force: true });
  if (addon === null) return;
  await mkdir(lib, { recursive: true });
  await writeFile(join(lib, 'tfjs_binding.node'), addon);
}

function placeIn(folder: string, name: NativePackage): string {
  return join(folder, 'node_modules/@tensorflow', name);
}

/** What makes a Node process load the stand-in as an addon: its `NODE_OPTIONS`. This one imports `load-addon.mjs`. */
export const LOADING = `--import ${pathToFileURL(join(import.meta.dirname, 'load-addon.mjs')).href}`;

let bundled: Promise<string> | undefined;

/** The stand-in as one CommonJS file. */
function bundledStandIn(): Promise<string> {
  bundled ??= (async () => {
    const bundle = await rolldown({
      input: join(import.meta.dirname, 'binding.ts'),
      platform: 'node',
      logLevel: 'silent',
    });
    const { output } = await bundle.generate({ format: 'cjs' });
    await bundle.close();
    return output[0].code;
  })();
  return bundled;
}
