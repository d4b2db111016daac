import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { goldenFile, run } from './command.ts';

const folder = await mkdtemp(join(tmpdir(), 'matryoshka-summary-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const golden = (name: string) => readFile(goldenFile(name), 'utf8');
const seed = (await golden('keras2-style.txt'))
  .split('\n\nModel')
  .map((text, i) => (i === 0 ? `${text}\n` : `Model${text}`));

describe('summary', () => {
  it("prints the seed's three tables", async () => {
    const { code, stdout, stderr } = await run(['summary', 'autoencoder']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(`${stdout}\n${seed[3]}`).toBe(await golden('keras2-style.txt'));
  });

  it('prints one model, with what it is made of', async () => {
    const args = ['summary', 'autoencoder', '--model', 'autoencoder', '--expand-nested'];
    expect((await run(args)).stdout).toBe(seed[3]);
    expect((await run([...args, '--style', 'keras3'])).stdout).toBe(
      await golden('a-autoencoder-expanded.txt'),
    );
  });

  it('prints a model of a .keras file as of its JSON', async () => {
    const file = join(import.meta.dirname, '../../goldens/files/autoencoder');
    const [keras, json] = await Promise.all([
      run(['summary', `${file}.keras`]),
      run(['summary', goldenFile('a-autoencoder.model.json'), '--model', 'autoencoder']),
    ]);
    expect(keras).toMatchObject({ code: 0, stdout: json.stdout });
  });

  it('finds a model inside another by its name or path', async () => {
    const file = goldenFile('a-autoencoder.model.json');
    for (const name of ['encoder', 'autoencoder/encoder'])
      expect((await run(['summary', file, '--model', name])).stdout).toBe(seed[0]);
    const twins = goldenFile('d-twins.model.json');
    const { code, stderr } = await run(['summary', twins, '--model', 'middle']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'matryoshka: there is no model middle; there are twins, twins/left, twins/right\n',
    });
  });

  it.each([
    ['c-sharing', 'c-sharing-expanded.txt', ['--expand-nested']],
    ['h-partial', 'h-partial-expanded-trainable.txt', ['--expand-nested', '--show-trainable']],
    ['m-seq-with-func', 'm-seq-with-func.txt', []],
  ])('reads a Keras file: %s', async (stem, text, flags) => {
    const file = goldenFile(`${stem}.model.json`);
    const { stdout } = await run(['summary', file, '--style', 'keras3', ...flags]);
    expect(stdout).toBe(await golden(text));
  });

  it('is as wide as COLUMNS says', async () => {
    const args = ['summary', goldenFile('b-siamese.model.json'), '--style', 'keras3'];
    for (const columns of [60, 100, 200]) {
      const { stdout } = await run(args, folder, { COLUMNS: String(columns) });
      const rows = stdout.split('\n').filter((line) => /^[┏┃┡│├└]/.test(line));
      expect(new Set(rows.map((row) => row.length))).toEqual(new Set([Math.min(108, columns - 4)]));
    }
    expect(await run(args, folder, { COLUMNS: '20' })).toMatchObject({
      code: 1,
      stderr: 'matryoshka: a summary of 4 columns does not fit into 16 cells\n',
    });
  });

  it('names the place where a file is wrong', async () => {
    const file = join(folder, 'wrong.json');
    const text = await golden('a-encoder.model.json');
    await writeFile(
      file,
      text.replace('"filters": 16', '"filters": -1').replace('"filters":16', '"filters":-1'),
    );
    const { code, stderr } = await run(['summary', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^matryoshka: [^\n]*encoder\/conv2d\w*: Conv2D\.filters: [^\n]+\n$/);
    await writeFile(file, text.slice(0, 100));
    expect((await run(['summary', file])).stderr).toMatch(/wrong\.json is not JSON/);
    await writeFile(file, '[]');
    expect((await run(['summary', file])).stderr).toMatch(/^matryoshka: model: expected/);
  });
});
