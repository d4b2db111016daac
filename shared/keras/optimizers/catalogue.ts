import { toSnakeCase } from '../names.ts';
import { SpecError, type JsonObject } from '../spec.ts';
import { adam, adamax, adamW, lamb, nadam } from './adam.ts';
import { adadelta, adafactor, adagrad, rmsprop } from './adaptive.ts';
import type { Optimizer, OptimizerDefinition } from './optimizer.ts';
import { ftrl, lion, sgd } from './sgd.ts';

/** Every optimizer by Keras's class name. */
export const optimizers: readonly OptimizerDefinition[] = [
  adam, adamW, nadam, adamax, lamb, rmsprop, adagrad, adadelta, adafactor, sgd, lion, ftrl,
]; // prettier-ignore

/** The classes of optimizers. */
const optimizerNames: readonly string[] = optimizers.map(({ className }) => className);

/** The optimizer of a setting. Names are taken as Keras does: `Adam`, `adam`. Throws a SpecError for an unknown one. */
export function optimizerOf(setting: {
  readonly class_name: string;
  readonly config: JsonObject;
}): Optimizer {
  const wanted = [setting.class_name.toLowerCase(), toSnakeCase(setting.class_name)];
  const found = optimizers.find(({ className }) => wanted.includes(className.toLowerCase()));
  if (!found)
    throw new SpecError(
      'optimizer',
      `unknown optimizer ${setting.class_name}; known are ${optimizerNames.join(', ')}`,
    );
  return found.create(setting.config);
}
