import { layerOf, type GraphSpec, type ModelSpec } from '../../shared/keras/spec.ts';
import { compatible } from '../../shared/program/tensor.ts';
import { inputShape } from '../../shared/program/trace.ts';
import type { Wire } from './items.ts';
import { shapeText } from './shape-text.ts';
import type { GraphTypes } from './shapes.ts';

/**
 * What is wrong with what a wire carries: `12 ≠ 16` where the receiver is a model that declares another shape, the
 * shape alone where a layer can't take it; null when nothing is.
 */
export function mismatch(
  spec: ModelSpec,
  graph: GraphSpec,
  types: GraphTypes,
  { from, output, to, arg }: Wire,
): string | null {
  if (!types.errors.has(to)) return null;
  const given = types.outputs[from]?.[output];
  if (!given) return null;
  const receiver = layerOf(spec, graph.calls[to]!.layer);
  const got = shapeText(given.shape);
  if (!receiver.graph) return got;
  const declared = receiver.graph.inputs[arg];
  if (!declared) return got;
  const expected = inputShape(layerOf(spec, declared[0]));
  return compatible(expected, given.shape) ? null : `${got} ≠ ${shapeText(expected)}`;
}
