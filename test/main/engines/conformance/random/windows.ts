import type { ConvAttrs, PoolAttrs } from '../../../../../shared/program/attributes.ts';
import { inferType } from '../../../../../shared/program/ops.ts';
import type { Padding } from '../../../../../shared/program/shapes.ts';
import type { Shape } from '../../../../../shared/program/tensor.ts';
import { use } from '../case.ts';
import { float, negative, ties, type Random } from '../inputs.ts';
import type { RandomCases } from '../random.ts';
import { chance, oneOf, whole } from './shapes.ts';

/** Windows over one to three axes that fit: strides beyond the kernel, dilation, every padding. */
interface Window {
  readonly x: Shape;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
}

function anyWindow(random: Random, channels: number, dilated: boolean): Window {
  const axes = whole(random, 1, 3);
  const each = (low: number, high: number) =>
    Array.from({ length: axes }, () => whole(random, low, high));
  const kernel = each(1, 3);
  const strides = each(1, chance(random, 0.5) ? 1 : 3);
  const dilations = dilated && chance(random, 0.4) ? each(1, 3) : kernel.map(() => 1);
  // Less than a kernel on each side, so that every window has an element of its own.
  const sides = kernel.map((taps): [number, number] => [
    whole(random, 0, taps - 1),
    whole(random, 0, taps - 1),
  ]);
  const padding = oneOf<Padding>(random, ['valid', 'same', sides]);
  const spatial = kernel.map((taps, i) => (taps - 1) * dilations[i]! + whole(random, 1, 4));
  const batch = chance(random, 0.5) ? null : whole(random, 1, 3);
  return { x: [batch, ...spatial, channels], kernel, strides, dilations, padding };
}

/** A convolution: its attributes, and the shapes of what it takes and gives. */
function anyConv(random: Random) {
  const groups = oneOf(random, [1, 1, 1, 2, 3]);
  const perGroup = whole(random, 1, 3);
  const { x, kernel, strides, dilations, padding } = anyWindow(random, groups * perGroup, true);
  const attrs: ConvAttrs = { strides, padding, dilations, groups };
  const filter = [...kernel, perGroup, groups * whole(random, 1, 2)];
  const types = [x, filter].map((shape) => ({ shape, dtype: 'float32' as const }));
  return { x, filter, y: inferType('conv', types, attrs).shape, attrs };
}

function anyPool(random: Random) {
  const { x, kernel, strides, padding } = anyWindow(random, whole(random, 1, 3), false);
  const attrs: PoolAttrs = { poolSize: kernel, strides, padding };
  const y = inferType('maxPool', [{ shape: x, dtype: 'float32' }], attrs).shape;
  return { x, y, attrs };
}

export const randomWindows: Pick<
  RandomCases,
  | 'conv'
  | 'convInputGrad'
  | 'convFilterGrad'
  | 'maxPool'
  | 'maxPoolGrad'
  | 'avgPool'
  | 'avgPoolGrad'
> = {
  conv: (random) => {
    const { x, filter, attrs } = anyConv(random);
    return use('conv', attrs, float(...x), float(...filter));
  },
  convInputGrad: (random) => {
    const { x, filter, y, attrs } = anyConv(random);
    const inputSize = x.slice(1, -1);
    return use('convInputGrad', { ...attrs, inputSize }, float(...y), float(...filter));
  },
  convFilterGrad: (random) => {
    const { x, filter, y, attrs } = anyConv(random);
    const kernelSize = filter.slice(0, -2);
    return use('convFilterGrad', { ...attrs, kernelSize }, float(...x), float(...y));
  },
  maxPool: (random) => {
    const { x, attrs } = anyPool(random);
    return use('maxPool', attrs, oneOf(random, [float, negative, ties])(...x));
  },
  maxPoolGrad: (random) => {
    const { x, y, attrs } = anyPool(random);
    return {
      op: 'maxPoolGrad',
      inputs: [oneOf(random, [float, negative, ties])(...x), float(...y)],
      build: (ops, [image, dy]) => ops.maxPoolGrad(image!, ops.maxPool(image!, attrs), dy!, attrs),
    };
  },
  avgPool: (random) => {
    const { x, attrs } = anyPool(random);
    return use('avgPool', attrs, float(...x));
  },
  avgPoolGrad: (random) => {
    const { x, y, attrs } = anyPool(random);
    return use('avgPoolGrad', { ...attrs, inputSize: x.slice(1, -1) }, float(...y));
  },
};
