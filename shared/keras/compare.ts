import { leavesOf, sameLeaf, type Leaf } from '../leaves.ts';
import { placesOf } from './graph.ts';
import { readLayer } from './layers/catalogue.ts';
import { toSnakeCase } from './names.ts';
import { isTrainable, layerOf, SpecError, type LayerId, type ModelSpec } from './spec.ts';
import { layerTree, type TreeNode } from './tree.ts';
import { wiringOf, type Wiring } from './wiring.ts';

/** A model that is compared with others. */
export interface ComparedModel {
  readonly spec: ModelSpec;
  readonly model: LayerId;
}

/** How a model's layer at a path stands to that of the first model. */
export type LayerStanding = 'same' | 'changed' | 'added' | 'removed' | 'absent';

/** One thing about a layer that is not the same in all models that have it. */
export interface LayerChange {
  /**
   * A path in its configuration, `kernel_initializer.seed`, or `class_name`, `params`, `inputs` (what each call takes),
   * `outputs` (what a model gives), `shared_with` (other paths that lead to the layer).
   */
  readonly key: string;
  /** By model; undefined where the model has no such layer, or its layer no such thing. */
  readonly values: readonly (Leaf | undefined)[];
}

/** One row of several architectures laid upon one another: what each has at a path. */
export interface ComparedLayer {
  /** `autoencoder/encoder/conv2d`; it begins with the name of the first model. */
  readonly path: string;
  /** The same without the model's name; '' is the model itself. */
  readonly below: string;
  readonly name: string;
  /** By model; null where it has no layer at this path. */
  readonly nodes: readonly (TreeNode | null)[];
  /** By model, beside the first. The first itself is `same`, or `absent`. */
  readonly standing: readonly LayerStanding[];
  /** What differs in the layer itself; what differs inside a model stands at the layers inside. */
  readonly changes: readonly LayerChange[];
  /** Null where no model has layers inside. */
  readonly children: readonly ComparedLayer[] | null;
}

/**
 * Lays the trees of models upon one another: layers that have the same path below their models stand in one row, in the
 * first model's order, those that it lacks after their neighbours. Layers are the same when their classes, their
 * configurations with Keras's defaults, their parameters, what they are shared with, and what they are called on are
 * the same; a layer that only some models have does not change those around it. Throws a SpecError for a model that has
 * no tree.
 */
export function compareModels(models: readonly ComparedModel[]): ComparedLayer {
  const sides = models.map(sideOf);

  const compare = (
    path: string,
    below: string,
    nodes: Nodes,
    facts: readonly Facts[],
  ): ComparedLayer => {
    const lists = nodes.map((node) => node?.children ?? null);
    const wirings = wiringsOf(sides, nodes, path);
    const all = facts.map((own, i) => ({ ...own, outputs: wirings[i]?.outputs }));
    const children: ComparedLayer[] | null = lists.every((list) => list === null)
      ? null
      : mergedNames(lists).map((name) => {
          const inside = lists.map((list) => list?.find((child) => child.name === name) ?? null);
          const place = below ? `${below}/${name}` : name;
          const known = inside.map((node, i) => ({
            ...factsOf(sides[i]!, node, place),
            inputs: wirings[i]?.inputs.get(name),
          }));
          return compare(`${path}/${name}`, place, inside, known);
        });
    return rowOf(path, below, nodes, all, children);
  };

  const roots = sides.map(({ root }) => root);
  const facts = roots.map((node, i) => factsOf(sides[i]!, node, ''));
  return compare(roots[0]!.name, '', roots, facts);
}

/** Every row, each model before what it holds. */
export function comparedRows(row: ComparedLayer): ComparedLayer[] {
  return [row, ...(row.children ?? []).flatMap(comparedRows)];
}

/** Whether the layer itself is not the same in all models. */
export function differs({ nodes, changes }: ComparedLayer): boolean {
  return changes.length > 0 || nodes.includes(null);
}

type Nodes = readonly (TreeNode | null)[];
type Facts = Readonly<Record<string, Leaf | undefined>>;

/** A model with what comparing asks for. */
interface Side {
  readonly spec: ModelSpec;
  readonly root: TreeNode;
  /** Paths below the root, by layer; and the layer that each leads to. */
  readonly paths: ReadonlyMap<LayerId, readonly string[]>;
  readonly layers: ReadonlyMap<string, LayerId>;
}

