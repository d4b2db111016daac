import type { TensorData } from '../../../shared/program/tensor.ts';
import type { OpenFile } from './opened.ts';

/** ONNX Runtime on the processor. */
export const openOnnx: OpenFile = async (target, { inputs, outputs }) => {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(target, {
    executionProviders: ['cpu'],
    logSeverityLevel: 4,
  });
  return {
    runtime: `ONNX Runtime ${env.versions.node ?? ''}`.trim(),
    async run(values) {
      const feeds = Object.fromEntries(
        inputs.map(({ name, dtype }, i) => {
          const { data, shape } = values[i]!;
          return [name, new Tensor(dtype, data as never, shape)];
        }),
      );
      const results = await session.run(feeds);
      return outputs.map(({ name, dtype }) => {
        const { dims, data } = results[name]!;
        return { shape: dims, dtype, data: data as TensorData['data'] };
      });
    },
    close: () => session.release(),
  };
};
