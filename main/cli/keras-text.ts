import { InvalidArgumentError } from 'commander';
import type { Json, JsonObject } from '../../shared/keras/spec.ts';

/** A Keras object as the command line writes it. */
export interface KerasText {
  readonly class_name: string;
  readonly config: JsonObject;
}

/**
 * Reads `EarlyStopping`, `EarlyStopping:patience=3,mode=max` or `{"class_name": …, "config": …}`. Values are read as
 * JSON where they are JSON, else as text. Throws an InvalidArgumentError otherwise.
 */
export function kerasText(text: string): KerasText {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return fromJson(trimmed);
  const [name = '', ...rest] = trimmed.split(':');
  const config = Object.fromEntries(
    splitOutside(rest.join(':')).map((part) => {
      const at = part.indexOf('=');
      if (at < 1) throw new InvalidArgumentError(`Expected key=value; got ${part}.`);
      return [part.slice(0, at).trim(), jsonOrText(part.slice(at + 1).trim())];
    }),
  );
  if (name === '') throw new InvalidArgumentError('Expected a name, as in EarlyStopping.');
  return { class_name: name, config };
}

/** A name alone where there is no configuration, as Keras's settings have it. */
export function nameOrObject({ class_name, config }: KerasText): string | JsonObject {
  return Object.keys(config).length === 0 ? class_name : { class_name, config };
}

/** Parts between commas that stand in no brackets and no quotes. */
export function splitOutside(text: string): string[] {
  const parts: string[] = [''];
  let [depth, quoted] = [0, false];
  for (const sign of text) {
    if (sign === '"') quoted = !quoted;
    if (!quoted && '[{'.includes(sign)) depth += 1;
    if (!quoted && ']}'.includes(sign)) depth -= 1;
    if (sign === ',' && depth === 0 && !quoted) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts.filter((part) => part.trim() !== '');
}

const pythons: Readonly<Record<string, Json>> = { True: true, False: false, None: null };

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // As Python writes them.
    return Object.hasOwn(pythons, text) ? (pythons[text] as Json) : text;
  }
}

function fromJson(text: string): KerasText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  const { class_name, config = {} } = value as Partial<KerasText>;
  if (typeof class_name !== 'string')
    throw new InvalidArgumentError('Expected {"class_name": "…", "config": {…}}.');
  return { class_name, config };
}
