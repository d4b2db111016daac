import type { Node, Program } from './program.ts';

/** The same program without the operations that lead to no output and no update; the order stays. */
export function prune(program: Program): Program {
  const roots = [...Object.values(program.outputs), ...Object.values(program.updates)];
  const live = new Set(roots);
  for (let id = program.nodes.length - 1; id >= 0; id--)
    if (live.has(id)) for (const input of program.nodes[id]!.inputs) live.add(input);
  const renumbered = new Map<number, number>();
  const nodes: Node[] = [];
  program.nodes.forEach((node, id) => {
    if (!live.has(id)) return;
    renumbered.set(id, nodes.length);
    nodes.push({ ...node, inputs: node.inputs.map((input) => renumbered.get(input)!) } as Node);
  });
  const rename = (values: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(values).map(([name, id]) => [name, renumbered.get(id)!]));
  return { nodes, outputs: rename(program.outputs), updates: rename(program.updates) };
}
