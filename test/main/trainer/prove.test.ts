import { describe, expect, test } from 'vitest';
import { prove } from '../../../main/trainer/prove.ts';
import type { Proof } from '../../../shared/api/contract.ts';
import { compose, type Composer, type ModelFunction } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { autoencoder } from './models.ts';

type Build = (composer: Composer) => ModelFunction<unknown> | readonly ModelFunction<unknown>[];

/** Composed models of many kinds; none of them fits MNIST, so they are proven with random samples. */
const models: Record<string, Build> = {
  'twins: a model called twice, two inputs': ({ input, layers, model }) => {
    const x = input([4], { name: 'x' });
    const twin = model(x, layers.dense(3, { activation: 'tanh' })(x), { name: 'twin' });
    const [left, right] = [input([4], { name: 'left' }), input([4], { name: 'right' })];
    const both = layers.concatenate()([twin(left), twin(right)]);
    return model([left, right], layers.dense(2)(both), { name: 'twins' });
  },
  'sharing: one layer in two submodels': ({ input, layers, model }) => {
    const shared = layers.dense(4, { name: 'shared' });
    const half = (name: string) => {
      const x = input([4], { name: `${name}_in` });
      return model(x, layers.activation('tanh')(shared(x)), { name });
    };
    const x = input([4], { name: 'x' });
    return model(x, half('two')(half('one')(x)), { name: 'sharing' });
  },
  'frozen: a submodel that is not trained': ({ input, layers, model }) => {
    const x = input([4], { name: 'x' });
    const frozen = model(x, layers.dense(3)(x), { name: 'features', trainable: false });
    const y = input([3], { name: 'y' });
    const head = model(y, layers.dense(2)(y), { name: 'head' });
    const z = input([4], { name: 'z' });
    return model(z, head(frozen(z)), { name: 'frozen' });
  },
  'residual: images, plain layers between the calls': ({ input, layers, model }) => {
    const same = { padding: 'same' };
    const block = (name: string) => {
      const a = input([8, 8, 16], { name: `${name}_in` });
      const b = layers.conv2d(16, 3, { ...same, activation: 'relu' })(a);
      return model(a, layers.add()([layers.conv2d(16, 3, same)(b), a]), { name });
    };
    const x = input([8, 8, 3], { name: 'x' });
    const y = layers.conv2d(16, 3, same)(x);
    const z = layers.add()([layers.conv2d(16, 3, same)(block('one')(y)), y]);
    const features = layers.globalMaxPooling2d()(block('two')(layers.activation('relu')(z)));
    return model(x, layers.dense(5)(layers.dropout(0.5)(features)), { name: 'residual' });
  },
  'deep: three levels, several outputs': ({ input, layers, model }) => {
    const a = input([5], { name: 'a' });
    const inner = model(a, [layers.dense(4)(a), layers.dense(3)(a)], { name: 'inner' });
    const b = input([5], { name: 'b' });
    const [four, three] = inner(b) as never[];
    const middle = model(b, layers.concatenate()([four!, three!]), { name: 'middle' });
    const c = input([5], { name: 'c' });
    const d = middle(c);
    return model(c, [layers.dense(2)(d), d], { name: 'deep' });
  },
  'plain: a submodel without variables': ({ input, layers, model }) => {
    const x = input([2, 2], { name: 'x' });
    const flat = model(x, layers.flatten()(x), { name: 'flat' });
    const y = input([2, 2], { name: 'y' });
    return model(y, layers.dense(1)(flat(y)), { name: 'plain' });
  },
};

const claimOf = (proof: Proof, id: Proof['claims'][number]['id']) =>
  proof.claims.find((claim) => claim.id === id)!;

const settingsFor = (spec: ModelSpec, given: object = {}) =>
  trainingSettings.parse({ model: spec.models.at(-1), engine: 'onnx', ...given });

describe.each(['onnx', 'tensorflow'] as const)('on the engine %s', (engine) => {
  test.each(Object.keys(models))('%s', async (title) => {
    const spec = compose(models[title]!);
    const proof = await prove(spec, settingsFor(spec, { engine }));
    const failed = proof.claims.flatMap(({ details }) => details.filter(({ holds }) => !holds));
    expect(failed).toEqual([]);
    expect(proof).toMatchObject({ holds: true, model: title.split(':')[0], engine: { engine } });
    expect(proof.claims.map(({ holds }) => holds)).toEqual([true, true, true, true]);
  });
});

