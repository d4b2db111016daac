/**
 * Keras's snake case for automatic names: `Conv2D` -> `conv2d`, `MaxPooling2D` -> `max_pooling2d`, `PReLU` -> `p_re_lu`.
 * Source: keras.src.utils.naming.to_snake_case.
 */
export function toSnakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** Gives Keras's automatic names, counted over the whole namer: `conv2d`, `conv2d_1`, … */
export function createNamer(): (className: string) => string {
  const counts = new Map<string, number>();
  return (className) => {
    const base = toSnakeCase(className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  };
}
