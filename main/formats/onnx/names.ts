import type { OnnxModel } from '../../engines/onnx/model.ts';

/**
 * The graph with other names for some values. Names that the graph made itself give way: they get a `/` before them
 * wherever they are among the wanted ones.
 */
export function renamed(model: OnnxModel, wanted: ReadonlyMap<string, string>): OnnxModel {
  const taken = new Set(wanted.values());
  const given = new Map(wanted);
  const nameOf = (old: string): string => {
    if (old === '') return old;
    const known = given.get(old);
    if (known !== undefined) return known;
    let name = old;
    while (taken.has(name)) name = `/${name}`;
    taken.add(name);
    given.set(old, name);
    return name;
  };
  const port = <P extends { readonly name: string }>(of: P): P => ({
    ...of,
    name: nameOf(of.name),
  });
  return {
    nodes: model.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
    })),
    initializers: Object.fromEntries(
      Object.entries(model.initializers).map(([name, value]) => [nameOf(name), value]),
    ),
    inputs: model.inputs.map(port),
    outputs: model.outputs.map(port),
    values: model.values.map(port),
  };
}
