import type { NamedTensors } from '../../../shared/program/tensor.ts';

/** Whether a variable belongs to the model, not to the optimizer. */
export function isModelWeight(key: string): boolean {
  return !key.startsWith('optimizer/');
}

/** The name under which the state of callback `index` holds a weight that it keeps. */
export function bestKey(index: number, key: string): string {
  return `callbacks/${index}/${key}`;
}

/** The weights that callback `index` keeps, by the names of the variables; null where it keeps none. */
export function bestWeights(tensors: NamedTensors, index: number): NamedTensors | null {
  const prefix = bestKey(index, '');
  const found = Object.entries(tensors)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value] as const);
  return found.length > 0 ? Object.fromEntries(found) : null;
}
