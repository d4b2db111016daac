import { placesOf } from '../../../shared/keras/graph.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import { createOps } from '../../../shared/program/builder.ts';
import type { Program } from '../../../shared/program/program.ts';
import { traceModel, type TracedVariable } from '../../../shared/program/trace.ts';

/** A model that is called, directly or deeper down, by the model that a proof is about. */
export interface Submodel {
  readonly layer: LayerId;
  /** For people: its paths, joined by ` = ` where several lead to it. */
  readonly title: string;
  /** The keys of its variables, as it has them by itself. */
  readonly keys: readonly string[];
  /** A program of the submodel alone that gives its variables, by key. */
  readonly reader: Program;
}

/** Every model inside a model, each once, in the order of their paths. */
export function submodelsOf(spec: ModelSpec, outer: LayerId): Submodel[] {
  return [...pathsBelow(spec, outer)]
    .filter(([layer]) => layer !== outer && layerOf(spec, layer).graph)
    .map(([layer, paths]) => {
      const { variables } = traceModel(spec, layer);
      return {
        layer,
        title: paths.join(' = '),
        keys: variables.map(({ key }) => key),
        reader: readerOf(variables),
      };
    });
}

/** Every path below a model by the layer that it leads to. */
export function pathsBelow(spec: ModelSpec, outer: LayerId): Map<LayerId, string[]> {
  const paths = new Map<LayerId, string[]>();
  for (const { path, layer } of placesOf(spec, [outer]))
    paths.set(layer, [...(paths.get(layer) ?? []), path]);
  return paths;
}

function readerOf(variables: readonly TracedVariable[]): Program {
  const ops = createOps();
  return ops.program(
    Object.fromEntries(
      variables.map(({ key, shape, dtype }) => [key, ops.variable(key, shape, dtype)] as const),
    ),
  );
}
