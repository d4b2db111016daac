import { pathsByLayer } from '../../../shared/keras/graph.ts';
import {
  layerOf,
  mapTensors,
  type GraphSpec,
  type LayerId,
  type LayerSpec,
  type ModelSpec,
  type TensorRef,
} from '../../../shared/keras/spec.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import type { ModelFile } from '../model-file.ts';
import { variablesByLayer } from './variables.ts';

/** The layers with variables inside a model that several paths lead to, with these paths. */
export function sharedPaths(spec: ModelSpec, model: LayerId): (readonly string[])[] {
  const variables = variablesByLayer(spec, model);
  return [...pathsByLayer({ ...spec, models: [model] })]
    .filter(([layer, paths]) => paths.length > 1 && variables.has(layer))
    .map(([, paths]) => paths);
}

/**
 * The model with a layer of its own at every path, for formats in which models can't share: what several paths led to
 * has equal values at each. A model without such layers comes back as it is.
 */
export function unshared(file: ModelFile): ModelFile {
  const { spec, model, values, training } = file;
  const places = pathsByLayer({ ...spec, models: [model] });
  if ([...places.values()].every((paths) => paths.length === 1)) return file;
  const layers: Record<LayerId, LayerSpec> = {};
  /** The layers of the file that each layer became. */
  const copies = new Map<LayerId, LayerId[]>();
  const copy = (layer: LayerId, wanted: LayerId): LayerId => {
    const id = Object.hasOwn(layers, wanted)
      ? `${wanted}~${copies.get(layer)?.length ?? 0}`
      : wanted;
    copies.set(layer, [...(copies.get(layer) ?? []), id]);
    const own = layerOf(spec, layer);
    layers[id] = own;
    const inside = new Map<LayerId, LayerId>();
    const inner = (child: LayerId) => {
      const known = inside.get(child) ?? copy(child, `${id}/${layerOf(spec, child).config.name}`);
      inside.set(child, known);
      return known;
    };
    layers[id] = {
      ...own,
      ...(own.graph && { graph: renamed(own.graph, inner) }),
      ...(own.wraps && {
        wraps: Object.fromEntries(
          Object.entries(own.wraps).map(([role, one]) => [role, inner(one)]),
        ),
      }),
    };
    return id;
  };
  const top = copy(model, model);
  const keys = new Map<string, string[]>();
  for (const [layer, variables] of variablesByLayer(spec, model))
    for (const { key, name } of variables)
      keys.set(
        key,
        copies.get(layer)!.map((id) => `${id}/${name}`),
      );
  return {
    spec: { version: 1, layers, models: [top] },
    model: top,
    values: spread(values, (key) => keys.get(key) ?? [key]),
    ...(training && {
      training: {
        ...training,
        ...(training.optimizer && { optimizer: spread(training.optimizer, slotsOf(keys)) }),
      },
    }),
  };
}

function renamed(graph: GraphSpec, inner: (layer: LayerId) => LayerId): GraphSpec {
  const ref = ([layer, ...rest]: TensorRef): TensorRef => [inner(layer), ...rest];
  return {
    calls: graph.calls.map(({ layer, args, kwargs }) => ({
      layer: inner(layer),
      args: args.map((argument) => mapTensors(argument, ref)) as never,
      ...(kwargs && {
        kwargs: Object.fromEntries(
          Object.entries(kwargs).map(([key, value]) => [key, mapTensors(value, ref)]),
        ) as never,
      }),
    })),
    inputs: graph.inputs.map(ref),
    outputs: graph.outputs.map(ref),
  };
}

/** `optimizer/<variable>/<slot>` for each copy of the variable. */
function slotsOf(keys: ReadonlyMap<string, readonly string[]>) {
  return (key: string): string[] => {
    const [, variable, slot] = /^optimizer\/(.+)\/([^/]+)$/.exec(key) ?? [];
    const copies = variable === undefined ? undefined : keys.get(variable);
    return copies ? copies.map((one) => `optimizer/${one}/${slot}`) : [key];
  };
}

function spread(values: NamedTensors, to: (key: string) => readonly string[]): NamedTensors {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => to(key).map((copy) => [copy, value])),
  );
}
