import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Json } from '../../../shared/keras/spec.ts';
import { interpreter } from '../../golden/runner.ts';
import { checkTraining, type TrainingCase } from '../../golden/training-case.ts';
import { readGolden } from '../../support/goldens.ts';

const names = readdirSync(new URL('../../goldens/more/training', import.meta.url))
  .filter((file) => file.startsWith('p-mask-'))
  .map((file) => file.replace('.json', ''));

/** Keras writes masks into calls when it saves a model. Without them they must find their way by themselves. */
function withoutMasks(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutMasks);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, Json] => {
    if (key !== 'kwargs') return [key, withoutMasks(inner)];
    const { mask: _, ...kwargs } = inner as { mask?: Json; [key: string]: Json | undefined };
    return [key, kwargs as Json];
  });
  return Object.fromEntries(entries);
}

it.each(names)('masks travel by themselves as Keras writes them: %s', async (name) => {
  const golden = readGolden<TrainingCase>(`more/training/${name}`);
  const model = withoutMasks(golden.model);
  expect(await checkTraining({ ...golden, model }, interpreter)).toEqual([]);
});
