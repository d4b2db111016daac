import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromKerasLayer } from '../../../shared/keras/keras-json.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { checkLayer, type LayerCase } from '../../golden/layer-case.ts';
import { interpreter } from '../../golden/runner.ts';
import { readGolden } from '../../support/goldens.ts';

const cases = ['layers', 'more/layers'].flatMap((folder) =>
  readdirSync(new URL(`../../goldens/${folder}`, import.meta.url)).map(
    (file) => `${folder}/${file.replace('.json', '')}`,
  ),
);

describe.each(cases)('%s', (name) => {
  const golden = readGolden<LayerCase>(name);

  it("computes Keras's outputs and gradients", async () => {
    expect(await checkLayer(golden, interpreter)).toEqual([]);
  });

  it('refuses an unknown key', () => {
    const { class_name, config } = golden.layer;
    const strange = { class_name, config: { ...config, unheard_of: 1 } };
    expect(() => {
      const spec = fromKerasLayer(strange);
      const ops = createOps();
      const inputs = golden.inputs.map(({ shape, dtype }, i) => ops.feed(`x${i}`, shape, dtype));
      traceModel(spec, spec.models[0]!, { ops, inputs });
    }).toThrow(new RegExp(`${config.name}: .*unheard_of`));
  });
});
