import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { problemWith, variablesByLayer } from '../keras/variables.ts';
import { rules } from './rules.ts';

/**
 * The weights of a tfjs LayersModel for its variables: by the names of layer and variable, in the file's order where
 * names repeat. Throws an Error that begins with `name` where one does not fit; what is missing is said in `notes`.
 */
export function tfjsWeights(
  spec: ModelSpec,
  model: LayerId,
  tensors: NamedTensors,
  name: string,
  notes: string[],
): NamedTensors {
  const left = new Map(Object.entries(tensors));
  const values: NamedTensors = {};
  for (const [layer, variables] of variablesByLayer(spec, model)) {
    const { class_name, config } = layerOf(spec, layer);
    for (const variable of variables) {
      const own = variable.name.split('/').at(-1)!;
      const wanted = [own, rules[class_name]?.weights?.[own] ?? own];
      const found = [...left.keys()].find((full) => {
        const parts = full.replace(/:0$/, '').split('/');
        return wanted.includes(parts.pop()!) && parts.includes(config.name);
      });
      if (found === undefined) {
        notes.push(`the file has no weights for ${variable.key}`);
        continue;
      }
      const value = left.get(found)!;
      left.delete(found);
      const problem = problemWith(variable, value);
      if (problem) throw new Error(`${name}: ${problem}`);
      values[variable.key] = value;
    }
  }
  for (const unused of left.keys()) notes.push(`${unused} belongs to no layer and is left out`);
  return values;
}
