import { fold } from './fold.ts';
import { simpler } from './identities.ts';
import { nodeKey } from './node-key.ts';
import type { Node, Program } from './program.ts';
import type { TensorData } from './tensor.ts';

/** What is named is as it is: two of them are never made one. */
const NAMED: ReadonlySet<string> = new Set(['variable', 'feed', 'random']);

/**
 * A program that gives the same with less work: what can be computed now is, equal work is done once, and what leads
 * to no output and no update is left out. The order stays. Takes time in proportion to the number of operations;
 * done twice, it changes nothing more.
 */
export function optimize(program: Program): Program {
  const nodes: Node[] = [];
  const known = new Map<string, number>();
  const append = (node: Node): number => {
    const key = NAMED.has(node.op) ? null : nodeKey(node.op, node.inputs, node.attrs);
    const same = key === null ? undefined : known.get(key);
    if (same !== undefined) return same;
    if (key !== null) known.set(key, nodes.length);
    return nodes.push(node) - 1;
  };
  const constant = (value: TensorData) =>
    append({
      op: 'constant',
      inputs: [],
      attrs: { value },
      shape: value.shape,
      dtype: value.dtype,
    });
  const constantOf = (id: number): TensorData | null => {
    const node = nodes[id]!;
    return node.op === 'constant' ? node.attrs.value : null;
  };
  const add = (node: Node): number => {
    const inputs = node.inputs.map(constantOf);
    const folded = inputs.every((value) => value !== null) ? fold(node, inputs) : null;
    if (folded) return constant(folded);
    const less = simpler(node, { nodes, constant });
    if (less === null) return append(node);
    return typeof less === 'number' ? less : add(less);
  };
  const renumbered: number[] = [];
  for (const node of program.nodes) {
    const inputs = node.inputs.map((id) => renumbered[id]!);
    renumbered.push(add({ ...node, inputs } as Node));
  }
  return prune(renamed({ ...program, nodes }, renumbered));
}

/** The same program without the operations that lead to no output and no update; the order stays. */
export function prune(program: Program): Program {
  const roots = [...Object.values(program.outputs), ...Object.values(program.updates)];
  const live = new Set(roots);
  for (let id = program.nodes.length - 1; id >= 0; id--)
    if (live.has(id)) for (const input of program.nodes[id]!.inputs) live.add(input);
  const renumbered: number[] = [];
  const nodes: Node[] = [];
  program.nodes.forEach((node, id) => {
    if (!live.has(id)) return;
    renumbered[id] = nodes.length;
    nodes.push({ ...node, inputs: node.inputs.map((input) => renumbered[input]!) } as Node);
  });
  return renamed({ ...program, nodes }, renumbered);
}

/** The program with other numbers for its outputs and updates. */
function renamed({ nodes, outputs, updates }: Program, numbers: readonly number[]): Program {
  const rename = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, id]) => [name, numbers[id]!]));
  return { nodes, outputs: rename(outputs), updates: rename(updates) };
}
