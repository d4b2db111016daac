import { describe, expect, test } from 'vitest';
import { layoutModels } from '../../../renderer/compose/layout.ts';
import { outermostModels } from '../../../renderer/compose/models.ts';
import type { Box, Picture, PictureOptions, Point } from '../../../renderer/compose/picture.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { broken, dense, long, seed, tangled } from './models.ts';

const options: PictureOptions = {
  isOpen: () => true,
  measure: (text) => text.length * 6.5,
  headerWidth: (path) => 60 + path.length * 6.5,
  markWidth: () => 0,
};
const draw = (spec: ModelSpec, isOpen = options.isOpen) =>
  layoutModels(spec, outermostModels(spec), { ...options, isOpen });

const contains = (outer: Box, inner: Box) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;
const apart = (a: Box, b: Box) =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
const inside = (box: Box, { x, y }: Point) =>
  x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1;

function find(picture: Picture, path: string): Box {
  const box = picture.boxes.find((one) => one.path === path);
  if (!box) throw new Error(`no box ${path}; there are ${picture.boxes.map((one) => one.path)}`);
  return box;
}

describe.each([
  ['the seed', seed, 18],
  ['a tangled model', tangled, 36],
  ['a long model', long, 54],
  ['a broken model', broken, 8],
])('the picture of %s', (_, spec, count) => {
  const picture = draw(spec);

  test('has a box for every call', () => {
    expect(picture.boxes.length).toBe(count);
    expect(new Set(picture.boxes.map(({ key }) => key)).size).toBe(count);
  });

  test('keeps each box inside its model and apart from its neighbours', () => {
    for (const [i, a] of picture.boxes.entries())
      for (const b of picture.boxes.slice(i + 1)) {
        const nested = contains(a, b) && a.kind === 'panel';
        expect(nested || apart(a, b), `${a.key} and ${b.key}`).toBe(true);
      }
    for (const { x, y, width, height } of picture.boxes) {
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(picture.width);
      expect(y + height).toBeLessThanOrEqual(picture.height);
    }
  });

  test('leaves room for every arrow', () => {
    for (const { key, points } of picture.edges.filter(({ arrow }) => arrow)) {
      const [before, end] = [points.at(-2)!, points.at(-1)!];
      expect(Math.hypot(end.x - before.x, end.y - before.y), key).toBeGreaterThan(3.5);
    }
  });

  test('leads every edge in horizontal and vertical stretches around the layers', () => {
    const nodes = picture.boxes.filter(({ kind }) => kind !== 'panel');
    for (const { key, points } of picture.edges) {
      expect(points.length).toBeGreaterThan(1);
      points.slice(1).forEach((point, i) => {
        const before = points[i]!;
        expect(
          Math.min(Math.abs(point.x - before.x), Math.abs(point.y - before.y)),
          key,
        ).toBeLessThan(0.6);
        for (let step = 1; step < 20; step++) {
          const share = step / 20;
          const middle = {
            x: before.x + (point.x - before.x) * share,
            y: before.y + (point.y - before.y) * share,
          };
          const hit = nodes.find((box) => inside(box, middle));
          expect(hit?.key, `${key} crosses a layer`).toBeUndefined();
        }
      });
    }
  });
});

test('models stand left to right, their layers top to bottom', () => {
  const picture = draw(seed);
  const [encoder, decoder] = ['encoder', 'decoder'].map((name) =>
    find(picture, `autoencoder/${name}`),
  );
  expect(encoder!.x + encoder!.width).toBeLessThan(decoder!.x);
  expect(encoder!.y).toBe(decoder!.y);
  const chain = ['original_img', 'conv2d', 'conv2d_1', 'max_pooling2d', 'conv2d_2', 'conv2d_3'];
  const boxes = chain.map((name) => find(picture, `autoencoder/encoder/${name}`));
  boxes.slice(1).forEach((box, i) => {
    expect(box.y).toBeGreaterThan(boxes[i]!.y + boxes[i]!.height);
    expect(box.x).toBe(boxes[i]!.x);
  });
});

test('edges carry the shapes of the seed', () => {
  const texts = draw(seed).edges.flatMap(({ label }) => label?.text ?? []);
  expect(texts.filter((text) => text === '26×26×16').length).toBe(2);
  for (const text of ['28×28×1', '24×24×32', '8×8×32', '6×6×32', '4×4×16', '16', '4×4×1', '6×6×16'])
    expect(texts).toContain(text);
  expect(draw(seed).edges.some(({ bad }) => bad)).toBe(false);
});

test('a chain stays straight beside its shortcuts', () => {
  const picture = draw(long);
  const chain = picture.boxes.filter(({ path }) => /conv2d|add/.test(path));
  expect(chain.length).toBe(51);
  expect(new Set(chain.map(({ x }) => Math.round(x))).size).toBe(1);
});

test('a folded model is a chip and hides what it holds', () => {
  const picture = draw(seed, (path) => path !== 'autoencoder/decoder');
  expect(find(picture, 'autoencoder/decoder').kind).toBe('chip');
  expect(picture.boxes.some(({ path }) => path.startsWith('autoencoder/decoder/'))).toBe(false);
  const whole = draw(seed, () => false);
  expect(whole.boxes.map(({ kind }) => kind)).toEqual(['chip']);
});

test('each call of a layer is a box of its own', () => {
  const calls = draw(tangled).boxes.filter(({ path }) => path === 'tangled/stage/twice');
  expect(calls.map(({ call }) => call)).toEqual([0, 1]);
});

test('an edge that does not fit says what came and what was expected', () => {
  const picture = draw(broken);
  const bad = picture.edges.filter((edge) => edge.bad);
  expect(bad.map(({ label }) => label?.text)).toEqual(['12 ≠ 16']);
  expect(find(picture, 'generator/decoder').error?.path).toBe('generator/decoder');
  expect(find(picture, 'generator/mapper').error).toBeNull();
});

test('a graph with a cycle is still drawn, with its error told', () => {
  const model = 'long';
  const graph = long.layers[model]!.graph!;
  const [first, ...rest] = graph.calls.slice(1);
  const calls = [graph.calls[0]!, { ...first!, args: [['long/add_3', 0, 0] as const] }, ...rest];
  const spec = {
    ...long,
    layers: { ...long.layers, [model]: { ...long.layers[model]!, graph: { ...graph, calls } } },
  };
  expect(draw(spec).boxes.length).toBe(54);
});

test('a model in which every layer feeds every later one is drawn in a moment', () => {
  const begin = performance.now();
  const picture = draw(dense);
  expect(picture.boxes.length).toBe(1 + 1 + 2 * 40);
  expect(performance.now() - begin).toBeLessThan(3000);
});
