import type { OpAttrs, PoolAttrs } from '../../shared/program/attributes.ts';
import { windowOutput, windowPads } from '../../shared/program/shapes.ts';
import { filled, indexOf, positionOf, type Numbers } from './numbers.ts';

/** Visits every window with the positions of its elements in C order, those in the padding left out. */
function eachWindow(
  xShape: readonly number[],
  { poolSize, strides, padding }: PoolAttrs,
  visit: (members: readonly number[], yAt: number) => void,
): void {
  const sizes = xShape.slice(1, -1);
  const yShape = poolShape(xShape, { poolSize, strides, padding });
  const before = sizes.map(
    (size, i) => windowPads(size, poolSize[i]!, strides[i]!, 1, padding, i)[0],
  );
  const taps = poolSize.reduce((product, n) => product * n, 1);
  for (let yAt = 0; yAt < yShape.reduce((product, n) => product * n, 1); yAt++) {
    const [sample, ...rest] = indexOf(yShape, yAt) as [number, ...number[]];
    const channel = rest.pop()!;
    const members: number[] = [];
    for (let tap = 0; tap < taps; tap++) {
      const k = indexOf(poolSize, tap);
      const at = rest.map((o, i) => o * strides[i]! - before[i]! + k[i]!);
      if (at.every((i, axis) => i >= 0 && i < sizes[axis]!))
        members.push(positionOf(xShape, [sample, ...at, channel]));
    }
    visit(members, yAt);
  }
}

function poolShape(xShape: readonly number[], { poolSize, strides, padding }: PoolAttrs): number[] {
  const out = poolSize.map((taps, i) =>
    windowOutput(xShape[i + 1]!, taps, strides[i]!, 1, padding, i),
  );
  return [xShape[0]!, ...(out as number[]), xShape.at(-1)!];
}

export function maxPool(x: Numbers, attrs: PoolAttrs): Numbers {
  const y = filled(poolShape(x.shape, attrs));
  eachWindow(x.shape, attrs, (members, yAt) => {
    y.data[yAt] = x.data[largest(x, members)]!;
  });
  return y;
}

/** Each dy goes to the first largest element of its window. */
export function maxPoolGrad(x: Numbers, dy: Numbers, attrs: PoolAttrs): Numbers {
  const dx = filled(x.shape);
  eachWindow(x.shape, attrs, (members, yAt) => {
    dx.data[largest(x, members)]! += dy.data[yAt]!;
  });
  return dx;
}

function largest(x: Numbers, members: readonly number[]): number {
  let best = members[0]!;
  for (const member of members) if (x.data[member]! > x.data[best]!) best = member;
  return best;
}

export function avgPool(x: Numbers, attrs: PoolAttrs): Numbers {
  const y = filled(poolShape(x.shape, attrs));
  eachWindow(x.shape, attrs, (members, yAt) => {
    for (const member of members) y.data[yAt]! += x.data[member]! / members.length;
  });
  return y;
}

export function avgPoolGrad(dy: Numbers, attrs: OpAttrs['avgPoolGrad']): Numbers {
  const dx = filled([dy.shape[0]!, ...(attrs.inputSize as number[]), dy.shape.at(-1)!]);
  eachWindow(dx.shape, attrs, (members, yAt) => {
    for (const member of members) dx.data[member]! += dy.data[yAt]! / members.length;
  });
  return dx;
}
