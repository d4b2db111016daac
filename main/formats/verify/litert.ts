import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import type * as litert from '@litertjs/core';

/** The build of LiteRT that every processor runs. */
const SCRIPT = 'litert_wasm_compat_internal.js';

type LiteRt = typeof litert;

let loaded: Promise<LiteRt> | undefined;

/** LiteRT, TensorFlow Lite's runtime, as WebAssembly on the processor. Loaded once a process. */
export function loadLiteRt(): Promise<LiteRt> {
  loaded ??= load();
  return loaded;
}

/**
 * It is made for browsers' workers: while it loads, this process has what it looks for there, and its script is run
 * with Node's own `require`.
 */
async function load(): Promise<LiteRt> {
  const litert = await import('@litertjs/core');
  const entry = fileURLToPath(import.meta.resolve('@litertjs/core'));
  const script = join(dirname(entry), '..', 'wasm', SCRIPT);
  const world = globalThis as unknown as Record<string, unknown>;
  const here = {
    self: globalThis,
    require: createRequire(script),
    __dirname: dirname(script),
    __filename: script,
    importScripts: () =>
      runInThisContext(
        `${readFileSync(script, 'utf8')}\nglobalThis.ModuleFactory = ModuleFactory;`,
        {
          filename: script,
        },
      ),
  };
  const before = Object.keys(here).map((name) => [name, world[name]] as const);
  try {
    Object.assign(world, here);
    await litert.loadLiteRt(script);
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(world, name);
      else world[name] = value;
    }
  }
  return litert;
}
