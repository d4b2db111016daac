/** The steps in memory of a shape in C order. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  shape.reduceRight((stride, size, axis) => {
    strides[axis] = stride;
    return stride * size;
  }, 1);
  return strides;
}

/** The steps with which a tensor is walked when it is broadcast to a shape: 0 along the axes that it lacks. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) =>
    axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing]!,
  );
}

/**
 * Visits a shape in C order, a row along the last axis at a time: where the row begins in two tensors with these steps.
 * A scalar is one row of one number.
 */
export function eachRow(
  shape: readonly number[],
  a: readonly number[],
  b: readonly number[],
  visit: (a: number, b: number) => void,
): void {
  const outer = shape.slice(0, -1);
  const rows = outer.reduce((product, dim) => product * dim, shape.at(-1) === 0 ? 0 : 1);
  const at = outer.map(() => 0);
  let [atA, atB] = [0, 0];
  for (let row = 0; row < rows; row++) {
    visit(atA, atB);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      atA += a[axis]!;
      atB += b[axis]!;
      if (++at[axis]! < outer[axis]!) break;
      atA -= a[axis]! * outer[axis]!;
      atB -= b[axis]! * outer[axis]!;
      at[axis] = 0;
    }
  }
}
