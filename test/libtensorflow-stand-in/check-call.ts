import type { DType } from '../../shared/program/tensor.ts';
import { OP_DEFS } from './op-defs.ts';
import { ATTRIBUTES, failed, NAMES, type Held } from './tensor.ts';

/** An attribute as tfjs-node hands it over. */
export interface GivenAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The attributes of a call by name; types as our names. */
export type Attributes = Readonly<Record<string, unknown>>;

const INVALID = 3;
const NOT_FOUND = 5;

/**
 * The attributes of a call, checked as the library checks them against the operation's declaration: each known and of
 * its kind, those without a default all there, and the inputs as many and of the types that they say.
 */
export function checkCall(
  op: string,
  given: readonly GivenAttribute[],
  inputs: readonly Held[],
): Attributes {
  const definition = OP_DEFS[op];
  if (!definition) throw failed(NOT_FOUND, `Op type not registered '${op}' in the stand-in`);
  const attributes: Record<string, unknown> = {};
  for (const { name, type, value } of given) {
    const wanted = definition.attrs[name];
    if (wanted === undefined)
      throw failed(INVALID, `Operation '${op}' has no attr named '${name}'`);
    attributes[name] = attribute(op, name, wanted, type, value);
  }
  for (const [name, wanted] of Object.entries(definition.attrs))
    if (!(name in attributes) && !(typeof wanted === 'string' && wanted.endsWith('?')))
      throw failed(INVALID, `Operation '${op}' is missing attr '${name}'`);

  const types = definition.inputs.flatMap((type) =>
    type.startsWith('N*') ? Array<string>(attributes['N'] as number).fill(type.slice(2)) : [type],
  );
  if (types.length !== inputs.length)
    throw failed(INVALID, `Expected ${types.length} inputs for '${op}', got ${inputs.length}`);
  for (const [i, type] of types.entries()) {
    const expected = (attributes[type] ?? type) as DType;
    if (inputs[i]!.dtype !== expected)
      throw failed(
        INVALID,
        `cannot compute ${op} as input #${i}(zero-based) was expected to be a ${expected} tensor ` +
          `but is a ${inputs[i]!.dtype} tensor`,
      );
  }
  return attributes;
}

function attribute(
  op: string,
  name: string,
  wanted: (typeof OP_DEFS)[string]['attrs'][string],
  type: number,
  value: unknown,
): unknown {
  const wrong = () =>
    failed(INVALID, `Attr '${name}' of '${op}' can't be ${JSON.stringify(value)} of kind ${type}`);
  if (typeof wanted !== 'string') {
    const dtype = NAMES[value as number];
    if (type !== ATTRIBUTES.TF_ATTR_TYPE || !dtype) throw wrong();
    if (!wanted.includes(dtype))
      throw failed(INVALID, `Value for attr '${name}' of ${dtype} is not in the list of ${op}`);
    return dtype;
  }
  const whole = (x: unknown) => Number.isInteger(x);
  const fits = {
    int: () => type === ATTRIBUTES.TF_ATTR_INT && whole(value),
    ints: () => type === ATTRIBUTES.TF_ATTR_INT && Array.isArray(value) && value.every(whole),
    bool: () => type === ATTRIBUTES.TF_ATTR_BOOL && typeof value === 'boolean',
    string: () => type === ATTRIBUTES.TF_ATTR_STRING && typeof value === 'string',
  }[wanted.replace('?', '') as 'int' | 'ints' | 'bool' | 'string'];
  if (!fits()) throw wrong();
  return value;
}
