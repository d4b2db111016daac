import { z } from 'zod';
import { formatShape } from '../../program/tensor.ts';
import { dataFormat } from './config.ts';
import { channelsOf } from './conv.ts';
import { defineLayer } from './layer.ts';

type Sides = [before: number, after: number];

const side = z.int().nonnegative();

/** How much before and after each of n axes: one number for all, one per axis, or a pair per axis. */
function sides(n: number, fallback: number) {
  const pair = z.tuple([side, side]);
  const perAxis = z.union([side, pair]);
  const given = n === 1 ? z.union([side, pair]) : z.union([side, z.array(perAxis).length(n)]);
  const both = (value: number | Sides): Sides =>
    typeof value === 'number' ? [value, value] : value;
  return given
    .default(fallback)
    .transform((value): Sides[] =>
      typeof value === 'number'
        ? Array.from({ length: n }, () => both(value))
        : n === 1
          ? [value as Sides]
          : (value as (number | Sides)[]).map(both),
    );
}

function zeroPadding(className: string, n: number) {
  return defineLayer({
    className,
    config: z.strictObject({ padding: sides(n, 1), data_format: dataFormat }),
    call({ ops }, [x], { padding }) {
      channelsOf(x!.shape, n);
      return ops.pad(x!, [[0, 0], ...padding, [0, 0]]);
    },
  });
}

function cropping(className: string, n: number) {
  return defineLayer({
    className,
    config: z.strictObject({ cropping: sides(n, n === 2 ? 0 : 1), data_format: dataFormat }),
    call({ ops }, [x], { cropping }) {
      channelsOf(x!.shape, n);
      const cuts: Sides[] = [[0, 0], ...cropping, [0, 0]];
      const sizes = x!.shape.map((dim, axis) => {
        const left = dim === null ? null : dim - cuts[axis]![0] - cuts[axis]![1];
        if (left !== null && left < 1)
          throw new RangeError(`nothing is left of ${formatShape(x!.shape)}`);
        if (left === null && cuts[axis]![1] > 0)
          throw new RangeError(`axis ${axis} must be known to crop its end`);
        return left;
      });
      return ops.slice(
        x!,
        cuts.map(([before]) => before),
        sizes,
      );
    },
  });
}

export const zeroPadding1d = zeroPadding('ZeroPadding1D', 1);
export const zeroPadding2d = zeroPadding('ZeroPadding2D', 2);
export const zeroPadding3d = zeroPadding('ZeroPadding3D', 3);
export const cropping1d = cropping('Cropping1D', 1);
export const cropping2d = cropping('Cropping2D', 2);
export const cropping3d = cropping('Cropping3D', 3);
