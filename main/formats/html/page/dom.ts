type Attributes = Readonly<Record<string, string | number | boolean>>;

/** An element with attributes and what lies in it; texts are shown as they are, never read as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== false) made.setAttribute(name, value === true ? '' : String(value));
  made.append(...children);
  return made;
}

/** A shape for people: `28 × 28 × 1`. */
export function shapeText(shape: readonly (number | null)[]): string {
  return shape.map((dim) => dim ?? 'any').join(' × ') || 'one number';
}

/** A number with as many digits as tell something. */
export function numberText(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? x.toExponential(2) : x.toFixed(4);
}
