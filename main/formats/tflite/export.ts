import type { ExportOptions } from '../../../shared/api/exports.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import { zeros, sizeOf, type NamedTensors } from '../../../shared/program/tensor.ts';
import { planBy, valueOf, type Exporter, type ExportSource } from '../exporter.ts';
import { predictProgram } from '../predict-program.ts';
import { withConstants } from '../static-values.ts';
import { encodeTflite } from './encode.ts';
import { lowerToTflite, NotInTflite } from './lower.ts';

/**
 * TensorFlow Lite, for phones: float32, a fixed batch (1 unless told), channels last, operators of the runtime itself.
 * What it has no operator for is named with the layers that need it.
 */
export const tfliteExporter: Exporter = {
  plan: (source, options) =>
    planBy((notes) => {
      const { variables } = predictProgram(source, options);
      const nothing = Object.fromEntries(
        variables.map(({ key, shape, dtype = 'float32' }) => [
          key,
          { shape, dtype, data: zeros(dtype, sizeOf(shape)) },
        ]),
      );
      lowered(source, nothing, options);
      if (options.batch === 1) notes.push('TensorFlow Lite takes one sample at a time here');
    }),
  files(source, variables, options, name) {
    const { path } = source;
    const about = `The model ${path}, written by Matryoshka.`;
    const bytes = encodeTflite(lowered(source, variables, options), path.split('/').at(-1)!, about);
    return { [`${name}.tflite`]: bytes };
  },
};

function lowered(source: ExportSource, variables: NamedTensors, options: ExportOptions) {
  const predict = predictProgram(source, options);
  const used = new Set(nodesOf(predict.program, 'variable').map(({ attrs }) => attrs.name));
  const values = Object.fromEntries(
    predict.variables
      .filter(({ key }) => used.has(key))
      .map((variable) => [variable.key, valueOf(variable, variables)]),
  );
  try {
    return lowerToTflite(withConstants(predict.program, values), predict.inputs, predict.outputs);
  } catch (error) {
    if (!(error instanceof NotInTflite)) throw error;
    const layers = predict.layersUsing(error.op);
    const who = layers.length > 0 ? layers.join(', ') : source.path;
    throw new Error(`${who}: TensorFlow Lite has no ${error.message}`, { cause: error });
  }
}
