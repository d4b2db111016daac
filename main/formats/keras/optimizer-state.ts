import type { CompileSettings } from '../../../shared/keras/compile-settings.ts';
import { SpecError, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import {
  scalar,
  tensor,
  type NamedTensors,
  type TensorData,
} from '../../../shared/program/tensor.ts';
import { optimizerVariables, type OptimizerVariable } from './optimizer-order.ts';

/** What a `.keras` or H5 file says of the training: its settings, and the optimizer's tensors in the file's order. */
export interface SavedTraining {
  readonly settings: CompileSettings | null;
  readonly optimizer: readonly TensorData[] | null;
}

/**
 * The training of a model from a file. Without tensors the optimizer has not begun; tensors that don't fit its settings
 * are left out, which is said in `notes`.
 */
export function readTraining(
  spec: ModelSpec,
  model: LayerId,
  { settings, optimizer }: SavedTraining,
  notes: string[],
): { settings: CompileSettings; optimizer?: NamedTensors } | undefined {
  if (!settings) return undefined;
  if (!optimizer || optimizer.length === 0) return { settings };
  try {
    const variables = optimizerVariables(spec, model, settings);
    return { settings, optimizer: fit(variables, optimizer) };
  } catch (error) {
    if (!(error instanceof SpecError || error instanceof RangeError)) throw error;
    notes.push(`the optimizer's state is left out: ${error.message}`);
    return { settings };
  }
}

/** The tensors by key. Throws a RangeError where they are not the optimizer's. */
function fit(variables: readonly OptimizerVariable[], saved: readonly TensorData[]): NamedTensors {
  if (saved.length !== variables.length)
    throw new RangeError(`expected ${variables.length} tensors; the file holds ${saved.length}`);
  const values: NamedTensors = {};
  variables.forEach(({ key, name, shape, dtype }, i) => {
    const value = saved[i]!;
    if (String(value.shape) !== String(shape))
      throw new RangeError(
        `${key ?? name} has shape (${shape.join(', ')}); the file holds (${value.shape.join(', ')})`,
      );
    if (!value.data.every(Number.isFinite))
      throw new RangeError(`${key ?? name} holds what is no number to compute with`);
    if (key) values[key] = tensor(value.data, shape, dtype);
  });
  return values;
}

/**
 * The optimizer's tensors in Keras's order. Throws an Error where one is missing: then there is no state to write.
 */
export function savedOptimizer(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
  optimizer: NamedTensors,
): { variables: readonly OptimizerVariable[]; tensors: readonly TensorData[] } {
  const variables = optimizerVariables(spec, model, settings);
  const rate = settings.optimizer.config['learning_rate'];
  const tensors = variables.map(({ key, name }) => {
    if (key === null) return scalar(typeof rate === 'number' ? rate : 0.001);
    const value = optimizer[key];
    if (!value) throw new Error(`the optimizer's ${name} for ${key} is missing`);
    return value;
  });
  return { variables, tensors };
}
