import { z } from 'zod';
import { callbackConfigs } from './callbacks/settings.ts';
import { losses } from './losses/catalogue.ts';
import { metrics } from './metrics/catalogue.ts';
import { optimizers } from './optimizers/catalogue.ts';
import { schedules } from './schedules.ts';
import type { Json } from './spec.ts';

/** What can be set of a Keras object, as a form shows it. */
export interface Field {
  readonly name: string;
  /** `json`: neither of the others; written as JSON. */
  readonly kind: 'number' | 'integer' | 'boolean' | 'choice' | 'text' | 'json';
  /** Undefined: it must be given, unless it may be null. */
  readonly default?: Json;
  readonly nullable: boolean;
  readonly least?: number;
  readonly most?: number;
  readonly choices?: readonly string[];
}

/** Families of Keras objects that a training's settings hold. */
export type Family = 'optimizer' | 'schedule' | 'loss' | 'metric' | 'callback';

const byClass = (definitions: readonly { className: string; config: z.ZodType }[]) =>
  Object.fromEntries(definitions.map(({ className, config }) => [className, config]));

const families: Readonly<Record<Family, Readonly<Record<string, z.ZodType>>>> = {
  optimizer: byClass(optimizers),
  schedule: Object.fromEntries(
    Object.entries(schedules).map(([name, { config }]) => [name, config]),
  ),
  loss: byClass(losses),
  metric: byClass(metrics),
  callback: callbackConfigs,
};

/** The classes of a family. */
export function classesOf(family: Family): string[] {
  return Object.keys(families[family]);
}

/**
 * The class that a setting names: by its own name, or Keras's name of its function (`mse`). Null for one that is not
 * known, `accuracy` among them, which fits itself to the output.
 */
export function classNamed(family: 'loss' | 'metric', name: string): string | null {
  const found = (family === 'loss' ? losses : metrics).find(
    ({ className, names }) => className === name || names.includes(name.toLowerCase()),
  );
  return found?.className ?? null;
}

/** The name by which Keras's settings call a class that has no configuration: `mean_squared_error`. */
export function shortName(family: 'loss' | 'metric', className: string): string {
  const found = (family === 'loss' ? losses : metrics).find((one) => one.className === className);
  return found?.names[0] ?? className;
}

/** What changes nothing here: names and types that Keras takes beside the settings. */
const beside: ReadonlySet<string> = new Set(['dtype', 'loss_scale_factor']);

/** The fields of a class, in Keras's order; none for a class that is not known. */
export function fieldsOf(family: Family, className: string): Field[] {
  const config = families[family][className];
  if (!config) return [];
  const { properties = {} } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties)
    .filter(([name]) => !beside.has(name) && (name !== 'name' || family === 'metric'))
    .map(([name, property]) => fieldOf(name, property as Property));
}

interface Property {
  readonly type?: string | readonly string[];
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly anyOf?: readonly Property[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

function fieldOf(name: string, property: Property): Field {
  const all = (property.anyOf ?? [property]).flatMap(alternativesOf);
  const alternatives = all.filter(({ type }) => type !== 'null');
  const one = alternatives.length === 1 ? alternatives[0]! : null;
  const least = one?.minimum ?? one?.exclusiveMinimum;
  const most = one?.maximum ?? one?.exclusiveMaximum;
  const safe = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const [low, high] = [safe(least), safe(most)];
  return {
    name,
    kind: one ? kindOf(one) : 'json',
    nullable: alternatives.length < all.length,
    ...(property.default !== undefined && { default: property.default }),
    ...(low !== undefined && { least: low }),
    ...(high !== undefined && { most: high }),
    ...(one?.enum && { choices: one.enum.map(String) }),
  };
}

/** A property of several types as one of each. */
function alternativesOf(property: Property): Property[] {
  const { type } = property;
  return typeof type === 'object' ? type.map((one) => ({ ...property, type: one })) : [property];
}

function kindOf({ type, enum: choices }: Property): Field['kind'] {
  if (choices) return 'choice';
  if (type === 'number' || type === 'integer' || type === 'boolean') return type;
  return type === 'string' ? 'text' : 'json';
}
