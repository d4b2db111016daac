import { describe, expect, test } from 'vitest';
import {
  augmentation,
  augmentationProgram,
  augments,
  type Augmentation,
  type AugmentedGroup,
} from '../../../shared/data/augmentation.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import { sizeOf, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { interpret } from '../../reference/interpret.ts';
import type { Numbers } from '../../reference/numbers.ts';

const COUNT = 12;
const settings = (some: Partial<Augmentation>) => augmentation.parse(some);
const group = (names: string[], shape: number[], photometric = names.length): AugmentedGroup => ({
  columns: names.map((name) => ({ name, shape })),
  photometric,
});
const images = (channels: number, seed = 0) =>
  tensor(createRandom(seed, 'images').uniform(COUNT * 6 * 8 * channels, 0.2, 0.8), [
    COUNT,
    6,
    8,
    channels,
  ]);

/** What the program makes of these images, with draws from this seed. */
function augment(
  some: Partial<Augmentation>,
  groups: AugmentedGroup[],
  feeds: NamedTensors,
  seed = 1,
) {
  const program = augmentationProgram(settings(some), groups, [0, 1]);
  const draws = nodesOf(program, 'random').map(({ shape, attrs: { name } }) => {
    const known = shape.map((dim) => dim ?? COUNT);
    return [name, tensor(createRandom(seed, name).uniform(sizeOf(known)), known)] as const;
  });
  return interpret(program, {}, { ...feeds, ...Object.fromEntries(draws) }).outputs;
}

/** Whether each image is the same as before. */
const unchanged = (before: Numbers, after: Numbers) => {
  const size = before.data.length / COUNT;
  const part = ({ data }: Numbers, i: number) =>
    Array.from({ length: size }, (_, at) => data[i * size + at]!);
  return Array.from(
    { length: COUNT },
    (_, i) => String(part(before, i)) === String(part(after, i)),
  );
};

describe('augmentation', () => {
  test('is off unless a switch is on', () => {
    expect(augments(settings({}))).toBe(false);
    expect(augments(settings({ fill_mode: 'wrap' }))).toBe(false);
    for (const on of [
      { flip: 'vertical' },
      { rotation: 0.1 },
      { zoom: 0.1 },
      { translation: 0.1 },
      { contrast: 0.1 },
      { brightness: 0.1 },
    ] as const)
      expect(augments(settings(on))).toBe(true);
  });

  test('flips some images and leaves the others as they are', () => {
    const x = images(1);
    const { image } = augment({ flip: 'horizontal' }, [group(['image'], [6, 8, 1])], { image: x });
    const same = unchanged(x, image!);
    expect(same).toContain(true);
    expect(same).toContain(false);
    const flipped = same.indexOf(false);
    for (let column = 0; column < 8; column++)
      expect(image!.data[flipped * 48 + column]).toBe(x.data[flipped * 48 + 7 - column]);
  });

  test('images of a group move alike; only the first ones change their colours', () => {
    const x = images(1);
    const y = { ...x, data: Float32Array.from(x.data, (value) => 1 - value) };
    const moved = augment(
      { flip: 'horizontal', rotation: 0.2, zoom: 0.2, translation: 0.2 },
      [group(['input', 'target'], [6, 8, 1])],
      { input: x, target: y },
    );
    Array.from(moved['input']!.data).forEach((value, i) =>
      expect(1 - value).toBeCloseTo(moved['target']!.data[i]!, 5),
    );
    const bright = augment(
      { brightness: 0.5, contrast: 0.5 },
      [group(['input', 'target'], [6, 8, 1], 1)],
      { input: x, target: y },
    );
    expect(unchanged(x, bright['input']!)).not.toContain(true);
    expect(unchanged(y, bright['target']!)).not.toContain(false);
  });

  test('groups draw numbers of their own', () => {
    const x = images(3);
    const groups = [group(['image'], [6, 8, 3]), group(['other'], [6, 8, 3])];
    const { image, other } = augment({ rotation: 0.5 }, groups, { image: x, other: x });
    expect(image!.data).not.toEqual(other!.data);
  });

  test('channels stay with their images, and values within the range', () => {
    const x = { input: images(3), target: images(1, 7) };
    const groups: AugmentedGroup[] = [
      { columns: [{ name: 'input', shape: [6, 8, 3] }, { name: 'target', shape: [6, 8, 1] }], photometric: 1 },
    ]; // prettier-ignore
    const made = augment({ flip: 'vertical', brightness: 1 }, groups, x);
    expect([made['input']!.shape, made['target']!.shape]).toEqual([[COUNT, 6, 8, 3], [COUNT, 6, 8, 1]]); // prettier-ignore
    expect(Math.min(...Array.from(made['input']!.data))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...Array.from(made['input']!.data))).toBeLessThanOrEqual(1);
  });

  test('images of two sizes can’t move together', () => {
    const groups = [{ columns: [{ name: 'a', shape: [4, 4, 1] }, { name: 'b', shape: [8, 8, 1] }], photometric: 1 }]; // prettier-ignore
    expect(() => augmentationProgram(settings({ rotation: 0.1 }), groups, [0, 1])).toThrow(
      /need one size; a is 4×4, b is 8×8/,
    );
  });
});
