import type { Composed, SymbolicTensor } from './compose.ts';
import { SpecError } from './spec.ts';
import type { CallArgument, CallSpec, GraphSpec, LayerSpec, ModelSpec, TensorRef } from './spec.ts';

/** The spec of composed models and of every layer inside, each once. A layer's id is the first path that leads to it. */
export function toSpec(models: readonly Composed[]): ModelSpec {
  const ids = new Map<Composed, string>();
  const layers: Record<string, LayerSpec> = {};
  const visit = (composed: Composed, id: string) => {
    if (ids.has(composed)) return;
    if (Object.hasOwn(layers, id)) throw new SpecError(id, 'two different layers have this path');
    ids.set(composed, id);
    const { class_name, config, ends, wraps } = composed;
    layers[id] = { class_name, config };
    const calls = ends ? callsOf([...ends.outputs, ...ends.inputs]) : [];
    for (const layer of [...calls.map((use) => use.layer), ...Object.values(wraps ?? {})])
      visit(layer, `${id}/${layer.config.name}`);
    const inner = Object.entries(wraps ?? {}).map(([role, layer]) => [role, ids.get(layer)!]);
    layers[id] = {
      class_name,
      config,
      ...(ends && { graph: graphOf(ends, calls, ids) }),
      ...(wraps && { wraps: Object.fromEntries(inner) as Record<string, string> }),
    };
  };
  for (const model of models) visit(model, model.config.name);
  return { version: 1, layers, models: models.map((model) => ids.get(model)!) };
}

interface Use {
  readonly layer: Composed;
  readonly call: number;
}

/** The calls that lead to the tensors, in the order in which they were made; none beyond those of `borders`. */
export function callsOf(
  tensors: readonly SymbolicTensor[],
  borders: ReadonlySet<SymbolicTensor> = new Set(),
): Use[] {
  const found = new Map<Composed, Set<number>>();
  const uses: Use[] = [];
  const open: SymbolicTensor[] = [...tensors];
  while (open.length > 0) {
    const { layer, call, output } = open.pop()!;
    const made = layer.calls[call];
    if (!made?.outputs[output])
      throw new SpecError(layer.config.name, `has no output ${output} of a call ${call}`);
    const calls = found.get(layer) ?? new Set();
    if (calls.has(call) || borders.has(made.outputs[output])) continue;
    found.set(layer, calls.add(call));
    uses.push({ layer, call });
    mapSymbols([made.args, made.kwargs], (tensor) => void open.push(tensor));
  }
  return uses.sort((a, b) => a.layer.calls[a.call]!.order - b.layer.calls[b.call]!.order);
}

/** Whether a value is a symbolic tensor. */
export function isTensor(value: unknown): value is SymbolicTensor {
  return typeof value === 'object' && value !== null && 'layer' in value && 'output' in value;
}

/** A nest of lists and dictionaries with what `of` gives for each symbolic tensor in its place. */
export function mapSymbols(nest: unknown, of: (tensor: SymbolicTensor) => unknown): unknown {
  if (isTensor(nest)) return of(nest);
  if (Array.isArray(nest)) return nest.map((item) => mapSymbols(item, of));
  if (typeof nest !== 'object' || nest === null) return nest;
  return Object.fromEntries(
    Object.entries(nest).map(([key, value]) => [key, mapSymbols(value, of)]),
  );
}

function graphOf(
  ends: NonNullable<Composed['ends']>,
  uses: readonly Use[],
  ids: Map<Composed, string>,
): GraphSpec {
  const numbers = new Map<Composed, Map<number, number>>();
  for (const { layer, call } of uses) {
    const calls = numbers.get(layer) ?? new Map<number, number>();
    numbers.set(layer, calls.set(call, calls.size));
  }
  const ref = ({ layer, call, output }: SymbolicTensor): TensorRef => [
    ids.get(layer)!,
    numbers.get(layer)!.get(call)!,
    output,
  ];
  const calls = uses.map(({ layer, call }): CallSpec => {
    const { args, kwargs } = layer.calls[call]!;
    return {
      layer: ids.get(layer)!,
      args: mapSymbols(args, ref) as CallArgument[],
      ...(Object.keys(kwargs).length > 0 && {
        kwargs: mapSymbols(kwargs, ref) as NonNullable<CallSpec['kwargs']>,
      }),
    };
  });
  return { calls, inputs: ends.inputs.map(ref), outputs: ends.outputs.map(ref) };
}
