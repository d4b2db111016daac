import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { pathsByLayer } from '../../shared/keras/graph.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { problemWith, variablesByLayer } from './keras/variables.ts';
import type { ReadWeights } from './keras/weights.ts';

/**
 * Puts tensors with names onto a model's variables by path. A name fits a variable when it is its key, one of its paths
 * (`autoencoder/encoder/conv2d/kernel`, also without the model, with `.` for `/`, or with Keras's `:0`), or ends one that
 * no other variable ends with. The values are those that fit in shape too.
 */
export function weightsByName(spec: ModelSpec, model: LayerId, tensors: NamedTensors): ReadWeights {
  const variables = [...variablesByLayer(spec, model).values()].flat();
  const paths = pathsByLayer({ ...spec, models: [model] });
  const root = `${layerOf(spec, model).config.name}/`;
  const byEnd = new Map<string, Set<string>>();
  const byPath = new Map<string, string>();
  for (const { key, layer, name } of variables) {
    const own = (paths.get(layer) ?? []).map((path) => `${path}/${name}`);
    for (const path of [key, ...own, ...own.map((path) => path.slice(root.length))])
      byPath.set(simple(path), key);
    for (const path of own)
      for (const end of endsOf(simple(path)))
        byEnd.set(end, (byEnd.get(end) ?? new Set()).add(key));
  }
  const values: NamedTensors = {};
  const matched: Record<string, string> = {};
  const [mismatched, unused]: [string[], string[]] = [[], []];
  const byKey = new Map(variables.map((variable) => [variable.key, variable]));
  for (const [name, value] of Object.entries(tensors)) {
    const wanted = simple(name);
    const ends = byEnd.get(wanted);
    const key = byPath.get(wanted) ?? (ends?.size === 1 ? [...ends][0] : undefined);
    if (key === undefined || Object.hasOwn(matched, key)) {
      unused.push(name);
      continue;
    }
    const problem = problemWith(byKey.get(key)!, value);
    if (problem) mismatched.push(problem);
    else {
      values[key] = value;
      matched[key] = name;
    }
  }
  const missing = variables
    .map(({ key }) => key)
    .filter((key) => !Object.hasOwn(matched, key))
    .filter((key) => !mismatched.some((problem) => problem.startsWith(`${key} `)));
  return { values, report: { matched, missing, mismatched, unused } };
}

/** A name with `/` between its parts and without what Keras 2 and PyTorch add. */
function simple(name: string): string {
  return name.replace(/:0$/, '').replaceAll('.', '/');
}

/** What a path ends with, of two parts and more: a variable's name alone says nothing. */
function endsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(0, -1).map((_, i) => parts.slice(i).join('/'));
}
