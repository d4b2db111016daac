import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { problemWith, variablesByLayer } from '../keras/variables.ts';
import type { ReadWeights } from '../keras/weights.ts';
import { rules } from './rules.ts';

/**
 * The weights of a tfjs LayersModel for a model's variables: by the names of layer and variable, in the file's order
 * where names repeat.
 */
export function tfjsWeights(spec: ModelSpec, model: LayerId, tensors: NamedTensors): ReadWeights {
  const left = new Map(Object.entries(tensors));
  const values: NamedTensors = {};
  const matched: Record<string, string> = {};
  const [missing, mismatched]: [string[], string[]] = [[], []];
  for (const [layer, variables] of variablesByLayer(spec, model)) {
    const { class_name, config } = layerOf(spec, layer);
    for (const variable of variables) {
      const own = variable.name.split('/').at(-1)!;
      const wanted = [own, rules[class_name]?.weights?.[own] ?? own];
      const found = [...left.keys()].find((full) => {
        const parts = full.replace(/:0$/, '').split('/');
        return wanted.includes(parts.pop()!) && parts.includes(config.name);
      });
      const value = found === undefined ? undefined : left.get(found)!;
      if (value) left.delete(found!);
      const problem = value && problemWith(variable, value);
      if (problem) mismatched.push(problem);
      else if (!value) missing.push(variable.key);
      else {
        values[variable.key] = value;
        matched[variable.key] = found!;
      }
    }
  }
  return { values, report: { matched, missing, mismatched, unused: [...left.keys()] } };
}
