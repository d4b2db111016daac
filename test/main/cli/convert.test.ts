import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../../shared/random.ts';
import { run } from './command.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-convert-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const golden = join(import.meta.dirname, '../../goldens/files/autoencoder.keras');

async function outputs(file: string, ...flags: string[]): Promise<number[]> {
  const out = `${file.replace(/\W/g, '-')}-out.json`;
  const args = ['predict', file, '--inputs', 'in.json', '--out', out, ...flags];
  expect(await run(args, folder)).toMatchObject({ code: 0 });
  const { outputs } = JSON.parse(await readFile(join(folder, out), 'utf8')) as {
    outputs: [{ data: number[] }];
  };
  return outputs[0].data;
}

const furthest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe.concurrent('convert', () => {
  it('takes a model from format to format, and what it gives stays', async () => {
    const data = [...createRandom(2, 'image').uniform(784)];
    const inputs = [{ shape: [1, 28, 28, 1], data }];
    await writeFile(join(folder, 'in.json'), JSON.stringify({ inputs }));
    const first = await run(['convert', golden, 'tf'], folder);
    expect(first.stdout).toMatch(/Opened again by TensorFlow\.js .*: largest difference/);
    expect((await run(['convert', 'tf/model.json', 'again.h5'], folder)).code).toBe(0);
    const expected = await outputs(golden);
    expect(furthest(await outputs('again.h5'), expected)).toBeLessThan(1e-5);

    // Weights alone go onto a template of the same paths, with a report.
    expect((await run(['convert', 'again.h5', 'w.safetensors'], folder)).code).toBe(0);
    const laid = await outputs('autoencoder', '--load-weights', 'w.safetensors');
    expect(furthest(laid, expected)).toBeLessThan(1e-5);
  });

  it('writes a submodel, and says what a format can not be told', async () => {
    const args = ['convert', golden, 'encoder.onnx', '--model', 'autoencoder/encoder'];
    const { stdout, code } = await run([...args, '--weights', 'float16'], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^autoencoder\/encoder is in/);
    const ending = await run(['convert', golden, 'a.xyz'], folder);
    expect(ending).toMatchObject({ code: 2 });
    expect(ending.stderr).toMatch(/expected a name that ends with \.keras, /);
    const flag = await run(['convert', golden, 'a.keras', '--layout', 'channels_first'], folder);
    expect(flag).toMatchObject({ code: 2 });
    expect(flag.stderr).toMatch(/--layout says nothing to keras/);
  });
});