test('the autoencoder is proven with digits, and the numbers say so', async () => {
  const proof = await prove(autoencoder, settingsFor(autoencoder));
  const shared = claimOf(proof, 'shared-variables').details;
  expect(shared[0]).toEqual({
    subject: 'autoencoder/encoder',
    expected: "2 variables, each one of autoencoder's",
    received: "2 of 2 are autoencoder's",
    holds: true,
  });
  const digest = (text: string) => /^([\d,]+ bytes), sha256 ([0-9a-f]{8}) in/.exec(text)!;
  const [, bytes, before] = digest(shared[1]!.received);
  const [, , after] = digest(shared[2]!.received);
  expect(bytes).toBe(`${((784 * 16 + 16) * 4).toLocaleString('en-US')} bytes`);
  expect(shared[1]!.expected).toContain(before);
  expect(shared[2]!.expected).toContain(after);
  expect(before).not.toBe(after);

  const composition = claimOf(proof, 'composition');
  expect(composition.text).toContain('bit for bit, for 4 samples of mnist');
  expect(composition.details[0]).toMatchObject({ subject: 'decoder(encoder(img))' });
  expect(composition.details[0]!.received).toContain('largest difference 0');
});

test('a second call is counted, and a shared layer has one set of variables', async () => {
  const twins = compose(models['twins: a model called twice, two inputs']!);
  const calls = claimOf(await prove(twins, settingsFor(twins)), 'call-adds-no-parameters');
  expect(calls.details.map(({ received }) => received)).toEqual([
    '3 calls',
    '4 variables, 29 parameters',
    '2 calls',
    '4 variables, 29 parameters',
  ]);

  const sharing = compose(models['sharing: one layer in two submodels']!);
  const variables = claimOf(await prove(sharing, settingsFor(sharing)), 'shared-variables');
  expect(variables.details).toContainEqual({
    subject: 'sharing/one/shared = sharing/two/shared',
    expected: '2 variables for all paths together',
    received: '2 variables',
    holds: true,
  });
});

test('what is frozen stays to the last bit, and the proof says so', async () => {
  const spec = compose(models['frozen: a submodel that is not trained']!);
  const proof = await prove(spec, settingsFor(spec));
  const [features, head] = claimOf(proof, 'training-reaches-submodels').details;
  expect(features).toMatchObject({
    expected: 'the same outputs, because it is frozen',
    received: 'the same outputs to the last bit',
  });
  expect(head!.received).toMatch(/^outputs differ by at most \d/);
});

test('a training that moves nothing is not taken for a proof', async () => {
  const spec = compose(models['twins: a model called twice, two inputs']!);
  const optimizer = { class_name: 'SGD', config: { learning_rate: 0 } };
  const proof = await prove(spec, settingsFor(spec, { optimizer }));
  expect(proof.holds).toBe(false);
  const claim = claimOf(proof, 'training-reaches-submodels');
  expect(claim.holds).toBe(false);
  expect(claim.text).toMatch(/^not so: twins\/twin: expected other outputs .*; got the same/);
});

test('a warm-up that begins at 0 is waited for', async () => {
  const spec = compose(models['twins: a model called twice, two inputs']!);
  const learning_rate = {
    class_name: 'CosineDecay',
    config: {
      initial_learning_rate: 0,
      decay_steps: 100,
      warmup_target: 0.1,
      warmup_steps: 10,
    },
  };
  const optimizer = { class_name: 'SGD', config: { learning_rate } };
  const proof = await prove(spec, settingsFor(spec, { optimizer }));
  expect(proof.holds).toBe(true);
  expect(claimOf(proof, 'training-reaches-submodels').text).toContain('2 training steps');
});

test('a model that calls no model shares nothing, and can still be called again', async () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([3], { name: 'x' });
    return model(x, layers.dense(2)(x), { name: 'alone' });
  });
  const proof = await prove(spec, settingsFor(spec));
  expect(proof.holds).toBe(true);
  expect(claimOf(proof, 'shared-variables').text).toBe(
    'alone calls no other model, so it shares none',
  );
  const calls = claimOf(proof, 'call-adds-no-parameters').details;
  expect(calls.map(({ received }) => received)).toEqual(['2 calls', '2 variables, 8 parameters']);
});

test('only a model can be proven', async () => {
  await expect(
    prove(autoencoder, settingsFor(autoencoder, { model: 'encoder/dense' })),
  ).rejects.toThrow(/encoder\/dense: expected a model; got a layer/);
});
