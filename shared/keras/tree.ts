import { sizeOf, type Shape } from '../program/tensor.ts';
import type { TracedVariable } from '../program/trace.ts';
import { callPositions, layersIn, layersInside, orderGraph, pathsByLayer } from './graph.ts';
import { inferGraph, trainedLayers, type InferredGraph } from './infer.ts';
import { isTrainable, layerOf } from './spec.ts';
import type { GraphSpec, LayerId, LayerSpec, ModelSpec } from './spec.ts';

/** One row of the layer tree: a layer at one path. */
export interface TreeNode {
  /** `autoencoder/encoder/conv2d_2`: unique in the tree. */
  readonly path: string;
  readonly layer: LayerId;
  readonly name: string;
  /** Keras's class; models are `Functional` or `Sequential`. */
  readonly className: string;
  /** Shapes of the outputs of the first call; null where the layer has no valid input yet. */
  readonly outputShapes: readonly Shape[] | null;
  /** Distinct parameters of the layer and everything inside. */
  readonly params: number;
  readonly trainableParams: number;
  /** Whether all, none or some of what is inside is trained. A layer without variables counts by its own setting. */
  readonly trainable: boolean | 'mixed';
  /** Every path in the whole spec that leads to this layer, this one included; more than one means shared. */
  readonly paths: readonly string[];
  /** How often the model above calls it. */
  readonly calls: number;
  /** What a model is made of, in Keras's order, or what a wrapper wraps; null for a plain layer. */
  readonly children: readonly TreeNode[] | null;
}

/**
 * The trees of the spec's models (all of `spec.models`, or the ones named). A call that is not valid leaves rows
 * without shapes, no more. Throws a SpecError when a graph has no order, a model contains itself, or names repeat.
 */
export function layerTree(spec: ModelSpec, models: readonly LayerId[] = spec.models): TreeNode[] {
  const paths = pathsByLayer(spec);
  const inferred = new Map<GraphSpec, InferredGraph>();
  /** Keys of the variables that training may move, where nothing above is frozen. */
  const movable = new Set<string>();
  const infer = (graph: GraphSpec, path: string) => {
    const known = inferred.get(graph);
    if (known) return known;
    const fresh = inferGraph(spec, graph, path);
    inferred.set(graph, fresh);
    for (const variables of fresh.variables.values())
      for (const { key, trainable } of variables) if (trainable) movable.add(key);
    return fresh;
  };

  const treeOf = (model: LayerId): TreeNode => {
    const trained = trainedLayers(spec, model);

    const node = (layer: LayerId, path: string, use: Use): TreeNode => {
      const { class_name, config, graph, wraps } = layerOf(spec, layer);
      const wrapped = wraps ? layersIn(spec, layer, path) : null;
      const children = graph
        ? childrenOf(graph, path)
        : (wrapped?.map((child) => wrappedIn(use, child, path)) ?? null);
      const own = use.variables.filter((one) => movable.has(one.key) && trained.has(one.layer));
      return {
        path,
        layer,
        name: config.name,
        className: class_name,
        outputShapes: use.shapes,
        params: sizeOfAll(use.variables),
        trainableParams: sizeOfAll(own),
        trainable: children
          ? together(children, layerOf(spec, layer))
          : use.variables.length > 0
            ? trained.has(layer)
            : isTrainable(layerOf(spec, layer)),
        paths: paths.get(layer) ?? [path],
        calls: use.calls,
        children,
      };
    };

    const wrappedIn = (wrapper: Use, layer: LayerId, path: string): TreeNode => {
      const within = new Set(layersInside(spec, layer));
      return node(layer, `${path}/${layerOf(spec, layer).config.name}`, {
        shapes: wrapper.wrapped.get(layer) ?? null,
        wrapped: wrapper.wrapped,
        variables: wrapper.variables.filter((one) => within.has(one.layer)),
        calls: 1,
      });
    };

    const childrenOf = (graph: GraphSpec, path: string): TreeNode[] => {
      const positions = callPositions(graph);
      const { outputs, wrapped, variables } = infer(graph, path);
      const { calls, layers } = orderGraph(spec, graph, path);
      const needed = new Set(calls);
      return layers.map((layer) => {
        const own = positions.get(layer)!;
        const first = own.find((at) => outputs[at]);
        return node(layer, `${path}/${layerOf(spec, layer).config.name}`, {
          shapes: first === undefined ? null : outputs[first]!.map((type) => type.shape),
          wrapped,
          variables: variables.get(layer) ?? [],
          calls: own.filter((at) => needed.has(at)).length,
        });
      });
    };

    const { config, graph } = layerOf(spec, model);
    const whole = graph ? wholeModel(spec, graph, infer(graph, config.name)) : null;
    return node(
      model,
      config.name,
      whole ?? { shapes: null, wrapped: new Map(), variables: [], calls: 0 },
    );
  };
  return models.map(treeOf);
}

/** How a model uses one of its layers. */
interface Use {
  readonly shapes: readonly Shape[] | null;
  /** Shapes of what layers in wrappers give. */
  readonly wrapped: InferredGraph['wrapped'];
  readonly variables: readonly TracedVariable[];
  readonly calls: number;
}

/** A model by itself: the shapes of its outputs, and the variables of all that it calls, each once. */
function wholeModel(
  spec: ModelSpec,
  graph: GraphSpec,
  { outputs, wrapped, variables }: InferredGraph,
): Use {
  const positions = callPositions(graph);
  const shapes = graph.outputs.map(
    ([layer, call, output]) => outputs[positions.get(layer)![call]!]?.[output]?.shape,
  );
  const distinct = new Map([...variables.values()].flat().map((one) => [one.key, one]));
  return {
    shapes: shapes.every((shape) => shape !== undefined) ? shapes : null,
    wrapped,
    variables: [...distinct.values()],
    calls: 0,
  };
}

function sizeOfAll(variables: readonly TracedVariable[]): number {
  return variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Of a model: what its layers with variables have in common. */
function together(children: readonly TreeNode[], layer: LayerSpec): boolean | 'mixed' {
  const [first, ...others] = children.filter(({ params }) => params > 0);
  if (!first) return isTrainable(layer);
  return others.every(({ trainable }) => trainable === first.trainable) ? first.trainable : 'mixed';
}
