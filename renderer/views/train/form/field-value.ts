import type { Field } from '../../../../shared/keras/fields.ts';
import type { Json, JsonObject } from '../../../../shared/keras/spec.ts';

/** What a field's text means: a value, undefined for the default, or null with what was expected. */
export type Read =
  | { readonly value: Json | undefined }
  | { readonly expected: 'number' | 'whole' | 'json' | 'range' | 'something' };

/** Reads what was typed into a field. Empty is the default, or null where there is none. */
export function readField(field: Field, text: string): Read {
  const trimmed = text.trim();
  if (trimmed === '') {
    if (field.default !== undefined || field.nullable) return { value: undefined };
    return { expected: 'something' };
  }
  switch (field.kind) {
    case 'number':
    case 'integer': {
      const value = Number(trimmed);
      if (!Number.isFinite(value))
        return { expected: field.kind === 'number' ? 'number' : 'whole' };
      if (field.kind === 'integer' && !Number.isInteger(value)) return { expected: 'whole' };
      return isWithin(field, value) ? { value } : { expected: 'range' };
    }
    case 'boolean':
      return { value: trimmed === 'true' };
    case 'json':
      return readJson(trimmed);
    default:
      return { value: text };
  }
}

function isWithin({ least = -Infinity, most = Infinity }: Field, value: number): boolean {
  return value >= least && value <= most;
}

/** Words that are no JSON are taken as they are: `epoch`. */
function readJson(text: string): Read {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return /^[\w.]+$/.test(text) ? { value: text } : { expected: 'json' };
  }
}

/** What a field shows of a configuration; empty for the default. */
export function shownValue(field: Field, config: JsonObject): string {
  const value = config[field.name];
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What an empty field stands for. */
export function defaultText({ default: value, kind }: Field): string {
  if (value === undefined || value === null) return kind === 'boolean' ? 'false' : '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A configuration with another value; a default is left out. */
export function withValue(config: JsonObject, field: Field, value: Json | undefined): JsonObject {
  const { [field.name]: _, ...rest } = config;
  const isDefault = value === undefined || JSON.stringify(value) === JSON.stringify(field.default);
  return isDefault ? rest : { ...rest, [field.name]: value };
}