function sideOf({ spec, model }: ComparedModel): Side {
  const [root] = layerTree(spec, [model]);
  const paths = new Map<LayerId, string[]>();
  const layers = new Map<string, LayerId>();
  for (const { path, layer } of placesOf(spec, [model])) {
    const below = path.slice(root!.name.length + 1);
    layers.set(below, layer);
    const known = paths.get(layer);
    if (known) known.push(below);
    else paths.set(layer, [below]);
  }
  return { spec, root: root!, paths, layers };
}

/** What is compared of a layer by itself. */
function factsOf(side: Side, node: TreeNode | null, below: string): Facts {
  if (!node) return {};
  const layer = layerOf(side.spec, node.layer);
  const { name: _name, trainable: _trainable, ...given } = layer.config;
  return {
    class_name: node.className,
    ...(isTrainable(layer) ? {} : { trainable: false }),
    ...Object.fromEntries(leavesOf(layer.graph ? {} : { ...given, ...defaultsOf(side, node) })),
    ...(node.children ? {} : { params: node.params }),
    ...sharing(side, node.layer, below),
  };
}

/** The configuration as the layer reads it, with Keras's defaults; of a layer that can't be read, nothing. */
function defaultsOf({ spec }: Side, { layer, path }: TreeNode): object {
  const own = layerOf(spec, layer);
  if (own.class_name === 'InputLayer') return {};
  try {
    return readLayer(own, path).config as object;
  } catch (error) {
    if (error instanceof SpecError) return {};
    throw error;
  }
}

/** The other paths to a layer, but for those that follow from a shared model around it. */
function sharing(side: Side, layer: LayerId, below: string): Facts {
  const around = (path: string) =>
    side.layers.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
  const others = (side.paths.get(layer) ?? []).filter(
    (path) => path !== below && around(path) !== around(below),
  );
  return others.length > 0 ? { shared_with: others } : {};
}

/** How each model's layers at a path are connected, seen through layers that not all of them have. */
function wiringsOf(sides: readonly Side[], nodes: Nodes, path: string): (Wiring | null)[] {
  const there = nodes.flatMap((node) => (node?.children ? [node.children] : []));
  const common = new Set(
    there[0]?.flatMap(({ name }) =>
      there.every((list) => list.some((child) => child.name === name)) ? [name] : [],
    ),
  );
  return nodes.map((node, i) => {
    const { spec } = sides[i]!;
    const graph = node && layerOf(spec, node.layer).graph;
    return graph ? wiringOf(spec, graph, path, common) : null;
  });
}

/** Names of several lists in the first one's order; a name that it lacks comes after the one before it. */
function mergedNames(lists: readonly (readonly TreeNode[] | null)[]): string[] {
  const merged: string[] = [];
  const known = new Set<string>();
  for (const list of lists) {
    let at = 0;
    for (const { name } of list ?? []) {
      if (known.has(name)) {
        at = merged.indexOf(name) + 1;
        continue;
      }
      known.add(name);
      merged.splice(at++, 0, name);
    }
  }
  return merged;
}

function rowOf(
  path: string,
  below: string,
  nodes: Nodes,
  facts: readonly Facts[],
  children: readonly ComparedLayer[] | null,
): ComparedLayer {
  const there = facts.filter((_, i) => nodes[i] !== null);
  const keys = [...new Set(there.flatMap((own) => Object.keys(own)))];
  const changes = keys
    .filter((key) => there.some((own) => !sameValue(own[key], there[0]![key])))
    .map((key) => ({ key, values: facts.map((own) => own[key]) }));
  const standing = nodes.map((node, i): LayerStanding => {
    if (!node) return nodes[0] ? 'removed' : 'absent';
    if (!nodes[0]) return 'added';
    const changed = changes.some(({ values }) => !sameValue(values[i], values[0]));
    return changed ? 'changed' : 'same';
  });
  return {
    path,
    below,
    name: path.slice(path.lastIndexOf('/') + 1),
    nodes,
    standing,
    changes,
    children,
  };
}

/** Keras's objects have names in two forms: `GlorotUniform` is `glorot_uniform`. */
function sameValue(a: Leaf | undefined, b: Leaf | undefined): boolean {
  if (typeof a === 'string' && typeof b === 'string') return toSnakeCase(a) === toSnakeCase(b);
  return sameLeaf(a, b);
}
