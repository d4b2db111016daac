import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeSafetensors } from '../../../main/formats/safetensors.ts';
import { run, type Ended } from './command.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-runs-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const json = <T>({ stdout }: Ended): T => JSON.parse(stdout) as T;
const matryoshka = (...args: string[]) => run(args, folder);

interface Listed {
  readonly id: string;
  readonly [field: string]: unknown;
}
interface Compared {
  readonly settings: { key: string; values: unknown[]; differs: boolean }[];
  readonly epochs: { epoch: number; val_loss: number }[][];
  readonly architecture: {
    differing: number;
    layers: {
      path: string;
      standing: string[];
      weight_distance: ({ distance: number; relative: number } | null)[];
    }[];
  };
}

const quick = ['--limit', '64', '--batch-size', '32', '--engine', 'onnx'];
const train = (out: string, template: string, ...more: string[]) =>
  matryoshka('train', template, ...quick, ...more, '--out', out, '--json');

beforeAll(async () => {
  const made = await Promise.all([
    train('runs/first', 'autoencoder', '--epochs', '2'),
    train('runs/again', 'autoencoder', '--epochs', '2'),
    train('runs/other-seed', 'autoencoder', '--epochs', '1', '--seed', '3'),
  ]);
  for (const { code, stdout } of made)
    expect([code, stdout.slice(-300)]).toEqual([0, expect.anything()]);
  await writeFile(
    join(folder, 'runs/other-seed/label.json'),
    JSON.stringify({ tags: ['odd'], note: 'another seed' }),
  );
}, 120_000);

test('runs lists the runs of a project or folder, and finds them by text, state and tag', async () => {
  const all = json<Listed[]>(await matryoshka('runs', '--json'));
  expect(all.map(({ id }) => id).sort()).toEqual(['again', 'first', 'other-seed']);
  expect(all.find(({ id }) => id === 'first')).toMatchObject({
    state: 'finished',
    run: join(folder, 'runs/first'),
    epoch: 2,
    step: 4,
    best_val_loss: expect.any(Number) as number,
    settings: { batch_size: 32 },
    engine: 'onnx',
  });
  const [odd, sorted, text, nowhere] = await Promise.all([
    matryoshka('runs', 'runs', '--json', '--tag', 'odd', '--search', 'SEED=3 another'),
    matryoshka('runs', '--json', '--sort', 'best', '--state', 'finished'),
    matryoshka('runs'),
    matryoshka('runs', 'nowhere'),
  ]);
  expect(json<Listed[]>(odd).map(({ id }) => id)).toEqual(['other-seed']);
  const best = json<Listed[]>(sorted).map(({ best_val_loss }) => Number(best_val_loss));
  expect(best).toHaveLength(3);
  expect(best).toEqual([...best].sort((a, b) => a - b));
  expect(text.stdout).toMatch(/^run +state +epoch/);
  expect(text.stdout).toMatch(/\nother-seed +finished +1\/1 .* odd\n/);
  expect(nowhere).toMatchObject({ code: 1, stdout: '' });
});

test('compare says what differs: settings, results, architecture, weights', async () => {
  const [equal, other, text, alone, none] = await Promise.all([
    matryoshka('compare', 'first', 'again', '--json'),
    matryoshka('compare', 'first', 'runs/other-seed', '--json'),
    matryoshka('compare', 'first', 'other-seed'),
    matryoshka('compare', 'first'),
    matryoshka('compare', 'first', 'nothing'),
  ]);
  const same = json<Compared>(equal);
  expect(same.settings.filter(({ differs }) => differs).map(({ key }) => key)).not.toContain(
    'seed',
  );
  expect(same.epochs[0]).toEqual(same.epochs[1]);
  expect(same.architecture.differing).toBe(0);
  for (const {
    weight_distance: [, distance],
  } of same.architecture.layers)
    if (distance) expect(distance).toMatchObject({ distance: 0, relative: 0 });

  const seeds = json<Compared>(other);
  const differing = seeds.settings.filter(({ differs }) => differs);
  expect(differing).toContainEqual(expect.objectContaining({ key: 'seed', values: [0, 3] }));
  expect(differing).toContainEqual(expect.objectContaining({ key: 'epochs', values: [2, 1] }));
  const root = seeds.architecture.layers[0]!;
  expect(root.path).toBe('autoencoder');
  expect(root.weight_distance[1]!.distance).toBeGreaterThan(0);
  expect(text.stdout).toMatch(/\nseed +0 +3\n/);
  expect(text.stdout).toContain('The architectures are the same.');
  expect(text.stdout).toMatch(/autoencoder\/encoder +[\d.]+ \([\d.]+ %\)/);
  expect(alone).toMatchObject({ code: 2 });
  expect(none).toMatchObject({ code: 1, stdout: '' });
  expect(none.stderr).toContain('no run nothing');
});

test('a run is zipped and taken in elsewhere; its weights are the same, bit for bit', async () => {
  const zipped = json<{ file: string; bytes: number }>(
    await matryoshka('runs', '--zip', 'first', '--out', 'moved.zip', '--json'),
  );
  expect(zipped.file).toBe(join(folder, 'moved.zip'));
  expect(await matryoshka('runs', '--zip', 'first', '--out', 'moved.zip')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('exists already') as string,
  });
  await mkdir(join(folder, 'elsewhere/runs'), { recursive: true });
  const taken = json<{ run: string; number: number }>(
    await matryoshka('runs', 'elsewhere', '--import', 'moved.zip', '--json'),
  );
  expect(taken.run).toContain(join(folder, 'elsewhere/runs'));
  const weights = async (from: string, to: string) => {
    const { code } = await matryoshka('export', from, '--format', 'safetensors', '--out', to);
    expect(code).toBe(0);
    const files = await readdir(join(folder, to));
    const file = join(
      folder,
      to,
      files.find((name) => name.endsWith('.safetensors'))!,
    );
    return decodeSafetensors(await readFile(file), file).tensors;
  };
  const [before, after] = await Promise.all([weights('runs/first', 'a'), weights(taken.run, 'b')]);
  expect(Object.keys(before)).toContain('encoder/conv2d/kernel');
  expect(after).toEqual(before);
});
