import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { interpreter } from '../../golden/runner.ts';
import { checkTraining, type TrainingCase } from '../../golden/training-case.ts';
import { readGolden } from '../../support/goldens.ts';

const names = readdirSync(new URL('../../goldens/training', import.meta.url))
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'a-autoencoder');

/** In double precision; the engines run the same cases, and the large one, in theirs. */
it.each(names)('trains as Keras does: %s', async (name) => {
  expect(await checkTraining(readGolden<TrainingCase>(`training/${name}`), interpreter)).toEqual(
    [],
  );
});
