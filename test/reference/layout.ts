import type { OpAttrs } from '../../shared/program/attributes.ts';
import { sizeOf } from '../../shared/program/tensor.ts';
import { at, atBroadcast, from, type Numbers } from './numbers.ts';

/** The same numbers under another shape; one open dimension takes what remains. */
export function reshape(x: Numbers, { shape }: OpAttrs['reshape']): Numbers {
  const known = sizeOf(shape.filter((dim) => dim !== null));
  return { ...x, shape: shape.map((dim) => dim ?? x.data.length / known) };
}

export function transpose(x: Numbers, { perm }: OpAttrs['transpose']): Numbers {
  const shape = perm.map((axis) => x.shape[axis]!);
  return from(shape, x.dtype, (index) => {
    const source: number[] = [];
    for (const [to, axis] of perm.entries()) source[axis] = index[to]!;
    return at(x, source);
  });
}

export function broadcast(x: Numbers, shape: readonly number[]): Numbers {
  return from(shape, x.dtype, (index) => atBroadcast(x, index));
}

export function slice(x: Numbers, { starts, sizes, strides }: OpAttrs['slice']): Numbers {
  const shape = x.shape.map(
    (size, axis) => sizes[axis] ?? Math.ceil((size - starts[axis]!) / strides[axis]!),
  );
  return from(shape, x.dtype, (index) =>
    at(
      x,
      index.map((i, axis) => starts[axis]! + i * strides[axis]!),
    ),
  );
}

export function pad(x: Numbers, { pads, value }: OpAttrs['pad']): Numbers {
  const shape = x.shape.map((size, axis) => size + pads[axis]![0] + pads[axis]![1]);
  return from(shape, x.dtype, (index) => {
    const source = index.map((i, axis) => i - pads[axis]![0]);
    return source.every((i, axis) => i >= 0 && i < x.shape[axis]!) ? at(x, source) : value;
  });
}

export function concat(inputs: readonly Numbers[], { axis }: OpAttrs['concat']): Numbers {
  const first = inputs[0]!;
  const along = inputs.reduce((total, x) => total + x.shape[axis]!, 0);
  return from(first.shape.with(axis, along), first.dtype, (index) => {
    let i = index[axis]!;
    const source = inputs.find((x) => {
      if (i < x.shape[axis]!) return true;
      i -= x.shape[axis]!;
      return false;
    });
    return at(source!, index.with(axis, i));
  });
}

export function reverse(x: Numbers, { axes }: OpAttrs['reverse']): Numbers {
  return from(x.shape, x.dtype, (index) =>
    at(
      x,
      index.map((i, axis) => (axes.includes(axis) ? x.shape[axis]! - 1 - i : i)),
    ),
  );
}

export function upsample(x: Numbers, { size }: OpAttrs['upsample']): Numbers {
  const factors = [1, ...size, 1];
  const shape = x.shape.map((dim, axis) => dim * factors[axis]!);
  return from(shape, x.dtype, (index) =>
    at(
      x,
      index.map((i, axis) => Math.floor(i / factors[axis]!)),
    ),
  );
}
