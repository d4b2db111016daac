import type { NamedTensors, TensorData } from '../program/tensor.ts';
import { traceModel } from '../program/trace.ts';
import type { ComparedModel } from './compare.ts';
import { placesOf } from './graph.ts';
import { layerOf } from './spec.ts';

/** A model with its weights: at least the model's own, by key. */
export interface WeightedModel extends ComparedModel {
  readonly variables: NamedTensors;
}

/** How far two layers' weights lie apart. */
export interface WeightDistance {
  /** The Euclidean norm of the difference of all weights that both have in the same shape. */
  readonly distance: number;
  /** The distance as a part of the norm of the first model's weights; Infinity where those are all 0 and the others not. */
  readonly relative: number;
  /** How many numbers were compared; a shared variable counts once. */
  readonly params: number;
}

interface Squares {
  readonly difference: number;
  readonly first: number;
  readonly params: number;
}

/**
 * How far the weights of two models lie apart, by path below their roots ('' is the whole model). A model's distance is
 * that of all distinct variables inside it. A path without weights that both have in the same shape is left out. Takes
 * the variables as they are: NaN makes the distance NaN.
 */
export function weightDistances(a: WeightedModel, b: WeightedModel): Map<string, WeightDistance> {
  const [first, second] = [ownVariables(a), ownVariables(b)];
  const squares = new Map<string, Squares>();
  /** By path: the distinct pairs at it and below. */
  const pairs = new Map<string, Set<string>>();
  for (const [below, variables] of first)
    for (const [name, [key, value]] of variables) {
      const [otherKey, other] = second.get(below)?.get(name) ?? [];
      if (!other || String(other.shape) !== String(value.shape)) continue;
      const pair = `${key} ${otherKey}`;
      if (!squares.has(pair)) squares.set(pair, squaresOf(value, other));
      for (const path of upwards(below)) {
        const known = pairs.get(path) ?? new Set();
        pairs.set(path, known.add(pair));
      }
    }
  return new Map([...pairs].map(([path, keys]) => [path, together([...keys], squares)]));
}

/** By path below the root: the variables of the layer there, not of those inside it, by name. */
function ownVariables({ spec, model, variables }: WeightedModel) {
  const root = layerOf(spec, model).config.name;
  const byLayer = new Map<string, Map<string, readonly [key: string, value: TensorData]>>();
  for (const { key, layer, name } of traceModel(spec, model).variables) {
    const value = variables[key];
    if (!value) continue;
    const known = byLayer.get(layer) ?? new Map();
    byLayer.set(layer, known.set(name, [key, value]));
  }
  return new Map(
    placesOf(spec, [model]).flatMap(({ path, layer }) => {
      const own = byLayer.get(layer);
      return own ? [[path.slice(root.length + 1), own] as const] : [];
    }),
  );
}

/** A path and all above it, up to ''. */
function upwards(path: string): string[] {
  const parts = path === '' ? [] : path.split('/');
  return [...parts.map((_, i) => parts.slice(0, i + 1).join('/')), ''];
}

function squaresOf(a: TensorData, b: TensorData): Squares {
  let difference = 0;
  let first = 0;
  for (let i = 0; i < a.data.length; i++) {
    const own = a.data[i]!;
    difference += (own - b.data[i]!) ** 2;
    first += own ** 2;
  }
  return { difference, first, params: a.data.length };
}

function together(keys: readonly string[], squares: ReadonlyMap<string, Squares>): WeightDistance {
  const parts = keys.map((key) => squares.get(key)!);
  const sum = (of: (part: Squares) => number) => parts.reduce((all, part) => all + of(part), 0);
  const distance = Math.sqrt(sum((part) => part.difference));
  return {
    distance,
    relative: distance === 0 ? 0 : distance / Math.sqrt(sum((part) => part.first)),
    params: sum((part) => part.params),
  };
}
