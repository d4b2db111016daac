import { traceModel } from '../program/trace.ts';
import { layerAt, layersInside } from './graph.ts';
import {
  layerOf,
  mapTensors,
  SpecError,
  type CallSpec,
  type GraphSpec,
  type LayerId,
  type LayerSpec,
  type ModelSpec,
  type TensorRef,
} from './spec.ts';

/** Where a model goes: in the place of a layer, behind one, or beside the models that there are. */
export type Where =
  { readonly as: 'replace' | 'after'; readonly path: string } | { readonly as: 'beside' };

/** A spec with a model of another in it. */
export interface Grafted {
  readonly spec: ModelSpec;
  readonly model: LayerId;
  /** By the key of each of the model's variables: the key that it has where the model comes from. */
  readonly keys: Readonly<Record<string, string>>;
}

/**
 * Puts a model of one spec into another, where its ends fit: it takes what the layer there takes, and gives what the
 * layers behind it need. A layer that is called several times is replaced at each call, so that what was shared stays
 * so. What no model needs any more is left out. Throws a SpecError that says what does not fit.
 */
export function graft(target: ModelSpec, where: Where, source: ModelSpec, model: LayerId): Grafted {
  if (!layerOf(source, model).graph)
    throw new SpecError(model, `expected a model; got ${layerOf(source, model).class_name}`);
  const ids = freshIds(target, source, model);
  const own = ids.get(model)!;
  const layers = { ...target.layers, ...copies(source, ids) };
  const placed =
    where.as === 'beside'
      ? named({ ...target, layers, models: [own, ...target.models] }, own, target.models)
      : inside({ ...target, layers }, where, own);
  const spec = withoutUnused(placed);
  for (const one of spec.models) traceModel(spec, one);
  const keys = traceModel(source, model).variables.map(({ key, layer }) => [
    ids.get(layer)! + key.slice(layer.length),
    key,
  ]);
  return { spec, model: own, keys: Object.fromEntries(keys) as Record<string, string> };
}

/** Ids for a model's layers that the target does not have yet. */
function freshIds(target: ModelSpec, source: ModelSpec, model: LayerId): Map<LayerId, LayerId> {
  const taken = new Set(Object.keys(target.layers));
  const ids = new Map<LayerId, LayerId>();
  for (const id of layersInside(source, model)) {
    let free = id;
    for (let i = 1; taken.has(free); i++) free = `${id}_${i}`;
    taken.add(free);
    ids.set(id, free);
  }
  return ids;
}

function copies(source: ModelSpec, ids: ReadonlyMap<LayerId, LayerId>) {
  const moved = ([layer, call, output]: TensorRef): TensorRef => [ids.get(layer)!, call, output];
  const entries = [...ids].map(([id, to]) => {
    const { graph, wraps, ...layer } = layerOf(source, id);
    const copy: LayerSpec = {
      ...layer,
      ...(graph && {
        graph: mapGraph(graph, moved, (call) => ({ ...call, layer: ids.get(call.layer)! })),
      }),
      ...(wraps && {
        wraps: Object.fromEntries(
          Object.entries(wraps).map(([role, one]) => [role, ids.get(one)!]),
        ),
      }),
    };
    return [to, copy] as const;
  });
  return Object.fromEntries(entries);
}

/** The spec with a model in the place of a layer of another model, or behind it. */
function inside(
  spec: ModelSpec,
  { as, path }: Extract<Where, { path: string }>,
  own: LayerId,
): ModelSpec {
  const parts = path.split('/');
  if (parts.length < 2)
    throw new SpecError(path, 'stands in no other model; expected a layer inside one');
  const parent = layerAt(spec, parts.slice(0, -1).join('/'));
  const before = layerAt(spec, path);
  const { graph } = layerOf(spec, parent);
  if (!graph) throw new SpecError(path, 'is wrapped; expected a layer that a model calls');
  if (as === 'replace' && layerOf(spec, before).class_name === 'InputLayer')
    throw new SpecError(path, 'is an input; put the model behind it');
  const changed = as === 'replace' ? replaced(graph, before, own) : behind(graph, before, own);
  const layers = { ...spec.layers, [parent]: { ...layerOf(spec, parent), graph: changed } };
  const siblings = [...new Set(changed.calls.map(({ layer }) => layer))];
  const models =
    as === 'replace'
      ? spec.models.map((one) => (one === before && isInside(spec, before) ? own : one))
      : spec.models;
  return named({ ...spec, layers, models }, own, siblings);
}

function replaced(graph: GraphSpec, before: LayerId, own: LayerId): GraphSpec {
  return mapGraph(
    graph,
    ([layer, call, output]) => [layer === before ? own : layer, call, output],
    (call) => {
      if (call.layer !== before) return call;
      const { args } = call;
      return { layer: own, args };
    },
  );
}

function behind(graph: GraphSpec, before: LayerId, own: LayerId): GraphSpec {
  const moved = (ref: TensorRef): TensorRef => (ref[0] === before ? [own, ref[1], ref[2]] : ref);
  const { calls, outputs } = mapGraph(graph, moved, (call) => call);
  let made = 0;
  return {
    inputs: graph.inputs,
    outputs,
    calls: calls.flatMap((call) =>
      call.layer === before
        ? [call, { layer: own, args: [[before, made++, 0] as TensorRef] }]
        : [call],
    ),
  };
}

/** The layer with a name that none of its siblings has. */
function named(spec: ModelSpec, own: LayerId, siblings: readonly LayerId[]): ModelSpec {
  const taken = new Set(
    siblings.filter((one) => one !== own).map((one) => layerOf(spec, one).config.name),
  );
  const layer = layerOf(spec, own);
  const { name } = layer.config;
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
  if (free === name) return spec;
  return {
    ...spec,
    layers: { ...spec.layers, [own]: { ...layer, config: { ...layer.config, name: free } } },
  };
}

/** Whether another model of the spec has the layer inside. */
function isInside(spec: ModelSpec, layer: LayerId): boolean {
  return spec.models.some((one) => one !== layer && layersInside(spec, one).includes(layer));
}

/** The spec with only those layers that its models are made of. */
function withoutUnused(spec: ModelSpec): ModelSpec {
  const used = new Set(spec.models.flatMap((model) => layersInside(spec, model)));
  const layers = Object.entries(spec.layers).filter(([id]) => used.has(id));
  return { ...spec, layers: Object.fromEntries(layers) };
}

/** A graph with other tensors in the place of each, and other calls. */
function mapGraph(
  { calls, inputs, outputs }: GraphSpec,
  tensor: (ref: TensorRef) => TensorRef,
  call: (call: CallSpec) => CallSpec,
): GraphSpec {
  return {
    calls: calls.map((one) => {
      const { layer, args, kwargs } = call(one);
      return {
        layer,
        args: args.map((argument) => mapTensors(argument, tensor)) as unknown as CallSpec['args'],
        ...(kwargs && {
          kwargs: Object.fromEntries(
            Object.entries(kwargs).map(([name, value]) => [name, mapTensors(value, tensor)]),
          ) as NonNullable<CallSpec['kwargs']>,
        }),
      };
    }),
    inputs: inputs.map(tensor),
    outputs: outputs.map(tensor),
  };
}
