import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../shared/random.ts';
import { run } from './command.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-predict-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Outputs {
  readonly outputs: readonly (Tensor & { readonly name: string })[];
  readonly taps?: readonly (Tensor & { readonly path: string; readonly call: number })[];
}

async function write(name: string, inputs: readonly object[]): Promise<string> {
  await writeFile(join(folder, name), JSON.stringify({ inputs }));
  return name;
}

async function read(name: string): Promise<Outputs> {
  return JSON.parse(await readFile(join(folder, name), 'utf8')) as Outputs;
}

const image = { shape: [2, 28, 28, 1], data: [...createRandom(1, 'image').uniform(2 * 784)] };

describe.concurrent('predict', () => {
  it('gives what a model gives, and what layers inside it give', async () => {
    await write('image.json', [image]);
    const args = ['--inputs', 'image.json', '--out'];
    const taps = ['--tap', 'autoencoder/encoder', '--tap', 'encoder/conv2d'];
    const whole = await run(['predict', 'autoencoder', ...args, 'whole.json', ...taps], folder);
    expect(whole).toMatchObject({ code: 0, stderr: '' });
    const { outputs, taps: tapped } = await read('whole.json');
    expect(outputs.map(({ name, shape }) => [name, shape])).toEqual([['decoder', [2, 28, 28, 1]]]);
    expect(tapped!.map(({ path, shape }) => [path, shape])).toEqual([
      ['autoencoder/encoder', [2, 16]],
      ['autoencoder/encoder/conv2d', [2, 26, 26, 16]],
    ]);

    // The parts one after the other give the very same.
    const encoder = ['predict', 'autoencoder', '--model', 'encoder'];
    expect((await run([...encoder, ...args, 'code.json'], folder)).code).toBe(0);
    const code = (await read('code.json')).outputs[0]!;
    expect(code.data).toEqual(tapped![0]!.data);
    await write('code-in.json', [{ shape: code.shape, data: code.data }]);
    const decoder = ['predict', 'autoencoder', '--model', 'decoder', '--inputs', 'code-in.json'];
    expect((await run([...decoder, '--out', 'decoded.json'], folder)).code).toBe(0);
    expect((await read('decoded.json')).outputs[0]!.data).toEqual(outputs[0]!.data);
  });

  it.each([
    [
      'shape',
      [{ shape: [1, 28, 28], data: image.data.slice(0, 784) }],
      /img has shape \(None, 28, 28, 1\); got \(1, 28, 28\)/,
    ],
    [
      'count',
      [{ shape: [2, 28, 28, 1], data: [1] }],
      /inputs\.0 has shape \[2, 28, 28, 1\], which is 1568 numbers; its data holds 1/,
    ],
    ['number', [image, image], /takes 1 inputs \(img \(None, 28, 28, 1\)\); got 2/],
    ['text', [{ ...image, data: ['x'] }], /inputs\.0\.data\.0: expected a number/],
  ])('says what is wrong with the inputs: %s', async (name, inputs, problem) => {
    const file = await write(`${name}.json`, inputs);
    const out = `${name}-out.json`;
    const ended = await run(['predict', 'autoencoder', '--inputs', file, '--out', out], folder);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(problem);
    await expect(read(out)).rejects.toThrow(/ENOENT/);
  });

  it('says what is there for a path that is not', async () => {
    await write('one.json', [image]);
    const args = ['predict', 'autoencoder', '--inputs', 'one.json', '--out', 'none.json'];
    const tap = await run([...args, '--tap', 'encoder/nothing'], folder);
    expect(tap.stderr).toMatch(/encoder has no nothing; it has original_img, conv2d,/);
    const model = await run([...args, '--model', 'nothing'], folder);
    expect(model.stderr).toMatch(/there is no model nothing; there are encoder, decoder, autoenc/);
  });
});
