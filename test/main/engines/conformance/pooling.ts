import type { PoolAttrs } from '../../../../shared/program/attributes.ts';
import { inferType } from '../../../../shared/program/ops.ts';
import type { Padding } from '../../../../shared/program/shapes.ts';
import type { Shape } from '../../../../shared/program/tensor.ts';
import { use, type Case } from './case.ts';
import { float, negative, ties } from './inputs.ts';

/** Both pools and their gradients; the maximum also where all are negative and where several are equal. */
function all(x: Shape, poolSize: number[], window: Partial<PoolAttrs>): Case[] {
  const attrs: PoolAttrs = { poolSize, strides: poolSize, padding: 'valid', ...window };
  const y = inferType('maxPool', [{ shape: x, dtype: 'float32' }], attrs).shape;
  return [
    ...[float, negative, ties].flatMap((kind): Case[] => [
      use('maxPool', attrs, kind(...x)),
      {
        op: 'maxPoolGrad',
        inputs: [kind(...x), float(...y)],
        build: (ops, [image, dy]) =>
          ops.maxPoolGrad(image!, ops.maxPool(image!, attrs), dy!, attrs),
      },
    ]),
    use('avgPool', attrs, float(...x)),
    use('avgPoolGrad', { ...attrs, inputSize: x.slice(1, -1) }, float(...y)),
  ];
}

const planes: Case[] = (['valid', 'same', [[1, 0], [0, 1]]] as Padding[]).flatMap((padding) => [
  ...all([null, 6, 6, 2], [2, 2], { padding }),
  ...all([null, 7, 5, 2], [3, 2], { padding }),
  ...all([null, 6, 5, 2], [3, 3], { padding, strides: [1, 1] }),
  ...all([null, 7, 6, 1], [3, 2], { padding, strides: [2, 1] }),
  ...all([null, 7, 7, 2], [2, 2], { padding, strides: [3, 3] }),
]); // prettier-ignore

const lines: Case[] = (['valid', 'same', [[1, 1]]] as Padding[]).flatMap((padding) => [
  ...all([null, 7, 2], [2], { padding }),
  ...all([null, 7, 2], [3], { padding, strides: [2] }),
]);

const volumes: Case[] = (['valid', 'same', [[0, 1], [1, 0], [1, 1]]] as Padding[]).flatMap(
  (padding) => [
    ...all([null, 4, 3, 4, 2], [2, 2, 2], { padding }),
    ...all([null, 3, 4, 5, 1], [2, 3, 2], { padding, strides: [1, 2, 2] }),
  ],
); // prettier-ignore

export const poolingCases: readonly Case[] = [...planes, ...lines, ...volumes];
