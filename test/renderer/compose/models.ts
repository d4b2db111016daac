import { compose, type SymbolicTensor } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { seedModels } from '../../support/seed.ts';

/** The seed's autoencoder. */
export const seed = seedModels;

/** Two inputs and outputs, three levels deep, a block that is called twice, one that two models share, shortcuts. */
export const tangled = compose(({ input, layers, model }) => {
  const block = (name: string) => {
    const start = input([8, 8, 16]);
    let x = layers.conv2d(16, 3, { padding: 'same', activation: 'relu' })(start);
    x = layers.conv2d(16, 3, { padding: 'same' })(x);
    return model(start, layers.activation('relu')(layers.add()([x, start])), { name });
  };
  const [twice, shared] = [block('twice'), block('shared')];
  const entry = input([8, 8, 16], { name: 'entry' });
  const stage = model(entry, shared(twice(twice(entry))), { name: 'stage' });
  const a = input([8, 8, 16], { name: 'a' });
  const b = input([8, 8, 16], { name: 'b' });
  const joined = layers.concatenate()([stage(a), b]);
  const left = layers.add()([layers.conv2d(16, 3, { padding: 'same' })(joined), a]);
  const right = layers.dense(10)(layers.flatten()(joined));
  const other = input([8, 8, 16], { name: 'c' });
  return [
    model(other, shared(other), { name: 'other' }),
    model([a, b], [left, right], { name: 'tangled' }),
  ];
});

/** A chain of fifty layers with a shortcut around every third, all of them joined at the end. */
export const long = compose(({ input, layers, model }) => {
  const start = input([8, 8, 4], { name: 'start' });
  const joints: SymbolicTensor[] = [];
  let x: SymbolicTensor = start;
  while (joints.length < 17) {
    const before = x;
    x = layers.conv2d(4, 3, { padding: 'same' })(x);
    x = layers.conv2d(4, 3, { padding: 'same' })(x);
    x = layers.add()([before, x]);
    joints.push(x);
  }
  return model(start, layers.concatenate()(joints), { name: 'long' });
});

/** A model that gives 12 numbers to one that takes 16. */
export const broken: ModelSpec = (() => {
  const spec = compose(({ input, layers, model }) => {
    const code = input([16], { name: 'code' });
    const decoder = model(code, layers.dense(4)(code), { name: 'decoder' });
    const z = input([8], { name: 'z' });
    const mapper = model(z, layers.dense(16, { name: 'out' })(z), { name: 'mapper' });
    const q = input([8], { name: 'q' });
    return model(q, decoder(mapper(q)), { name: 'generator' });
  });
  const out = spec.layers['generator/mapper/out']!;
  return {
    ...spec,
    layers: {
      ...spec.layers,
      'generator/mapper/out': { ...out, config: { ...out.config, units: 12 } },
    },
  };
})();

/** Forty layers, each of which takes the outputs of all before it. */
export const dense = compose(({ input, layers, model }) => {
  const outputs: SymbolicTensor[] = [input([4, 4, 2], { name: 'start' })];
  for (let i = 0; i < 40; i++) {
    const joined = layers.concatenate()([...outputs, outputs[0]!]);
    outputs.push(layers.conv2d(2, 1)(joined));
  }
  return model(outputs[0]!, outputs.at(-1)!, { name: 'dense' });
});
