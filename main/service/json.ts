/** JSON text of a value. Numbers that JSON lacks become the texts `NaN`, `Infinity` and `-Infinity`. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, part: unknown) =>
      typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
    indent,
  );
}

/** The value that `toJson` wrote. Throws a SyntaxError for text that is not JSON. */
export function fromJson(text: string): unknown {
  // Text by text is slow, and few texts have such numbers.
  if (!/"(?:NaN|-?Infinity)"/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_, part: unknown) =>
    part === 'NaN' || part === 'Infinity' || part === '-Infinity' ? Number(part) : part,
  );
}
