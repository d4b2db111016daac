import type { ConvAttrs } from '../../../../shared/program/attributes.ts';
import { inferType } from '../../../../shared/program/ops.ts';
import type { Padding } from '../../../../shared/program/shapes.ts';
import type { Shape } from '../../../../shared/program/tensor.ts';
import { use, type Case } from './case.ts';
import { float } from './inputs.ts';

/** Convolution and both of its gradients, for one input, filter and window. */
function all(x: Shape, filter: number[], window: Partial<ConvAttrs>): Case[] {
  const spatial = filter.length - 2;
  const ones = Array<number>(spatial).fill(1);
  const attrs: ConvAttrs = {
    strides: ones,
    padding: 'valid',
    dilations: ones,
    groups: 1,
    ...window,
  };
  const inputs = [x, filter].map((shape) => ({ shape, dtype: 'float32' as const }));
  const y = inferType('conv', inputs, attrs).shape;
  return [
    use('conv', attrs, float(...x), float(...filter)),
    use('convInputGrad', { ...attrs, inputSize: x.slice(1, -1) }, float(...y), float(...filter)),
    use('convFilterGrad', { ...attrs, kernelSize: filter.slice(0, -2) }, float(...x), float(...y)),
  ];
}

const PADDINGS: Padding[] = ['valid', 'same', [[2, 0], [1, 2]]]; // prettier-ignore

const planes: Case[] = PADDINGS.flatMap((padding) => [
  ...all([null, 5, 6, 2], [3, 2, 2, 3], { padding }),
  ...all([null, 6, 5, 2], [2, 3, 2, 3], { padding, strides: [2, 2] }),
  ...all([null, 7, 6, 1], [3, 3, 1, 2], { padding, strides: [3, 2] }),
  ...all([null, 7, 8, 2], [3, 2, 2, 2], { padding, dilations: [2, 3] }),
  ...all([null, 7, 7, 2], [2, 2, 2, 2], { padding, strides: [2, 1], dilations: [1, 2] }),
  ...all([null, 7, 8, 2], [2, 2, 2, 2], { padding, strides: [2, 3], dilations: [2, 2] }),
  ...all([null, 5, 5, 4], [3, 3, 2, 6], { padding, groups: 2 }),
  ...all([null, 6, 5, 4], [2, 3, 2, 2], { padding, groups: 2, strides: [2, 2] }),
  ...all([null, 7, 6, 4], [2, 2, 2, 2], { padding, groups: 2, dilations: [2, 1] }),
  ...all([null, 5, 5, 3], [3, 3, 1, 3], { padding, groups: 3 }),
  ...all([null, 5, 5, 3], [2, 3, 1, 6], { padding, groups: 3, strides: [2, 2] }),
  ...all([null, 7, 7, 2], [2, 2, 1, 4], { padding, groups: 2, dilations: [3, 2] }),
  ...all([null, 4, 3, 3], [1, 1, 3, 2], { padding }),
  // A stride longer than the kernel leaves elements that no window sees.
  ...all([null, 7, 7, 2], [1, 2, 2, 2], { padding, strides: [3, 3] }),
]);

const lines: Case[] = (['valid', 'same', [[2, 1]]] as Padding[]).flatMap((padding) => [
  ...all([null, 7, 2], [3, 2, 3], { padding }),
  ...all([null, 8, 2], [3, 2, 2], { padding, strides: [2] }),
  ...all([null, 8, 2], [3, 2, 2], { padding, dilations: [2] }),
  ...all([null, 9, 4], [2, 2, 4], { padding, strides: [2], dilations: [3], groups: 2 }),
  ...all([null, 6, 3], [3, 1, 6], { padding, groups: 3 }),
]);

const volumes: Case[] = (['valid', 'same', [[1, 0], [0, 2], [1, 1]]] as Padding[]).flatMap(
  (padding) => [
    ...all([null, 3, 4, 4, 2], [2, 2, 3, 2, 2], { padding }),
    ...all([null, 4, 5, 3, 1], [2, 3, 2, 1, 2], { padding, strides: [2, 2, 1] }),
    ...all([null, 4, 5, 3, 1], [2, 2, 2, 1, 2], { padding, dilations: [2, 3, 1] }),
    ...all([null, 3, 4, 3, 4], [2, 2, 2, 2, 2], { padding, groups: 2 }),
    ...all([2, 5, 5, 5, 2], [2, 2, 2, 1, 2], {
      padding,
      groups: 2,
      strides: [1, 2, 2],
      dilations: [2, 1, 2],
    }),
  ],
); // prettier-ignore

/** The seed's own layers, small: a bottleneck, and a filter as wide as its image. */
const whole: Case[] = [
  ...all([null, 4, 4, 1], [4, 4, 1, 3], {}),
  ...all([1, 6, 6, 1], [3, 3, 1, 4], {}),
];

export const convolutionCases: readonly Case[] = [...planes, ...lines, ...volumes, ...whole];
