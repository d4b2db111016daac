import type { LayerDefinition } from '../keras/layers/layer.ts';
import { mapTensors } from '../keras/spec.ts';
import type { CallSpec, TensorRef } from '../keras/spec.ts';
import type { Value } from './builder.ts';
import { Traced, traced } from './traced.ts';

/** What a call passes by name: values, and tensors as `Traced`. */
export type Keywords = Readonly<Record<string, unknown>>;

/** The tensors of a call, positional ones flat, keyword ones by name. */
export function resolveArguments(
  call: CallSpec,
  tensorOf: (ref: TensorRef) => Traced,
): { args: Traced[]; kwargs: Keywords } {
  const kwargs = Object.entries(call.kwargs ?? {}).map(([name, value]) => [
    name,
    mapTensors(value, tensorOf),
  ]);
  return {
    args: call.args.map((argument) => mapTensors(argument, tensorOf)).flat() as Traced[],
    kwargs: Object.fromEntries(kwargs) as Keywords,
  };
}

const counted = (inputs: number) => `${inputs} ${inputs === 1 ? 'input' : 'inputs'}`;

/** Puts tensors that a call gives by the names of positional arguments to their places; the others lose their masks. */
export function positional(
  { arguments: names = [], takes = 1, takesMask = false }: LayerDefinition,
  given: readonly Traced[],
  keywords: Keywords,
) {
  const inputs = [...given];
  const kwargs: Record<string, unknown> = {};
  for (const name of names) {
    const tensor = keywords[name];
    if (tensor == null) continue;
    if (names.indexOf(name) !== inputs.length)
      throw new RangeError(`${name} is given, and what stands before it is not`);
    inputs.push(tensor instanceof Traced ? tensor : traced(tensor as Value));
  }
  const plain = (value: unknown): unknown => {
    if (value instanceof Traced) return value.value;
    return Array.isArray(value) ? value.map(plain) : value;
  };
  for (const [name, value] of Object.entries(keywords))
    if (!names.includes(name)) kwargs[name] = plain(value);
  if (takes === 1 && takesMask && inputs.length === 2 && kwargs['mask'] == null)
    kwargs['mask'] = inputs.pop()!.value; // the argument that follows the tensor
  if (inputs.length > takes) throw new RangeError(`takes ${counted(takes)}; got ${inputs.length}`);
  return { inputs, kwargs };
}

/** The masks that a call gives itself: one for the first tensor, or a list. */
export function masksIn({ mask }: Keywords): readonly (Value | null | undefined)[] {
  const list = Array.isArray(mask) ? (mask as readonly unknown[]) : [mask];
  return list.map((one) => (one instanceof Traced ? one.value : (one as Value | null | undefined)));
}

/**
 * The masks of a call: its own, what Keras would have written into it, or what comes along. Keras writes a mask into
 * calls of one tensor and nothing else, of layers that take one.
 */
export function liveMasks(inputs: readonly Traced[], kwargs: Keywords, takesMask: boolean) {
  const own = masksIn(kwargs);
  const alone = inputs.length === 1 && Object.keys(kwargs).every((name) => name === 'training');
  return inputs.map(
    ({ live, recorded }, i) => own[i] ?? (takesMask && alone ? recorded : null) ?? live.mask,
  );
}
