import type { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { plainValue } from '../keras-json-config.ts';
import { SpecError, type JsonObject } from '../spec.ts';
import { confusionMetrics } from './confusion.ts';
import { meanMetrics } from './means.ts';
import type { Metric, MetricDefinition } from './metric.ts';
import { scoreMetrics } from './scores.ts';

/** Every metric. */
export const metrics: readonly MetricDefinition[] = [
  ...meanMetrics,
  ...confusionMetrics,
  ...scoreMetrics,
];

/** The metrics by their names in logs, e.g. `binary_accuracy`; `accuracy` and `crossentropy` fit themselves to the output. */
const metricNames: readonly string[] = metrics.map(({ names }) => names[0]!);

/**
 * The metric of a setting: a name, a class, or `{class_name, config}`. `accuracy`, `acc`, `crossentropy` and `ce`
 * become what fits the targets and the output, as in Keras. Throws a SpecError otherwise.
 */
export function metricOf(
  given: string | JsonObject,
  yTrue: Value,
  yPred: Value,
  path = 'metrics',
): Metric {
  const name = typeof given === 'string' ? given : String(given['class_name']);
  const kind = fitting(yTrue, yPred);
  const className =
    name === 'accuracy' || name === 'acc'
      ? `${kind}Accuracy`
      : name === 'crossentropy' || name === 'ce'
        ? `${kind}Crossentropy`
        : name;
  const found = metrics.find(
    (definition) =>
      definition.className === className || definition.names.includes(className.toLowerCase()),
  );
  if (!found)
    throw new SpecError(
      path,
      `unknown metric ${name}; known are accuracy, crossentropy, ${metricNames.join(', ')}`,
    );
  try {
    const metric = found.create(typeof given === 'string' ? {} : plainValue(given['config']));
    return typeof given === 'string' ? { ...metric, name: given } : metric;
  } catch (error) {
    const issue = (error as z.ZodError).issues[0]!;
    throw new SpecError(path, [found.className, ...issue.path].join('.') + `: ${issue.message}`);
  }
}

function fitting(yTrue: Value, yPred: Value): 'Binary' | 'Categorical' | 'SparseCategorical' {
  if (yPred.shape.at(-1) === 1) return 'Binary';
  return yTrue.shape.length < yPred.shape.length ? 'SparseCategorical' : 'Categorical';
}
