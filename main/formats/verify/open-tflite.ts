import { readFile } from 'node:fs/promises';
import { tensor } from '../../../shared/program/tensor.ts';
import { loadLiteRt } from './litert.ts';
import type { OpenFile } from './opened.ts';

/** LiteRT, TensorFlow Lite's runtime, on the processor. */
export const openTflite: OpenFile = async (target, { inputs, outputs }) => {
  const { loadAndCompile, Tensor } = await loadLiteRt();
  const model = await loadAndCompile(new Uint8Array(await readFile(target)), {
    accelerator: 'wasm',
  });
  return {
    runtime: 'LiteRT (TensorFlow Lite)',
    async run(values) {
      const fed = Object.fromEntries(
        inputs.map(({ name }, i) => {
          const { data, shape } = values[i]!;
          return [name, new Tensor(data as Float32Array, [...shape])];
        }),
      );
      const results = await model.run(fed);
      const answers = outputs.map(({ name, dtype, shape }) =>
        tensor(results[name]!.toTypedArray(), shape as number[], dtype),
      );
      for (const one of [...Object.values(fed), ...Object.values(results)]) one.delete();
      return answers;
    },
    close: () => model.delete(),
  };
};
