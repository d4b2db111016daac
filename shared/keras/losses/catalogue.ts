import type { z } from 'zod';
import { plainValue } from '../keras-json-config.ts';
import { SpecError, type JsonObject } from '../spec.ts';
import { hingeLosses } from './hinge.ts';
import type { Loss, LossDefinition } from './loss.ts';
import { probabilisticLosses } from './probabilistic.ts';
import { regressionLosses } from './regression.ts';
import { sequenceLosses } from './sequences.ts';
import { similarityLosses } from './similarity.ts';

/** Every loss. */
export const losses: readonly LossDefinition[] = [
  ...regressionLosses,
  ...probabilisticLosses,
  ...hingeLosses,
  ...sequenceLosses,
  ...similarityLosses,
];

/** The losses by the names of their functions, e.g. `mean_squared_error`. */
const lossNames: readonly string[] = losses.map(({ names }) => names[0]!);

/** The loss of a setting: a function's name, a class, or `{class_name, config}`. Throws a SpecError otherwise. */
export function lossOf(given: string | JsonObject, path = 'loss'): Loss {
  const name = typeof given === 'string' ? given : String(given['class_name']);
  const found = losses.find(
    ({ className, names }) => className === name || names.includes(name.toLowerCase()),
  );
  if (!found) throw new SpecError(path, `unknown loss ${name}; known are ${lossNames.join(', ')}`);
  try {
    return found.create(typeof given === 'string' ? {} : plainValue(given['config']));
  } catch (error) {
    const issue = (error as z.ZodError).issues[0]!;
    throw new SpecError(path, [found.className, ...issue.path].join('.') + `: ${issue.message}`);
  }
}
