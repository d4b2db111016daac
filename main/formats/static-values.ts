import { interpret, notInterpreted } from '../../shared/program/interpreter/interpret.ts';
import { prune } from '../../shared/program/optimize.ts';
import type { Node, Program } from '../../shared/program/program.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';

/**
 * The program with constants in the place of variables and of all that is computed from weights and known sizes alone.
 * Variables that are taken as they are keep their names beside it.
 */
export function withConstants(program: Program, variables: NamedTensors): Program {
  const isStatic: boolean[] = [];
  program.nodes.forEach(({ op, inputs, shape }, id) => {
    const known = op !== 'feed' && op !== 'random' && inputs.every((input) => isStatic[input]);
    isStatic[id] = known || (op === 'positions' && !shape.includes(null));
  });
  const wanted = new Set<number>();
  program.nodes.forEach(({ inputs }, id) => {
    if (!isStatic[id]) for (const input of inputs) if (isStatic[input]) wanted.add(input);
  });
  for (const id of Object.values(program.outputs)) if (isStatic[id]) wanted.add(id);
  const nodes = program.nodes.map((node): Node => {
    if (node.op !== 'positions' || node.shape.includes(null)) return node;
    const data = Int32Array.from({ length: node.shape[0]! }, (_, i) => i);
    return constantNode(node, { shape: node.shape as number[], dtype: 'int32', data });
  });
  const outputs = Object.fromEntries([...wanted].map((id) => [String(id), id]));
  const part = prune({ nodes, outputs, updates: {} });
  const missing = notInterpreted(part);
  if (missing.length > 0) throw new Error(`its weights are computed by ${missing.join(', ')}`);
  const values = interpret(part, variables, {});
  return prune({
    ...program,
    nodes: nodes.map((node, id) =>
      wanted.has(id) ? constantNode(node, values[String(id)]!) : node,
    ),
  });
}

function constantNode({ shape, dtype }: Node, value: NamedTensors[string]): Node {
  return { op: 'constant', inputs: [], attrs: { value }, shape, dtype };
}
