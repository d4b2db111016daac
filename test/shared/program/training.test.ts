import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { relativeDifference } from '../../support/goldens.ts';
import { trainGolden } from '../../support/training-golden.ts';

const names = readdirSync(new URL('../../goldens/training', import.meta.url))
  .map((file) => file.replace('.json', ''))
  .filter((name) => name !== 'a-autoencoder' && !name.startsWith('fit-'));

/** Each case: losses and metrics of every step, weights after the last one, and what the model then computes. */
it.each(names)('trains as Keras does: %s', (name) => {
  const { golden, result } = trainGolden(name);
  golden.logs.forEach((expected, step) => {
    for (const [log, value] of Object.entries(expected)) {
      const received = [result.logs[step]![log] ?? NaN].flat();
      [value].flat().forEach((number, i) => {
        const slack = 1e-5 * Math.abs(number) + 1e-6 + 20 * golden.noise.logs;
        expect(
          Math.abs(received[i]! - number),
          `${log} at step ${step}: ${received[i]} for ${number}`,
        ).toBeLessThan(slack);
      });
    }
  });
  const tolerance = Math.max(2e-5, 20 * golden.noise.weights_after);
  for (const { key, received, expected } of result.weights)
    expect(relativeDifference(received, expected), key).toBeLessThan(tolerance);
  for (const { received, expected } of result.outputs)
    expect(relativeDifference(received, expected), 'predict').toBeLessThan(tolerance);
});
