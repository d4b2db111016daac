/** A value inside nested data, which holds no others: lists of plain values count as one. */
export type Leaf = string | number | boolean | null | readonly unknown[];

/**
 * The leaves of nested data by their paths, `optimizer.learning_rate`. A Keras object `{class_name, config}` is its
 * class at its own path and its configuration below it; Keras's bookkeeping about modules is left out, and so is what
 * is null or absent.
 */
export function leavesOf(data: unknown): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const visit = (value: unknown, path: string): void => {
    if (value === null || value === undefined) return;
    if (Array.isArray(value)) {
      if (value.every((item) => typeof item !== 'object' || item === null)) leaves.set(path, value);
      else value.forEach((item, i) => visit(item, join(path, String(i))));
    } else if (typeof value === 'object') {
      const { class_name, config, ...rest } = value as Record<string, unknown>;
      const isKeras = typeof class_name === 'string';
      if (isKeras) leaves.set(path, class_name);
      const inside = isKeras ? config : { ...rest, class_name, config };
      for (const [key, item] of Object.entries(inside ?? {})) visit(item, join(path, key));
    } else leaves.set(path, value as Leaf);
  };
  visit(data, '');
  return leaves;
}

function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

/** Whether two leaves say the same; NaN is the same as NaN, and what is absent as null. */
export function sameLeaf(a: Leaf | undefined, b: Leaf | undefined): boolean {
  return Object.is(a ?? null, b ?? null) || JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}
