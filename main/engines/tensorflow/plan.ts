import type { Node, Program } from '../../../shared/program/program.ts';

/** A node to run, and the values that nobody needs after it. */
export interface PlannedNode {
  readonly id: number;
  readonly node: Node;
  readonly release: readonly number[];
}

/**
 * The nodes that outputs and updates need, in order; each with the values whose last use it is.
 * What is an output or an update itself is never released.
 */
export function planProgram({ nodes, outputs, updates }: Program): PlannedNode[] {
  const results = new Set([...Object.values(outputs), ...Object.values(updates)]);
  const needed = new Set(results);
  for (let id = nodes.length - 1; id >= 0; id--)
    if (needed.has(id)) for (const input of inputsOf(nodes[id]!)) needed.add(input);

  const released = new Set(results);
  const plan: PlannedNode[] = [];
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!needed.has(id)) continue;
    const node = nodes[id]!;
    const release = [...new Set(inputsOf(node))].filter((input) => !released.has(input));
    for (const input of release) released.add(input);
    plan.push({ id, node, release });
  }
  return plan.reverse();
}

/** The run brings a random tensor whole, so that what it is shaped like isn't computed for it. */
function inputsOf(node: Node): readonly number[] {
  return node.op === 'random' ? [] : node.inputs;
}
