import type { ConvAttrs, OpAttrs } from '../../shared/program/attributes.ts';
import { windowOutput, windowPads } from '../../shared/program/shapes.ts';
import { filled, indexOf, positionOf, type Numbers } from './numbers.ts';

/**
 * Visits every product that a convolution sums: y[yAt] += x[xAt] * filter[filterAt].
 * So one loop defines the convolution and both of its gradients.
 */
function eachProduct(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvAttrs,
  visit: (xAt: number, filterAt: number, yAt: number) => void,
): void {
  const kernel = filterShape.slice(0, -2);
  const sizes = xShape.slice(1, -1);
  const yShape = convShape(xShape, filterShape, attrs);
  const [perGroup, filters] = filterShape.slice(-2) as [number, number];
  const before = sizes.map(
    (size, i) =>
      windowPads(size, kernel[i]!, attrs.strides[i]!, attrs.dilations[i]!, attrs.padding, i)[0],
  );
  const outside = yShape.slice(0, -1);
  const taps = kernel.reduce((product, n) => product * n, 1);
  for (let spot = 0; spot < outside.reduce((product, n) => product * n, 1); spot++) {
    const [sample, ...out] = indexOf(outside, spot) as [number, ...number[]];
    for (let tap = 0; tap < taps; tap++) {
      const k = indexOf(kernel, tap);
      const at = out.map(
        (o, i) => o * attrs.strides[i]! - before[i]! + k[i]! * attrs.dilations[i]!,
      );
      if (at.some((i, axis) => i < 0 || i >= sizes[axis]!)) continue;
      const xBase = positionOf(xShape, [sample, ...at, 0]);
      for (let filter = 0; filter < filters; filter++) {
        const group = Math.floor(filter / (filters / attrs.groups));
        for (let channel = 0; channel < perGroup; channel++)
          visit(
            xBase + group * perGroup + channel,
            (tap * perGroup + channel) * filters + filter,
            spot * filters + filter,
          );
      }
    }
  }
}

function convShape(
  xShape: readonly number[],
  filterShape: readonly number[],
  { strides, dilations, padding }: ConvAttrs,
): number[] {
  const kernel = filterShape.slice(0, -2);
  const out = kernel.map((taps, i) =>
    windowOutput(xShape[i + 1]!, taps, strides[i]!, dilations[i]!, padding, i),
  );
  return [xShape[0]!, ...(out as number[]), filterShape.at(-1)!];
}

export function conv(x: Numbers, filter: Numbers, attrs: ConvAttrs): Numbers {
  const y = filled(convShape(x.shape, filter.shape, attrs));
  eachProduct(x.shape, filter.shape, attrs, (xAt, filterAt, yAt) => {
    y.data[yAt]! += x.data[xAt]! * filter.data[filterAt]!;
  });
  return y;
}

export function convInputGrad(
  dy: Numbers,
  filter: Numbers,
  attrs: OpAttrs['convInputGrad'],
): Numbers {
  const channels = filter.shape.at(-2)! * attrs.groups;
  const dx = filled([dy.shape[0]!, ...(attrs.inputSize as number[]), channels]);
  eachProduct(dx.shape, filter.shape, attrs, (xAt, filterAt, yAt) => {
    dx.data[xAt]! += dy.data[yAt]! * filter.data[filterAt]!;
  });
  return dx;
}

export function convFilterGrad(x: Numbers, dy: Numbers, attrs: OpAttrs['convFilterGrad']): Numbers {
  const shape = [...attrs.kernelSize, x.shape.at(-1)! / attrs.groups, dy.shape.at(-1)!];
  const gradient = filled(shape);
  eachProduct(x.shape, shape, attrs, (xAt, filterAt, yAt) => {
    gradient.data[filterAt]! += x.data[xAt]! * dy.data[yAt]!;
  });
  return gradient;
}
