import { SpecError } from '../spec.ts';

/**
 * Fills the places of a name as Python's `str.format` does: `{epoch:02d}`, `{val_loss:.4f}`, `{val_loss:.2e}`,
 * `{epoch}`. Throws a SpecError for a name that has no value, and for a format that is not one of these.
 */
export function formatPath(
  template: string,
  values: Readonly<Record<string, number | readonly number[]>>,
): string {
  return template.replace(/\{([^{}:]*)(?::([^{}]*))?\}/g, (_, name: string, format = '') => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (typeof value !== 'number')
      throw new SpecError(
        'callbacks/ModelCheckpoint',
        `filepath ${template}: there is no ${name}; there are ${Object.keys(values).join(', ')}`,
      );
    return formatNumber(value, format as string, template);
  });
}

function formatNumber(value: number, format: string, template: string): string {
  const parts = /^(0?)(\d*)(?:\.(\d+))?([dfeg]?)$/.exec(format);
  if (!parts)
    throw new SpecError(
      'callbacks/ModelCheckpoint',
      `filepath ${template}: expected a format such as 02d, .4f or .2e; got ${format}`,
    );
  const [, zero, width, digits, type] = parts;
  const text = digitsOf(value, digits === undefined ? undefined : Number(digits), type!);
  return text.padStart(Number(width), zero === '0' ? '0' : ' ');
}

function digitsOf(value: number, digits: number | undefined, type: string): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  switch (type) {
    case 'd':
      return String(Math.round(value));
    case 'f':
      return value.toFixed(digits ?? 6);
    case 'e':
      return value.toExponential(digits ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
    default:
      return digits === undefined ? String(value) : String(Number(value.toPrecision(digits || 1)));
  }
}
