import type { Composed, SymbolicTensor } from './compose.ts';
import { SpecError } from './spec.ts';
import type {
  CallArgument,
  CallSpec,
  GraphSpec,
  Json,
  LayerSpec,
  ModelSpec,
  TensorRef,
} from './spec.ts';

/** The spec of composed models and of every layer inside, each once. A layer's id is the first path that leads to it. */
export function toSpec(models: readonly Composed[]): ModelSpec {
  const ids = new Map<Composed, string>();
  const layers: Record<string, LayerSpec> = {};
  const visit = (composed: Composed, id: string) => {
    if (ids.has(composed)) return;
    if (Object.hasOwn(layers, id)) throw new SpecError(id, 'two different layers have this path');
    ids.set(composed, id);
    const { class_name, config } = composed;
    layers[id] = { class_name, config };
    if (!composed.ends) return;
    const calls = callsOf(composed);
    for (const { layer } of calls) visit(layer, `${id}/${layer.config.name}`);
    layers[id] = { class_name, config, graph: graphOf(composed, calls, ids) };
  };
  for (const model of models) visit(model, model.config.name);
  return { version: 1, layers, models: models.map((model) => ids.get(model)!) };
}

interface Use {
  readonly layer: Composed;
  readonly call: number;
}

/** The calls between a model's ends, in the order in which they were made. */
function callsOf({ config, ends }: Composed): Use[] {
  const found = new Map<Composed, Set<number>>();
  const uses: Use[] = [];
  const open: SymbolicTensor[] = [...ends!.outputs, ...ends!.inputs];
  while (open.length > 0) {
    const { layer, call } = open.pop()!;
    const calls = found.get(layer) ?? new Set();
    if (calls.has(call)) continue;
    found.set(layer, calls.add(call));
    uses.push({ layer, call });
    const made = layer.calls[call];
    if (!made) throw new SpecError(config.name, `${layer.config.name} has no call ${call}`);
    open.push(...made.args.flat(), ...Object.values(made.kwargs).flatMap(tensorsIn));
  }
  return uses.sort((a, b) => a.layer.calls[a.call]!.order - b.layer.calls[b.call]!.order);
}

function tensorsIn(value: unknown): SymbolicTensor[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return isTensor(value) ? [value] : [];
}

/** Whether a value is a symbolic tensor. */
export function isTensor(value: unknown): value is SymbolicTensor {
  return typeof value === 'object' && value !== null && 'layer' in value;
}

function graphOf({ ends }: Composed, uses: readonly Use[], ids: Map<Composed, string>): GraphSpec {
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
  const argument = (value: unknown): CallArgument | Json => {
    if (isTensor(value)) return ref(value);
    if (Array.isArray(value) && value.length > 0 && value.every(isTensor)) return value.map(ref);
    return value as Json;
  };
  const calls = uses.map(({ layer, call }): CallSpec => {
    const { args, kwargs } = layer.calls[call]!;
    const named = Object.entries(kwargs).map(([name, value]) => [name, argument(value)] as const);
    return {
      layer: ids.get(layer)!,
      args: args.map((value) => argument(value) as CallArgument),
      ...(named.length > 0 && { kwargs: Object.fromEntries(named) }),
    };
  });
  return { calls, inputs: ends!.inputs.map(ref), outputs: ends!.outputs.map(ref) };
}
