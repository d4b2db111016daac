import type { CompileSettings } from '../../../shared/keras/compile-settings.ts';
import { optimizerOf } from '../../../shared/keras/optimizers/catalogue.ts';
import type { LayerId, ModelSpec } from '../../../shared/keras/spec.ts';
import { compileModel, type SlotSpec } from '../../../shared/program/step.ts';
import type { DType } from '../../../shared/program/tensor.ts';

/** A tensor of the optimizer, as Keras lists them. */
export interface OptimizerVariable {
  /** Its key here; null for the learning rate, which is a setting. */
  readonly key: string | null;
  /** Keras's name of it: `iteration`, `velocity`. */
  readonly name: string;
  /** The key of the variable that it belongs to. */
  readonly variable: string | null;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** Slots that Keras makes for all variables before it makes the next kind. */
const APART = new Set(['average', 'gradient_accumulator', 'velocity_hat', 'average_gradient']);

/**
 * The optimizer's tensors in Keras's order: the count of updates, the learning rate where it is a number, then the
 * slots, those of one kind of optimizer variable by variable. Throws a SpecError for settings that can't be compiled.
 * Source: `build` of the classes in keras.src.optimizers.
 */
export function optimizerVariables(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
): OptimizerVariable[] {
  const { slots } = compileModel(spec, model, settings);
  const { className } = optimizerOf(settings.optimizer);
  const apart = ({ slot }: SlotSpec) => className === 'RMSprop' || APART.has(slot);
  const own = slots.filter(({ variable }) => variable !== null);
  const kinds = [...new Set(own.map((slot) => (apart(slot) ? slot.slot : '')))];
  const before = ['average', 'gradient_accumulator'].filter((kind) => kinds.includes(kind));
  const order = [...before, ...kinds.filter((kind) => !before.includes(kind))];
  const inOrder = order.flatMap((kind) =>
    own.filter((slot) => (apart(slot) ? slot.slot : '') === kind),
  );
  const once = slots.filter(({ variable }) => variable === null);
  const rate = settings.optimizer.config['learning_rate'];
  const scheduled = typeof rate === 'object' && rate !== null;
  const scalar = (key: string | null, name: string, dtype: DType) => ({
    key,
    name,
    variable: null,
    shape: [],
    dtype,
  });
  return [
    scalar('optimizer/iteration', 'iteration', 'int32'),
    ...(scheduled ? [] : [scalar(null, 'learning_rate', 'float32')]),
    ...[...inOrder, ...once].map(({ key, slot, variable, shape }) => ({
      key,
      name: slot,
      variable,
      shape,
      dtype: 'float32' as const,
    })),
  ];
}
