import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { interpreter } from '../../golden/runner.ts';
import { checkTraining, type TrainingCase } from '../../golden/training-case.ts';
import { readGolden } from '../../support/goldens.ts';

const names = ['training', 'more/training'].flatMap((folder) =>
  readdirSync(new URL(`../../goldens/${folder}`, import.meta.url))
    .filter((file) => file !== 'a-autoencoder.json')
    .map((file) => `${folder}/${file.replace('.json', '')}`),
);

/** In double precision; the engines run the same cases, and the large one, in theirs. */
it.each(names)('trains as Keras does: %s', async (name) => {
  expect(await checkTraining(readGolden<TrainingCase>(name), interpreter)).toEqual([]);
});
